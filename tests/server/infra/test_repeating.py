"""The thread that repeats: no error ends it, and it stops when it is told to."""

from __future__ import annotations

import threading

import structlog.testing

from promptops_server.infra.problems import Unavailable
from promptops_server.infra.repeating import Repeating


def test_rounds_go_on_past_every_error_until_it_is_closed() -> None:
    faults: list[Exception | None] = [Unavailable("The database is down."), ValueError("x"), None]
    rounds: list[int] = []
    enough = threading.Event()

    def work() -> float:
        rounds.append(len(rounds))
        fault = faults[len(rounds) - 1] if len(rounds) <= len(faults) else None
        if fault is not None:
            raise fault
        if len(rounds) >= 5:
            enough.set()
        return 0.0

    thread = Repeating("rounds", work, otherwise=0.01)
    thread.start()
    assert enough.wait(10)
    assert not thread.stopping
    thread.close()
    assert thread.stopping
    before = len(rounds)
    assert threading.Event().wait(0.05) is False
    assert len(rounds) == before


def test_it_may_begin_later_and_be_closed_before_it_began() -> None:
    rounds: list[int] = []
    thread = Repeating("later", lambda: rounds.append(1) or 1.0, otherwise=1.0)
    thread.start(after=60)
    thread.close(timeout=5)
    assert rounds == []
    Repeating("never", lambda: 1.0, otherwise=1.0).close()


def test_what_is_waited_for_is_told_once_and_not_every_round() -> None:
    rounds: list[int] = []
    enough = threading.Event()

    def work() -> float:
        rounds.append(1)
        if len(rounds) > 20:
            enough.set()
        raise Unavailable("It was set back." if len(rounds) < 10 else "The database is down.")

    with structlog.testing.capture_logs() as lines:
        thread = Repeating("rounds", work, otherwise=0.0)
        thread.start()
        assert enough.wait(10)
        thread.close()
    assert [(line["event"], line["reason"]) for line in lines] == [
        ("rounds_waits", "It was set back."), ("rounds_waits", "The database is down."),
    ]  # fmt: skip
