"""The data directory: its rights, its lock, and the installation's secret in it.

The lock is the kernel's (`flock`), so a crashed server leaves none behind; the file's text only tells who holds it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from types import TracebackType

from promptops_server.app.errors import CannotStart
from promptops_server.infra.settings import Settings

LOCK_FILE = "server.lock"
SECRET_FILE = "secret.key"  # noqa: S105 - a file's name
REDIS_PASSWORD_FILE = "redis-password"  # noqa: S105 - a file's name
MIN_SECRET = 32


def prepare(folder: Path) -> None:
    """Make the directory (readable by its owner only) and see that it can be written.

    Raises:
        CannotStart: it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except FileExistsError:
        raise CannotStart(f"{folder} is a file; --data needs a directory.") from None
    except OSError as error:
        raise CannotStart(
            f"The data directory {folder} cannot be written ({error.strerror}): "
            "give this user the right to, or choose another with --data."
        ) from None


class DataDirLock:
    """Holds the directory for one server while the `with` block runs.

    Raises:
        CannotStart: a running server holds it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        self._file: int | None = None
        self.crashed_pid: int | None = None
        """The process id of an earlier server that did not end cleanly, if there was one."""

    def __enter__(self) -> DataDirLock:
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CannotStart(
                f"The lock {self._path} cannot be opened ({error.strerror}): "
                "give this user the right to, or choose another directory with --data."
            ) from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = _pid(file)
            os.close(file)
            raise CannotStart(
                f"The data directory {self._path.parent} is used by a running server"
                f"{f' (process {holder})' if holder else ''}: stop that one, or choose another with --data."
            ) from None
        self.crashed_pid = _pid(file)
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            os.ftruncate(self._file, 0)  # an empty file says: ended cleanly
            os.close(self._file)
            self._file = None


def _pid(file: int) -> int | None:
    text = os.pread(file, 32, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdigit() else None


def secret_of(settings: Settings, *, create: bool) -> bytes:
    """The installation's secret, from the setting, its file, or the file in the data directory.

    Args:
        create: make the file in the data directory when there is none.

    Raises:
        CannotStart: the file cannot be read or is too short, or there is none.
    """
    server = settings.server
    if server.secret_key is not None:
        return server.secret_key.get_secret_value().encode()
    path = server.secret_key_file or settings.data_dir / SECRET_FILE
    try:
        text = path.read_text().strip()
    except FileNotFoundError:
        if server.secret_key_file is not None or not create:
            raise CannotStart(
                f"The secret key file {path} does not exist: `openssl rand -hex 32 > {path}` makes one."
            ) from None
        return _create_secret(path)
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"The secret key file {path} cannot be read: {error}.") from None
    if len(text) < MIN_SECRET:
        raise CannotStart(f"The secret key in {path} is shorter than {MIN_SECRET} characters.")
    return text.encode()


def redis_password_of(settings: Settings) -> str | None:
    """The embedded Redis' password: the setting's, or, while it has a port, the one kept in the data directory.

    Raises:
        CannotStart: the file cannot be read or written, or is empty.
    """
    given = settings.redis.password
    if given is not None and given.get_secret_value():
        return given.get_secret_value()
    if not settings.redis.port:
        return None  # only this user can open the socket
    path = settings.data_dir / REDIS_PASSWORD_FILE
    try:
        text = path.read_text().strip()
    except FileNotFoundError:
        return _create_secret(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"The Redis password in {path} cannot be read: {error}.") from None
    if not text:
        raise CannotStart(f"{path} is empty: delete it, and the next start makes a new password.")
    return text


def _create_secret(path: Path) -> bytes:
    text = secrets.token_hex(32)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, f"{text}\n".encode())
        os.fsync(file)  # what it seals is durable, so it must be
    finally:
        os.close(file)
    return text.encode()
