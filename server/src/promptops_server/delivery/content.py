"""Is what Redis holds of an environment, text by text, what was signed? The counts that are looked at every few seconds
do not show a text that somebody replaced. Reads a whole environment, so it is asked seldom, or when followers refuse.
"""

from __future__ import annotations

import json

import redis

from promptops.delivery.entries import EntryTree
from promptops.delivery.header import LIVE, Header, digest_of, parse_entry
from promptops.errors import InvalidHeader
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.layout import Names

_BATCH = 200


def what_is_wrong(client: redis.Redis, names: Names, head: Header, keys: Keys) -> str | None:
    """In words what differs from the head that SQL holds; None when nothing does, or Redis moved on meanwhile.

    Raises:
        redis.RedisError: Redis did not answer.
    """
    found = client.hmget(names.state, ["header", "generation", "hash"])
    text, generation, hash_ = (str(one or "") for one in found)
    if hash_ != head.hash:
        return None  # the ordinary comparison sees that
    try:
        header = Header.from_json(text)
    except InvalidHeader:
        return "its header cannot be read"
    if header.statement_text != head.statement_text:
        return "its header says something else"
    if not keys.signed_here(header):
        return None if header.key_id in keys.revoked() else "its header has a wrong signature"
    try:
        entries = [
            parse_entry(json.loads(entry))
            for entry in client.hgetall(names.entries(generation)).values()
        ]
        tree = EntryTree.of(entries)
    except (InvalidHeader, ValueError, RecursionError):
        return "its list of prompts cannot be read"
    if (tree.root, tree.count) != (head.statement.root, head.statement.count):
        return "its list of prompts is not the signed one"
    digests = list({entry.digest: entry.path for entry in entries if entry.state == LIVE}.items())
    for at in range(0, len(digests), _BATCH):
        part = digests[at : at + _BATCH]
        texts = client.hmget(names.artifacts(generation), [digest for digest, _ in part])
        for (digest, path), content in zip(part, texts, strict=True):
            if content is None or digest_of(str(content)) != digest:
                return f"the text of {path} is {'missing' if content is None else 'another'}"
    return None
