"""The suites of prompts as they are now: right after every change, and read again only where something changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from promptops_server.evaluation.matrix import suites_now
from promptops_server.evaluation.matrix.keep_readings import KeptReadings
from promptops_server.evaluation.matrix.readings import Reading, forget_readings, store_readings
from promptops_server.evaluation.matrix.suites_now import UNREADABLE, SuitesAtHead
from promptops_server.evaluation.model import Suite
from promptops_server.evaluation.suites.find import suites_of
from promptops_server.evaluation.tables import suite_reading
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unavailable
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.model import Project
from promptops_server.registry.versions import get_version
from server.evaluation.suites.suite_world import SUITE, TRIAGE, World

PATH = "claims/triage"
BESIDE = "claims/triage.more"


class Server:
    """One life of a server: what it remembers is gone with the next; `read` are the paths it had to read."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.read: list[str] = []
        self.kept = KeptReadings(world.db)
        self.kept.start()
        self._suites = SuitesAtHead(self._read, self.kept)

    def suites(self, path: str = PATH, number: int = 1) -> Mapping[str, str]:
        with self.world.db.read() as conn:
            found = self._suites(conn, self.world.project, [(path, number)])
        return found[path]

    def _read(
        self,
        conn: Connection,
        project: Project,
        path: str,
        content: bytes,
        names: Sequence[str] | None,
    ) -> tuple[Suite, ...]:
        self.read.append(path)
        return suites_of(conn, project, path, content, names)


@pytest.fixture
def world(any_database: Database) -> World:
    return World(any_database)


@pytest.fixture
def start(world: World) -> Iterator[Callable[[], Server]]:
    """Starts a server; the one before ends first, and has stored what it read."""
    servers: list[Server] = []

    def begin() -> Server:
        if servers:
            servers[-1].kept.close()
        servers.append(Server(world))
        return servers[-1]

    yield begin
    for server in servers:
        server.kept.close()


def truth(world: World, path: str = PATH, number: int = 1) -> dict[str, str]:
    """As the files say now."""
    with world.db.read() as conn:
        found = get_version(conn, world.project, path, number)
        suites = suites_of(conn, world.project, path, found)
    return {suite.name: suite.digest for suite in suites}


def rows(world: World) -> int:
    with world.db.read() as conn:
        return conn.execute(select(func.count()).select_from(suite_reading)).scalar_one()


def test_what_was_read_is_known_after_a_restart(world: World, start: Callable[[], Server]) -> None:
    world.prompt(PATH)
    world.files({f"{BESIDE}.suite.yml": SUITE})
    first = start()
    assert first.suites() == truth(world)
    assert set(first.suites()) == {"testData", BESIDE}
    assert first.read == [PATH]
    second = start()
    assert second.suites() == truth(world)
    assert second.read == []


def test_a_prompt_without_suites_is_known_too(world: World, start: Callable[[], Server]) -> None:
    world.prompt(PATH, TRIAGE.partition("testData")[0])
    assert start().suites() == {}
    again = start()
    assert again.suites() == {}
    assert again.read == []


def test_after_an_edit_the_suites_are_those_of_the_new_text(
    world: World, start: Callable[[], Server]
) -> None:
    world.prompt(PATH)
    before = start().suites()
    edited = TRIAGE.replace("A tree fell", "A wall fell")
    world.prompt(PATH, edited, parent=1)
    server = start()
    assert server.suites(number=2) == truth(world, number=2) != before
    assert server.suites(number=1) == before  # what is live may be the old version
    assert server.read == [PATH]


def test_another_type_of_an_input_is_another_suite(
    world: World, start: Callable[[], Server]
) -> None:
    world.files({f"{BESIDE}.suite.yml": "cases: [{name: one, inputs: {claim: 42}}]\n"})
    plain = TRIAGE.partition("testData")[0]
    world.prompt(PATH, plain)
    as_text = start().suites()
    world.prompt(PATH, plain.replace("claim: {}", "claim: {type: integer}"), parent=1)
    as_number = start().suites(number=2)
    assert as_number == truth(world, number=2)
    assert as_text.keys() == as_number.keys() == {BESIDE}
    assert as_text != as_number


