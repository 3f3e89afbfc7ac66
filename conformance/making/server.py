"""A server on paper: what it signs and says, with keys and times that are the same each time."""

from __future__ import annotations

import base64
import copy
import dataclasses
import hashlib
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from promptops.delivery import header as h
from promptops.delivery import trust
from promptops.delivery.entries import EntryTree

PROJECT, ENVIRONMENT = "retail-bank", "production"
TRIAGE, LETTER = "claims/triage", "letters/summary"

Case = dict[str, Any]
CASES: dict[str, Callable[[], Case]] = {}


def case(make: Callable[[], Case]) -> Callable[[], Case]:
    """The function's name is the case's; its docstring says what it is about."""
    CASES[make.__name__.replace("_", "-")] = make
    return make


def key(name: str) -> Ed25519PrivateKey:
    """A signing key that is the same each time."""
    return Ed25519PrivateKey.from_private_bytes(
        hashlib.sha256(f"conformance {name}".encode()).digest()
    )


def public(private: Ed25519PrivateKey) -> str:
    return base64.b64encode(private.public_key().public_bytes_raw()).decode()


def listed(private: Ed25519PrivateKey, by: Ed25519PrivateKey | None = None) -> dict[str, Any]:
    """A key as the server's key document lists it."""
    raw = private.public_key().public_bytes_raw()
    return {
        "key_id": h.key_id_of(raw),
        "algorithm": "ed25519",
        "public": public(private),
        "created_at": "2026-01-02T03:00:00.000000Z",
        "signed_by": None if by is None else h.key_id_of(by.public_key().public_bytes_raw()),
        "signature": None if by is None else trust.sign_key(by, raw),
    }


def revoked(private: Ed25519PrivateKey, by: Ed25519PrivateKey) -> dict[str, Any]:
    """The same of a key that was taken back on the word of another."""
    entry = listed(private)
    at = "2026-01-02T03:00:01.000000Z"
    return {
        **entry,
        "revoked_at": at,
        "revoked_by": h.key_id_of(by.public_key().public_bytes_raw()),
        "revocation": trust.sign_revocation(by, entry["key_id"], at),
    }


def artifact(path: str, version: int, text: str, **members: Any) -> str:
    """An artifact's exact text."""
    return json.dumps(
        {
            "project": PROJECT, "path": path, "version": version, "commit": "c0ffee0", "behaviour": "",
            "template": "plain", "model": None, "messages": [{"role": "user", "content": text}], "parameters": {},
            "tools": [], "responseFormat": None, "jsonSchema": None, "inputs": {}, "variants": {}, "retrieval": None,
            "requires": [], **members,
        },
        ensure_ascii=False,
    )  # fmt: skip


def time(second: int) -> str:
    return f"2026-01-02T03:{second // 60:02d}:{second % 60:02d}.000000Z"


