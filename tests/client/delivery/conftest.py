"""A publisher and a client per test, over each transport."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from publisher import ENVIRONMENT, PROJECT, HttpTarget, Publisher, RedisTarget, Valkey, until

from promptops import PromptOps
from promptops.delivery import source_redis


@dataclass
class Setting:
    """A publisher that delivers over one transport, and clients that follow it."""

    publisher: Publisher
    target: Any
    folder: Path
    addresses: dict[str, Any]
    clients: list[PromptOps] = field(default_factory=list)

    def client(self, **more: Any) -> PromptOps:
        """A client of this publisher; `start_timeout` is short where nothing is expected to answer."""
        settings = {
            "project": PROJECT,
            "environment": ENVIRONMENT,
            "trust_key": self.publisher.trust_key,
            "cache_dir": self.folder / "cache",
            **self.addresses,
            **more,
        }
        client = PromptOps(**settings)
        self.clients.append(client)
        return client

    def said(self, client: PromptOps, path: str) -> str:
        """The text a prompt renders to."""
        return str(client.get(path).render()[0]["content"])

    def until_release(self, client: PromptOps, number: int) -> None:
        until(
            lambda: client.health().release == number,
            f"release {number} arrives (health is {client.health()})",
        )

    def until_refused(self, client: PromptOps, code: str) -> None:
        until(
            lambda: (last := client.health().last_refusal) is not None and last.code == code,
            f"a header is refused as {code} (health is {client.health()})",
        )

    def until_disconnected(self, client: PromptOps) -> None:
        until(lambda: not client.health().connected, "the client notices")

    def until_copied(self, number: int) -> None:
        """Until the copy on disk is of this release."""
        from promptops.delivery.disk import DiskCopy
        from promptops.delivery.source import SnapshotDocument

        copy = DiskCopy(
            self.folder / "cache", self.clients[-1].health().where, PROJECT, ENVIRONMENT
        )

        def is_there() -> bool:
            found = copy.read()
            return isinstance(found, SnapshotDocument) and found.header.position.release == number

        until(is_there, f"release {number} is on disk")

    @property
    def copies(self) -> list[Path]:
        return sorted((self.folder / "cache" / "environments").glob("*.json"))


@pytest.fixture(scope="session")
def shared_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path_factory.mktemp("valkey"))
    valkey.start()
    yield valkey
    valkey.stop()


@pytest.fixture(params=["http", "redis"])
def setting(request: pytest.FixtureRequest) -> Setting:
    """The environment of a test, once over HTTP and once over Redis."""
    found: Setting = request.getfixturevalue(f"{request.param}_setting")
    return found


@pytest.fixture
def http_setting(tmp_path: Path) -> Iterator[Setting]:
    publisher = Publisher()
    target = HttpTarget(publisher)
    target.start()
    publisher.targets.append(target)
    setting = Setting(publisher, target, tmp_path, {"url": target.url, "token": HttpTarget.token})
    yield setting
    for client in setting.clients:
        client.close()
    target.stop()


@pytest.fixture
def redis_setting(
    shared_valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Setting]:
    monkeypatch.setattr(source_redis, "POLL", 0.2)
    publisher = Publisher()
    target = RedisTarget(publisher, shared_valkey)
    target.start()
    target.lose_store()
    target.rebuild()
    publisher.targets.append(target)
    setting = Setting(publisher, target, tmp_path, {"redis_url": shared_valkey.unix_url})
    yield setting
    for client in setting.clients:
        client.close()
