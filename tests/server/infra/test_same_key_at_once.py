"""One `Idempotency-Key` sent several times at the same moment, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from promptops_server.access.policy import authorise
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.idempotency import answer_once, run_once
from promptops_server.infra.problems import Conflict
from promptops_server.registry.model import Project
from promptops_server.registry.projects import create_project

ADA = Actor(subject="0190-admin", name="ada", admin=True)
Answer = tuple[int, dict[str, Any]]


def test_one_key_for_two_changes_at_once_is_refused_for_the_second(any_database: Database) -> None:
    first_has_stored = threading.Event()

    def first() -> Answer:
        with any_database.write() as tx:
            answer = run_once(tx, ADA, "key", "one", lambda: (201, {"made": "one"}))
            first_has_stored.set()
            threading.Event().wait(0.3)  # the second one arrives at the same key meanwhile
            return answer

    def second() -> Answer:
        first_has_stored.wait(10)
        with any_database.write() as tx:
            return run_once(tx, ADA, "key", "two", lambda: (201, {"made": "two"}))

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(first), pool.submit(second)
        assert one.result(20) == (201, {"made": "one"})
        with pytest.raises(Conflict, match="was used for a different request"):
            two.result(20)


def test_the_same_request_at_once_without_any_lock_gets_the_first_answer(
    any_database: Database,
) -> None:
    first_has_stored = threading.Event()

    def ask(name: str, before: Callable[[], None], after: Callable[[], None]) -> Answer:
        def work(keep: Callable[[Transaction, str], None]) -> str:
            before()
            with any_database.write() as tx:
                keep(tx, name)
                after()
            return name

        return answer_once(any_database, ADA, "key", "same", work, lambda made: (201, {"by": made}))

    def store() -> None:
        first_has_stored.set()
        threading.Event().wait(0.3)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(ask, "one", lambda: None, store)
        two = pool.submit(ask, "two", lambda: first_has_stored.wait(10) and None, lambda: None)
        assert one.result(20) == two.result(20) == (201, {"by": "one"})


def test_a_project_made_by_the_same_request_meanwhile_is_the_answer_not_a_taken_name(
    any_database: Database,
) -> None:
    def ask(meanwhile: Callable[[], object] = lambda: None) -> Answer:
        def work(keep: Callable[[Transaction, Project], None]) -> Project:
            meanwhile()
            return create_project(any_database, ADA, authorise, "bank", keep=keep)

        return answer_once(
            any_database, ADA, "key", "bank", work, lambda made: (201, {"id": made.id})
        )

    seen: list[Answer] = []
    assert ask(lambda: seen.append(ask())) == seen[0]
    with pytest.raises(Conflict, match="project 'bank' already"):
        create_project(any_database, ADA, authorise, "bank")
