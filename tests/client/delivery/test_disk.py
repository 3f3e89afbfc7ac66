"""The files: replaced whole or not at all, removed rather than left stale, written off the hot
path.
"""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import pytest
from publisher import ENVIRONMENT, PROJECT, Publisher, until

from promptops.delivery import disk
from promptops.delivery.source import SnapshotDocument
from promptops.delivery.trust import KeyRing
from promptops.delivery.verify import FollowerState, Rules, accept_snapshot


def state_of(publisher: Publisher) -> FollowerState:
    ring = KeyRing.pinned([publisher.key.public_key().public_bytes_raw()])
    decided = accept_snapshot(
        FollowerState(PROJECT, ENVIRONMENT),
        publisher.head,
        publisher.tree,
        publisher.live_artifacts(),
        Rules(ring),
    )
    assert isinstance(decided, FollowerState)
    return decided


@pytest.fixture
def publisher() -> Publisher:
    made = Publisher()
    made.publish(triage="one", letter="two")
    return made


@pytest.fixture
def copy(tmp_path: Path) -> disk.DiskCopy:
    return disk.DiskCopy(tmp_path, "http://x", PROJECT, ENVIRONMENT)


def test_what_is_written_is_read_back(copy: disk.DiskCopy, publisher: Publisher) -> None:
    assert copy.read() is None
    copy.write(state_of(publisher))
    found = copy.read()
    assert isinstance(found, SnapshotDocument)
    assert found.header == publisher.head
    assert set(found.entries) == set(publisher.tree)
    assert found.artifacts == publisher.live_artifacts()


def test_copies_of_different_sources_do_not_meet(tmp_path: Path) -> None:
    paths = {
        disk.DiskCopy(tmp_path, where, project, environment).path
        for where in ("http://a", "http://b")
        for project in ("p", "q")
        for environment in ("e", "f")
    }
    assert len(paths) == 8


def test_a_failed_write_leaves_neither_the_old_copy_nor_a_stray_file(
    copy: disk.DiskCopy, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old copy might hold a prompt that has been suspended since."""
    copy.write(state_of(publisher))
    publisher.suspend("claims/triage", "stop")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        copy.write(state_of(publisher))
    assert list(copy.path.parent.iterdir()) == []


def test_the_newest_of_many_states_is_written(
    copy: disk.DiskCopy, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    go = threading.Event()
    write = disk.DiskCopy.write

    def slow(self: disk.DiskCopy, state: FollowerState) -> None:
        go.wait(5)
        assert state.header is not None
        written.append(state.header.position.release)
        write(self, state)

    monkeypatch.setattr(disk.DiskCopy, "write", slow)
    writer = disk.DiskWriter(copy)
    for _ in range(5):
        publisher.publish(triage="next")
        writer.put(state_of(publisher))
    go.set()
    until(lambda: written and written[-1] == 6, "the newest is written")
    assert len(written) <= 2
    writer.close(2)
    assert writer.note == "the copy on disk is of release 1-6"


def test_closing_writes_what_waits(copy: disk.DiskCopy, publisher: Publisher) -> None:
    writer = disk.DiskWriter(copy)
    writer.put(state_of(publisher))
    writer.close(5)
    assert isinstance(copy.read(), SnapshotDocument)


def test_a_stopped_prompt_is_written_without_rest(
    copy: disk.DiskCopy, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_REST", 1e9)  # any write is followed by the longest rest
    writer = disk.DiskWriter(copy)
    writer.put(state_of(publisher))
    until(lambda: writer.note, "the first is written")
    publisher.publish(letter="three")
    writer.put(state_of(publisher))
    publisher.suspend("claims/triage", "stop")
    writer.put(state_of(publisher), urgent=True)
    until(lambda: writer.note.endswith("1-3"), "the stop is written")
    writer.close(1)


def test_a_copy_of_another_format_is_left_aside(copy: disk.DiskCopy, publisher: Publisher) -> None:
    copy.write(state_of(publisher))
    copy.path.write_text(copy.path.read_text().replace('"format":1', '"format":2'))
    assert copy.read() == f"the copy {copy.path} has another format"


def test_an_empty_state_is_not_written(copy: disk.DiskCopy) -> None:
    copy.write(dataclasses.replace(FollowerState(PROJECT, ENVIRONMENT)))
    assert not copy.path.exists()
