"""A real `sshd` on a loopback port that lets one key in, for Git over SSH; skipped where OpenSSH is not installed."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.server import free_port


@dataclass
class SshHost:
    """One server; `key` is the private key it lets in, `known_host` the line that names its own."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def user(self) -> str:
        return getpass.getuser()

    @property
    def key(self) -> str:
        return (self.folder / "user_key").read_text()

    @property
    def known_host(self) -> str:
        kind, text, *_ = (self.folder / "host_key.pub").read_text().split()
        return f"[127.0.0.1]:{self.port} {kind} {text}"

    def url(self, path: Path) -> str:
        """The mirror address of a repository on this machine."""
        return f"ssh://{self.user}@127.0.0.1:{self.port}{path}"


def make_key(path: Path) -> None:
    """An Ed25519 key pair without passphrase."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


@pytest.fixture
def ssh_host(tmp_path: Path) -> Iterator[SshHost]:
    """An SSH server of this test alone."""
    places = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin" + os.pathsep + "/usr/local/sbin"
    sshd = shutil.which("sshd", path=places)
    if sshd is None or not shutil.which("ssh") or not shutil.which("ssh-keygen"):
        pytest.skip("needs sshd, ssh and ssh-keygen (package openssh-server)")
    folder, port = tmp_path / "sshd", free_port()
    folder.mkdir()
    make_key(folder / "host_key")
    make_key(folder / "user_key")
    (folder / "authorized_keys").write_text((folder / "user_key.pub").read_text())
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nPidFile none\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
    )
    if os.geteuid() == 0:  # sshd insists on its empty folder
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sshd, "-D", "-e", "-f", str(folder / "config")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _wait(process, port, folder / "log")
        yield SshHost(folder, port, process)
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(100):
        if process.poll() is not None:
            pytest.skip(f"sshd does not start here: {log.read_text()[-300:]}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("sshd does not listen")
