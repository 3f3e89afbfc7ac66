"""The atomic scripts over Redis. Each changes something only if Redis is still where its caller saw it.

The position a caller saw is four texts: epoch, release, statement hash, generation (empty texts when there was no
state). A script that finds something else changes nothing and answers what it found.
"""

from __future__ import annotations

import hashlib
from typing import Any

import redis


class Script:
    """One script, called by its SHA-1; sent in full when the server does not know it (yet, or after a restart)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, client: redis.Redis, keys: list[str], args: list[Any]) -> Any:
        """Run it. Raises `redis.RedisError`."""
        try:
            return client.evalsha(self.sha, len(keys), *keys, *args)
        except redis.exceptions.NoScriptError:
            return client.eval(self.text, len(keys), *keys, *args)


_SEEN = """
local seen = redis.call('HMGET', KEYS[1], 'epoch', 'release', 'hash', 'generation')
for i = 1, 4 do seen[i] = seen[i] or '' end
for i = 1, 4 do if seen[i] ~= ARGV[i] then return seen end end
"""

APPLY = Script(
    _SEEN
    + """
-- KEYS state entries artifacts log
-- ARGV 5 entries before | 6 epoch 7 release 8 hash 9 header 10 as_of | 11 log field 12 log field to forget
--      13 channel 14 nudge | 15 entries to set 16 to remove 17 artifacts to set | then those
if redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[5]) then return {'damaged'} end
local at = 18
for _ = 1, tonumber(ARGV[17]) do
  redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 1]); at = at + 2
end
for _ = 1, tonumber(ARGV[15]) do
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1]); at = at + 2
end
for _ = 1, tonumber(ARGV[16]) do
  redis.call('HDEL', KEYS[2], ARGV[at]); at = at + 1
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[6], 'release', ARGV[7], 'hash', ARGV[8], 'header', ARGV[9], 'as_of', ARGV[10])
redis.call('HSET', KEYS[4], ARGV[11], ARGV[9])
if ARGV[12] ~= '' then redis.call('HDEL', KEYS[4], ARGV[12]) end
redis.call('PUBLISH', ARGV[13], ARGV[14])
return 1
"""
)
"""One release onto the one before it."""

PUT_ARTIFACTS = Script(
    """
-- KEYS state artifacts   ARGV 1 generation, then digest and text in turn
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1
"""
)
"""Artifacts of a large release, ahead of it; only while the generation lives, so that no dead one is revived."""

FLIP = Script(
    _SEEN
    + """
-- KEYS state | new entries, new artifacts, new log | log | old entries, old artifacts
-- ARGV 5 entries expected 6 artifacts expected | 7 epoch 8 release 9 hash 10 header 11 as_of 12 generation
--      13 channel 14 nudge
if redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[5]) then return {'incomplete'} end
if redis.call('HLEN', KEYS[3]) ~= tonumber(ARGV[6]) then return {'incomplete'} end
redis.call('PERSIST', KEYS[2])
redis.call('PERSIST', KEYS[3])
redis.call('DEL', KEYS[1], KEYS[5])
if redis.call('EXISTS', KEYS[4]) == 1 then
  redis.call('PERSIST', KEYS[4])
  redis.call('RENAME', KEYS[4], KEYS[5])
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[7], 'release', ARGV[8], 'hash', ARGV[9], 'header', ARGV[10],
  'as_of', ARGV[11], 'generation', ARGV[12])
redis.call('UNLINK', KEYS[6], KEYS[7])
redis.call('PUBLISH', ARGV[13], ARGV[14])
return 1
"""
)
"""A generation built beside the old one becomes the state, at once."""

VOUCH = Script(
    _SEEN
    + """
-- KEYS state log   ARGV 5 header 6 as_of 7 log field 8 channel 9 nudge
local held = redis.call('HGET', KEYS[1], 'as_of') or ''
if held >= ARGV[6] then return 0 end
redis.call('HSET', KEYS[1], 'header', ARGV[5], 'as_of', ARGV[6])
redis.call('HSET', KEYS[2], ARGV[7], ARGV[5])
redis.call('PUBLISH', ARGV[8], ARGV[9])
return 1
"""
)
"""A newer `as_of` for the head that Redis holds."""

PACE = Script(
    """
-- KEYS state | ARGV 1 milliseconds. Where there is no state there is nobody to tell.
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'pace_ms', ARGV[1]) end
return 1
"""
)
"""Over how long followers spread their reports."""