@dataclasses.dataclass
class Server:
    """One environment as a server knows it. Each release changes it and gives the header."""

    environment: str = ENVIRONMENT
    environment_id: str = "env-1"
    installation: str = "inst-1"
    key: Ed25519PrivateKey = dataclasses.field(default_factory=lambda: key("one"))
    epoch: int = 1
    release: int = 0
    tree: EntryTree = dataclasses.field(default_factory=EntryTree.empty)
    artifacts: dict[str, str] = dataclasses.field(default_factory=dict)
    head: h.Header = dataclasses.field(init=False)
    requires: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.head = self.signed(self.statement(()))

    def statement(self, changes: tuple[h.Entry, ...], **other: Any) -> h.Statement:
        said = h.Statement(
            installation=self.installation, project=PROJECT, environment=self.environment,
            environment_id=self.environment_id, epoch=self.epoch, release=self.release,
            previous=self.head.hash if self.release else "", changes=changes, root=self.tree.root,
            count=self.tree.count, acknowledged_at=time(self.release), requires=self.requires,
        )  # fmt: skip
        return dataclasses.replace(said, **other)

    def signed(self, statement: h.Statement | str, as_of: str | None = None) -> h.Header:
        return h.sign_header(self.key, statement, as_of or time(self.release + 1))

    def publish(
        self, version: int = 1, path: str = TRIAGE, text: str = "", **members: Any
    ) -> h.Header:
        made = artifact(
            path, version, text or f"Sort this, as of version {version}: {{{{ claim }}}}", **members
        )
        digest = h.digest_of(made)
        self.artifacts[digest] = made
        return self.change(h.Entry(path, h.LIVE, version, self.release + 1, digest, ""))

    def stop(self, state: str, reason: str, path: str = TRIAGE) -> h.Header:
        before = self.tree.get(path)
        assert before is not None
        return self.change(h.Entry(path, state, before.version, self.release + 1, "", reason))

    def change(self, *changes: h.Entry, **other: Any) -> h.Header:
        self.release += 1
        self.tree = self.tree.apply(changes)
        self.head = self.signed(self.statement(changes, **other))
        return self.head

    # What the server says.

    def snapshot(self, **other: Any) -> dict[str, Any]:
        live = {entry.digest: self.artifacts[entry.digest] for entry in self.tree if entry.digest}
        return {
            "header": self.head.to_value(),
            "entries": [list(entry) for entry in self.tree],
            "artifacts": live,
            **other,
        }

    def hello(self, header: h.Header | None = None) -> str:
        return event("hello", {"header": (header or self.head).to_value()})

    def told(self, header: h.Header, artifacts: dict[str, str] | None = None) -> str:
        """The release event; `artifacts` instead of those of its changes."""
        right = {c.digest: self.artifacts[c.digest] for c in header.statement.changes if c.digest}
        value = {
            "header": header.to_value(),
            "artifacts": right if artifacts is None else artifacts,
        }
        return event("release", value, str(header.position))

    def source(self, **other: Any) -> dict[str, Any]:
        """What its addresses answer now."""
        return {
            "keys": {"installation": self.installation, "keys": [listed(key("one"))]},
            "hello": self.hello(),
            "snapshot": self.snapshot(),
            "artifacts": dict(self.artifacts),
            **other,
        }

    def prompts(self, *paths: str) -> dict[str, Any]:
        """What a follower at the head has at these addresses."""
        found: dict[str, Any] = {}
        for path in paths or (TRIAGE,):
            entry = self.tree.get(path)
            if entry is None:
                found[path] = None
            elif entry.state == h.SUSPENDED:
                found[path] = {"suspended": entry.reason}
            else:
                found[path] = {
                    "version": entry.version,
                    "release": entry.release,
                    "digest": entry.digest,
                }
        return found

    def at_head(self, *paths: str, refused: str | None = None) -> dict[str, Any]:
        return {
            "position": str(self.head.position),
            "prompts": self.prompts(*paths),
            "refused": refused,
        }


def event(name: str, value: Any, id: str = "") -> str:
    data = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"event: {name}\n" + (f"id: {id}\n" if id else "") + f"data: {data}\n\n"


def nothing_held(refused: str | None = None) -> dict[str, Any]:
    return {"position": None, "prompts": {TRIAGE: None}, "refused": refused}


def started(*paths: str) -> tuple[Server, list[dict[str, Any]]]:
    """A server with one prompt at release 2, and the step in which the follower starts."""
    server = Server()
    server.publish()
    server.publish(2)
    return server, [
        step("It starts with the snapshot.", server.at_head(*paths), source=server.source())
    ]


def step(about: str, expect: dict[str, Any], **does: Any) -> dict[str, Any]:
    return {"about": about, **does, "expect": expect}


def follows(*steps: dict[str, Any], trust_: list[str] | None = None) -> Case:
    return {
        "follower": {
            "project": PROJECT,
            "environment": ENVIRONMENT,
            "trust": trust_ or [public(key("one"))],
        },
        "steps": list(steps),
    }


def forged(server: Server, **other: Any) -> Server:
    """A copy of the server that goes its own way."""
    twin = copy.copy(server)
    twin.artifacts = dict(server.artifacts)
    for name, value in other.items():
        setattr(twin, name, value)
    return twin
