"""The form of a backup file: whatever went in comes out, and nothing that was changed does."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops_server.app.keeping import sealed_file
from promptops_server.app.keeping.errors import BackupBroken, WrongPassphrase
from promptops_server.app.keeping.sealed_file import Reader, Writer

PASSPHRASE = "correct horse battery"
ABOUT = {"engine": "sqlite"}


@pytest.fixture(autouse=True)
def quick_guesses() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed_file, "_SCRYPT", {"n": 4, "r": 8, "p": 1})
        patch.setattr(sealed_file, "CHUNK", 64)
        yield


def written(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    writer = Writer(out, PASSPHRASE, ABOUT)
    for name, data in members:
        writer.begin(name, note="kept")
        for start in range(0, len(data), 50):
            writer.put(data[start : start + 50])
    writer.finish({"about": ABOUT})
    return out.getvalue()


def read(data: bytes, passphrase: str = PASSPHRASE) -> list[tuple[str, bytes]]:
    reader = Reader(io.BytesIO(data))
    found = [(name, b"".join(chunks)) for name, _, chunks in reader.members(passphrase)]
    assert reader.about == ABOUT
    return found


MEMBERS = st.lists(st.tuples(st.text(min_size=1, max_size=5), st.binary(max_size=300)), max_size=4)


@given(MEMBERS)
@settings(max_examples=25, deadline=None)
def test_what_went_in_comes_out(members: list[tuple[str, bytes]]) -> None:
    data = written(members)
    assert read(data) == members
    assert len(Reader(io.BytesIO(data)).whole()) == 64


@given(MEMBERS, st.data())
@settings(max_examples=60, deadline=None)
def test_no_byte_can_be_changed_cut_off_or_added(
    members: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    good = written(members)
    at = data.draw(st.integers(0, len(good) - 1))
    flipped = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    for bad in (flipped, good[:at], good + b"\x00"):
        with pytest.raises(BackupBroken):
            Reader(io.BytesIO(bad)).whole()
        with pytest.raises((BackupBroken, WrongPassphrase)):
            read(bad)


def test_frames_of_one_file_do_not_open_in_another() -> None:
    members = [("a", b"x" * 200)]
    first, second = written(members), written(members)
    start = first.index(b"\n", len(sealed_file.MAGIC)) + 1
    with pytest.raises(BackupBroken):
        read(first[:start] + second[start:])


def test_another_passphrase_is_told_from_damage() -> None:
    good = written([("secret.key", b"k" * 64)])
    with pytest.raises(WrongPassphrase, match="not the one"):
        read(good, "another passphrase")
    with pytest.raises(BackupBroken):
        read(good[:-40], "another passphrase")
    assert b"k" * 8 not in good
