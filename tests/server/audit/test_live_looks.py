"""The shared look behind live events: one for a project, whoever listens; slow and late listeners; other servers."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.audit import live as live_module
from promptops_server.audit.live import Live
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unauthenticated, Unavailable

LOG = "01a21b4f-eda4-725a-a85e-e16bbaea91df"


def write(db: Database, version: int, action: str = "prompt.put") -> int:
    with db.write() as tx:
        about = AuditObject("prompt", "bank/x", str(version))
        return record(tx, AuditEvent(action, about, SYSTEM, project="bank"), project_id=LOG)


async def allowed() -> None:
    return None


async def numbers(live: Live, after: int | None, count: int) -> list[Any]:
    """The numbers of the first events, and `reset` for that."""
    found: list[Any] = []
    async for piece in live.stream(LOG, after, allowed):
        for event in piece.decode().split("\n\n"):
            if "event: change" in event:
                found.append(json.loads(event.partition("data: ")[2])["number"])
            elif "event: reset" in event:
                found.append("reset")
        if len(found) >= count:
            break
    return found


def test_one_look_serves_all_listeners_and_tells_them_what_another_server_wrote(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, other = Live(any_database), Database(any_database.url.render_as_string(False))
    looks = 0
    look = live._look

    def counting(project_id: str, after: int) -> Any:
        nonlocal looks
        looks += 1
        return look(project_id, after)

    monkeypatch.setattr(live, "_look", counting)

    async def main() -> float:
        listening = [asyncio.create_task(numbers(live, None, 3)) for _ in range(80)]
        await asyncio.sleep(1.5)
        began = time.monotonic()
        for version in (1, 2, 3):
            await asyncio.to_thread(write, other, version)
        assert await asyncio.gather(*listening) == [[1, 2, 3]] * 80
        return time.monotonic() - began

    took = asyncio.run(main())
    other.close()
    assert took < 2.0
    assert looks < 40  # not 80 times as many


def test_who_comes_back_is_told_what_was_missed_or_that_it_was_too_much(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in range(1, 8):
        write(database, version, "token.create" if version == 5 else "prompt.put")
    live = Live(database)
    assert asyncio.run(numbers(live, 3, 3)) == [4, 6, 7]
    monkeypatch.setattr(live_module, "MISSED", 3)
    assert asyncio.run(numbers(live, 3, 1)) == ["reset"]


def test_a_listener_that_does_not_read_is_let_go(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "QUEUE", 5)
    live = Live(database)

    async def main() -> list[bytes]:
        stream = live.stream(LOG, None, allowed)
        pieces = [await anext(stream)]
        for version in range(1, 20):
            await asyncio.to_thread(write, database, version)
        await asyncio.sleep(0.6)
        async for piece in stream:
            pieces.append(piece)
        return pieces

    pieces = asyncio.run(main())
    assert b"".join(pieces).count(b"event: change") <= 5


def test_a_stream_ends_with_the_right_and_with_the_server(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "ASK_SECONDS", 0.1)
    live = Live(database)

    async def revoked() -> None:
        raise Unauthenticated("gone")

    async def away() -> None:
        raise Unavailable("a moment")

    async def main() -> None:
        async with asyncio.timeout(5):
            async for _ in live.stream(LOG, None, revoked):
                pass
        going_on = asyncio.create_task(_all(live, away))
        await asyncio.sleep(0.5)
        assert not going_on.done()  # a database that is away revokes nothing
        live.close()
        async with asyncio.timeout(5):
            await going_on
        with pytest.raises(Unavailable):
            live.refuse_if_full()

    asyncio.run(main())


async def _all(live: Live, still_allowed: Any) -> list[bytes]:
    return [piece async for piece in live.stream(LOG, None, still_allowed)]
