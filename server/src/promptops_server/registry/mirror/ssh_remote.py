"""Git over SSH with the system's `ssh`: one process, one conversation.

The key lies in a file of mode 0600 in a temporary folder for the time of the push. Nothing of the server's own SSH
configuration, agent or known hosts counts: only this key, and only the host keys set for this mirror.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from promptops_server.registry.git.pack import PackSpool
from promptops_server.registry.mirror import exchange, hosts
from promptops_server.registry.mirror.address import Address
from promptops_server.registry.mirror.credentials import Secret
from promptops_server.registry.mirror.errors import PushFailed
from promptops_server.registry.mirror.exchange import Advertisement, Report
from promptops_server.registry.mirror.model import Credentials
from promptops_server.registry.mirror.plan import Update
from promptops_server.registry.mirror.remote import Limits

_ALIAS = "mirror"
"""Under this name the host's keys are looked up, so that a connection by address is checked like one by name."""
_MAX_COMPLAINT = 4_000


class SshRemote:
    """A `Remote` over SSH."""

    def __init__(
        self,
        address: Address,
        credentials: Credentials,
        secret: Secret,
        limits: Limits,
        deadline: float,
    ) -> None:
        self._address = address
        self._deadline = deadline
        self._capabilities: frozenset[str] = frozenset()
        self._sent = False
        self._late = False
        program = shutil.which("ssh")
        if program is None:
            raise PushFailed(
                "unsupported",
                "The server's machine has no `ssh`, which SSH mirrors need.",
                "Ask the operator to install an OpenSSH client, or mirror to an https:// address.",
            )
        found = hosts.resolve(address.host, address.port, limits.hosts, limits.lookup)
        ip = hosts.first_answering(found, address.port, limits.connect_seconds)
        self._folder = tempfile.TemporaryDirectory(prefix="promptops-mirror-")
        try:
            folder = Path(self._folder.name)
            known = "".join(f"{_ALIAS} {key}\n" for key in credentials.host_keys)
            _write(folder / "known_hosts", known)
            _write(folder / "key", secret.private_key)
            self._complaint = (folder / "stderr").open("w+b")
            self._process = subprocess.Popen(  # noqa: S603  # no shell; every word is checked or our own
                [program, *_options(folder, limits.connect_seconds), "-p", str(address.port),
                 "-l", address.user, "--", ip, _command(address.path)],
                bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaint,
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LC_ALL": "C"},
                start_new_session=True,
            )  # fmt: skip
        except BaseException:
            self._folder.cleanup()
            raise
        self._watch = threading.Timer(max(deadline - time.monotonic(), 0.1), self._give_up)
        self._watch.daemon = True
        self._watch.start()

    def advertised(self) -> Advertisement:
        try:
            found = exchange.read_advertisement(self._reader())
        except PushFailed as failed:
            raise self._better(failed) from None
        self._capabilities = exchange.agreed(found.capabilities)
        return found

    def send(self, updates: list[Update], pack: PackSpool | None) -> Report:
        self._sent = True
        try:
            self._write(exchange.commands(updates, self._capabilities))
            if pack is not None:
                for chunk in pack.chunks():
                    self._write(chunk)
            return exchange.read_report(self._reader(), updates, self._capabilities)
        except PushFailed as failed:
            raise self._better(failed) from None
        except OSError:
            raise self._better(
                PushFailed("unreachable", "The connection broke during the push.", transient=True)
            ) from None

    def close(self) -> None:
        self._watch.cancel()
        process = self._process
        try:
            if not self._sent and process.poll() is None:
                self._write(b"0000")  # says that nothing will be pushed
        except OSError:
            pass
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        self._complaint.close()
        self._folder.cleanup()

    def _reader(self) -> exchange.Bounded:
        stream = self._process.stdout
        assert stream is not None

        def read(size: int) -> bytes:
            parts: list[bytes] = []
            while size > 0 and (part := stream.read(size)):
                parts.append(part)
                size -= len(part)
            return b"".join(parts)

        return exchange.Bounded(read, self._deadline + 5)

    def _write(self, data: bytes) -> None:
        stream = self._process.stdin
        assert stream is not None
        view = memoryview(data)
        while view:
            view = view[stream.write(view) or 0 :]

    def _give_up(self) -> None:
        self._late = True
        self._process.kill()

    def _better(self, failed: PushFailed) -> PushFailed:
        """What `ssh` or the host complained about says more than that the line went dead."""
        if self._late:
            return exchange.took_too_long()
        if not failed.transient:
            return failed
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            return failed
        self._complaint.seek(0)
        return explain(self._complaint.read(_MAX_COMPLAINT), self._address, failed)


def explain(complaint: bytes, address: Address, otherwise: PushFailed) -> PushFailed:
    """A failure from what `ssh` wrote to standard error. Pure."""
    text = complaint.decode("utf-8", "replace")
    lower = text.lower()
    place = address.place
    if "host key verification failed" in lower or "host identification has changed" in lower:
        return PushFailed(
            "host-key",
            f"{place} proved itself with another key than the known one: it is another machine, or its key changed.",
            "Compare the host's key with the one its operator publishes; then set the mirror with --known-host again.",
        )
    if "permission denied" in lower or "too many authentication failures" in lower:
        return PushFailed(
            "credentials",
            f"{place} does not accept the SSH key for {address.user}.",
            "Add the mirror's public key there with the right to write; `promptops mirror show` prints it.",
        )
    if (
        "does not appear to be a git repository" in lower
        or "repository not found" in lower
        or "no such file or directory" in lower
    ):
        return exchange.no_repository()
    if "connection refused" in lower or "timed out" in lower or "no route to host" in lower:
        return PushFailed(
            "unreachable",
            f"{place} cannot be reached over SSH.",
            "The server tries again by itself.",
            transient=True,
        )
    if "load key" in lower or "invalid format" in lower or "error in libcrypto" in lower:
        return PushFailed(
            "credentials", "`ssh` cannot read the mirror's key.", "Set the mirror with another key."
        )
    return otherwise


def _options(folder: Path, connect_seconds: float) -> list[str]:
    chosen = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": folder / "known_hosts",
        "GlobalKnownHostsFile": "/dev/null",
        "HostKeyAlias": _ALIAS,
        "CheckHostIP": "no",
        "UpdateHostKeys": "no",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "PreferredAuthentications": "publickey",
        "ClearAllForwardings": "yes",
        "PermitLocalCommand": "no",
        "ControlPath": "none",
        "ConnectTimeout": max(1, round(connect_seconds)),
        "ServerAliveInterval": 15,
        "ServerAliveCountMax": 4,
        "LogLevel": "ERROR",
    }
    out = ["-F", "/dev/null", "-T", "-x", "-i", str(folder / "key")]
    for name, value in chosen.items():
        out += ["-o", f"{name}={value}"]
    return out


def _command(path: str) -> str:
    """As Git quotes it: some hosts read exactly this form."""
    return "git-receive-pack '" + path.replace("'", "'\\''") + "'"


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