def test_a_change_of_a_file_beside_is_seen_in_a_server_that_runs_and_after_a_start(
    world: World, start: Callable[[], Server]
) -> None:
    world.prompt(PATH)
    running = start()
    alone = running.suites()
    world.files({f"{BESIDE}.suite.yml": SUITE})
    with_file = running.suites()
    assert with_file == truth(world) != alone
    assert start().suites() == with_file
    world.files({f"{BESIDE}.suite.yml": SUITE.replace("42", "43")})
    after = start()
    assert after.suites() == truth(world) != with_file
    # A prompt that comes to lie beside it takes the file over.
    world.prompt(BESIDE, TRIAGE)
    assert after.suites() == truth(world) == alone
    assert start().suites() == alone


def test_other_rules_of_reading_count_for_nothing(
    world: World, start: Callable[[], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.prompt(PATH)
    start().suites()
    for name, value in (
        ("FORMAT", suites_now.FORMAT + 1),
        ("__version__", "999"),
        ("packages", lambda _: ("bank-checks 2.0",)),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(suites_now, name, value)
            changed = start()
            assert changed.suites() == truth(world)
            assert changed.read == [PATH], name


def test_a_suite_with_errors_is_read_again_after_a_start(
    world: World, start: Callable[[], Server]
) -> None:
    world.prompt(PATH, TRIAGE.replace("string: {contains", "haruspex: {contains"))
    server = start()
    assert list(server.suites().values()) == [UNREADABLE]
    assert server.suites() == server.suites()
    assert server.read == [PATH]
    again = start()
    assert list(again.suites().values()) == [UNREADABLE]
    assert again.read == [PATH]
    assert rows(world) == 0


def test_whoever_reads_waits_for_no_write(world: World, start: Callable[[], Server]) -> None:
    world.prompt(PATH)
    server = start()
    answers: list[Mapping[str, str]] = []
    with world.db.write() as tx:
        lock_project(tx.conn, world.project.id)
        reader = threading.Thread(target=lambda: answers.append(server.suites()))
        reader.start()
        reader.join(5)
        assert answers, "the reader waits"
    assert answers == [truth(world)]
    start()
    assert rows(world) == 1


def test_a_database_that_cannot_be_written_is_no_reason_to_refuse(
    world: World, start: Callable[[], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.prompt(PATH)
    server = start()

    @contextmanager
    def refuse() -> Iterator[Any]:
        raise Unavailable("The database could not be written: disk full.")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(world.db, "write", refuse)
        assert server.suites() == truth(world)
        assert server.suites() == truth(world)
        server.kept.close()
    assert server.read == [PATH]
    assert rows(world) == 0
    start().suites()
    start()
    assert rows(world) == 1


def test_content_that_a_redaction_took_away_is_not_stored_afterwards(world: World) -> None:
    made = world.prompt(PATH)
    late = Reading(made.prompt_id, 1, made.blob, "sha256:old", {"testData": "sha256:x"})
    gone = Reading(made.prompt_id, 1, "0" * 40, "sha256:old", {"testData": "sha256:x"})
    with world.db.write() as tx:
        store_readings(tx, world.project.id, [gone])
    assert rows(world) == 0
    with world.db.write() as tx:
        store_readings(tx, world.project.id, [late, late])
        store_readings(tx, world.project.id, [late])
    assert rows(world) == 1
    with world.db.write() as tx:
        forget_readings(tx.conn, world.project.id)
    assert rows(world) == 0


def test_the_digests_are_those_of_this_format(world: World, start: Callable[[], Server]) -> None:
    """Another digest for the same files needs another `FORMAT`: rows of before would go on to count."""
    world.prompt(PATH)
    world.files({f"{BESIDE}.suite.yml": SUITE})
    assert (suites_now.FORMAT, dict(start().suites())) == (
        1,
        {
            "testData": "sha256:cceb40be33f7b91e2625c3afbd8a75d0233dc5cf859e493f78db3cd4aaa05a0e",
            BESIDE: "sha256:71aa29ea3605b079cc5bc88534decde003cf17977627e167dafb9302f50be0fc",
        },
    )
