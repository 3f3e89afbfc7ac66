"""Who may do what in Redis: the rules of the users that Redis itself enforces (ACL, Redis 7 and Valkey). Pure.

An application's user reads one environment, listens to its releases and writes its receipts there; nothing else. Keys
and channels are those of docs/delivery-protocol.md. A right that only part of the keys takes is in a selector of its own
(the parentheses): the user may run `SET` on receipts alone, and publish to the receipts' channel alone.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from promptops_server.delivery.layout import Names

SERVER_USER = "promptops-server"
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

# What every client sends to begin with; `cluster|…` and `command` are how a cluster's client finds its way.
_HELLO = (
    "+hello", "+auth", "+ping", "+select", "+client|setname", "+client|setinfo",
    "+cluster|slots", "+command",
)  # fmt: skip
_APPLICATION = ("+hmget", "+hgetall", "+subscribe", "+unsubscribe")
_SERVER = (
    "+hget", "+hmget", "+hgetall", "+hlen", "+hset", "+hdel", "+get", "+pttl", "+exists", "+expire",
    "+persist", "+rename", "+del", "+unlink", "+scan", "+eval", "+evalsha", "+publish",
    "+psubscribe", "+punsubscribe", "+info", "+acl|whoami", "+cluster|info",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RedisUser:
    """A user and its rules, beginning with `reset`, so that setting them twice changes nothing."""

    name: str
    rules: tuple[str, ...]

    @property
    def line(self) -> str:
        """As an aclfile or `redis.conf` has it, without the `reset` that only ACL SETUSER knows."""
        return " ".join(("user", self.name, *self.rules[1:]))


def check_user_name(name: str) -> str:
    """Raises ValueError for what is no name."""
    if not _USER.fullmatch(name) or name == "default":
        raise ValueError(
            f"{name!r} is no name for a user of Redis: letters, digits, dot, dash and underscore, not default"
        )
    return name


def application_user_name(project: str, environment: str) -> str:
    """The name when none is given."""
    return f"promptops.{project}.{environment}"


def application_user(name: str, password: str, project: str, environment: str) -> RedisUser:
    """Whoever follows one environment."""
    names = Names.of(project, environment)
    return RedisUser(
        check_user_name(name),
        (
            *_beginning(password),
            f"%R~{names.state}",
            f"%R~{names.log}",
            f"%R~{names.entries('*')}",
            f"%R~{names.artifacts('*')}",
            f"&{names.nudge}",
            *_HELLO,
            *_APPLICATION,
            f"(resetchannels %W~{names.prefix}receipt:* +set)",
            f"(resetchannels &{names.prefix}receipts +publish)",
        ),
    )


def server_user(name: str, password: str) -> RedisUser:
    """The servers and workers of an installation: all its environments, no settings, no other keys."""
    every = Names("promptops:{*}:")
    return RedisUser(
        check_user_name(name),
        (
            *_beginning(password),
            f"~{every.prefix}*",
            f"&{every.nudge}",
            f"&{every.prefix}receipts",
            *_HELLO,
            *_SERVER,
        ),
    )


def _beginning(password: str) -> tuple[str, ...]:
    digest = hashlib.sha256(password.encode()).hexdigest()
    return ("reset", "on", f"#{digest}", "resetchannels", "-@all")
