"""The last good copy of an environment on disk, and the keys pinned on first use.

Owns the files: their names, atomic replacement, modes and reading. Leaves whether a copy may be
used to `verify` (it is checked like a snapshot) and when to write to `follower`. A file that
cannot be read, is cut short or was changed is never an error of the application: it is left
aside with a reason.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from promptops.delivery import strict
from promptops.delivery.header import Header
from promptops.delivery.source import SnapshotDocument, snapshot_from_value
from promptops.delivery.trust import KeyRing
from promptops.delivery.verify import FollowerState
from promptops.errors import InvalidHeader

log = logging.getLogger("promptops")

_FORMAT = 1
_REST = 10.0
"""A writer rests this many times as long as its last write took, so that a large environment with many
releases does not keep the disk busy."""


def default_folder() -> Path:
    """Where copies and pins are kept unless `cache_dir` says otherwise."""
    import platformdirs

    return platformdirs.user_state_path("promptops")


class DiskCopy:
    """The file of one project's environment as told by one source."""

    def __init__(self, folder: Path, where: str, project: str, environment: str) -> None:
        name = _file_name(where, project, environment)
        self.path = folder / "environments" / f"{project}.{environment}.{name}.json"

    def read(self) -> SnapshotDocument | str | None:
        """What the file says (to be verified like a snapshot), why it cannot be used, or None
        if absent.
        """
        try:
            content = self.path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            return f"the copy {self.path} cannot be read: {error.strerror}"
        try:
            members = strict.mapping(strict.load_json(content, "copy"), "copy")
            if members.get("format") != _FORMAT:
                return f"the copy {self.path} has another format"
            return snapshot_from_value(members, "copy")
        except InvalidHeader as error:
            return f"the copy {self.path} is damaged: {error}"

    def write(self, state: FollowerState) -> None:
        """Replace the file by this state, durably. Raises `OSError`; then no file is left behind.

        An older copy is removed on failure: it might hold a prompt that has been suspended since.
        """
        if state.header is None:
            return
        try:
            replace_file(self.path, _pieces(state, state.header))
        except OSError:
            with contextlib.suppress(OSError):
                self.path.unlink()
            raise


class Pins:
    """The file of the keys pinned on first use, one per server."""

    def __init__(self, folder: Path, where: str) -> None:
        self.path = folder / "keys" / f"{_file_name(where)}.json"

    def read(self) -> KeyRing | str:
        """The pinned keys (an empty ring when there are none), or why the file cannot be used."""
        try:
            members = strict.mapping(strict.load_json(self.path.read_bytes(), "pins"), "pins")
            publics = [
                strict.unbase64(text, f"pins.keys[{index}]")
                for index, text in enumerate(strict.sequence(members, "keys", "pins"))
            ]
            if any(len(public) != 32 for public in publics):
                raise InvalidHeader("pins.keys", "must be base64 of 32 bytes each")
            revoked = strict.mapping(members.get("revoked", {}), "pins.revoked")
            if not all(isinstance(at, str) for at in revoked.values()):
                raise InvalidHeader("pins.revoked", "must have a time for each key")
            installation = strict.text(members, "installation", "pins")
            return KeyRing.pinned(publics, installation, revoked)
        except (FileNotFoundError, NotADirectoryError):
            return KeyRing()
        except (OSError, InvalidHeader) as error:
            return (
                f"the pinned keys in {self.path} cannot be read ({error}); give trust_key, or remove "
                "the file to pin the server's key anew"
            )

    def write(self, ring: KeyRing) -> None:
        """Replace the pins. Raises `OSError`."""
        document = {
            "installation": ring.installation or "",
            "keys": [base64.b64encode(public).decode() for public in ring.keys.values()],
            "revoked": dict(ring.revoked),
        }
        replace_file(self.path, [json.dumps(document, indent=1).encode()])


class DiskWriter:
    """Writes the newest state given, in a thread of its own, so that a slow disk never delays a
    swap.

    States that come while it writes replace each other. `note` says how the last write went; it is
    empty before the first.
    """

    def __init__(self, copy: DiskCopy) -> None:
        self._copy = copy
        self._changed = threading.Condition()
        self._waiting: FollowerState | None = None
        self._closing = False
        self._urgent = False
        self._thread: threading.Thread | None = None
        self.note = ""

    def put(self, state: FollowerState, *, urgent: bool = False) -> None:
        """Have this state written soon, without any rest when `urgent`; returns at once."""
        with self._changed:
            if self._closing:
                return
            self._waiting = state
            self._urgent = self._urgent or urgent
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="promptops-disk", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def close(self, timeout: float) -> None:
        """Write what waits, then stop; gives up after `timeout` seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._waiting is None:
                    if self._closing:
                        return
                    self._changed.wait()
                state, self._waiting = self._waiting, None
                self._urgent = False
            began = time.monotonic()
            try:
                self._copy.write(state)
                self.note = f"the copy on disk is of release {state.position}"
            except Exception as error:  # a copy that cannot be kept is no reason to stop
                why = error.strerror if isinstance(error, OSError) else repr(error)
                self.note = f"the copy {self._copy.path} cannot be written: {why}"
                log.warning("%s", self.note)
            rest = min(60.0, _REST * (time.monotonic() - began))
            if rest > 0.1:
                with self._changed:
                    self._changed.wait_for(lambda: self._closing or self._urgent, rest)


def _pieces(state: FollowerState, header: Header) -> Iterator[bytes]:
    """The copy's text, piece by piece: one large `dumps` would hold up every other thread."""
    dumps = strict.compact_json
    yield f'{{"format":{_FORMAT},"header":{dumps(header.to_value())},"entries":['.encode()
    for number, entry in enumerate(state.tree):
        yield ("," if number else "").encode() + dumps(list(entry)).encode()
    yield b'],"artifacts":{'
    for number, live in enumerate(state.live.values()):
        yield f"{',' if number else ''}{dumps(live.entry.digest)}:{dumps(live.text)}".encode()
    yield b"}}"


def replace_file(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file that is either the old or the new one after any crash; for the user alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(
            os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
        ) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _file_name(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
