"""Mirrors over SSH, against a real sshd."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from mirrored import Mirrored, prompt_text

from promptops_server.registry.mirror import ssh_remote
from promptops_server.registry.mirror.address import parse_address
from promptops_server.registry.mirror.errors import PushFailed
from promptops_server.registry.mirror.set_mirror import KeyGiven
from promptops_server.registry.mirror.tables import mirror
from support.sshd import SshHost, make_key


def test_commits_arrive_over_ssh_and_deletions_too(bank: Mirrored, ssh_host: SshHost) -> None:
    bank.put("claims/triage", prompt_text("one"))
    tip = bank.refs["refs/heads/main"]
    bank.move("refs/tags/v1", None, tip)
    bank.set(
        url=ssh_host.url(bank.host.repository()), given=KeyGiven(ssh_host.key, ssh_host.known_host)
    )
    assert bank.settle().state == "ok", bank.mirror.problem
    assert bank.host.refs() == bank.refs
    bank.put("claims/triage", prompt_text("two"), parent=1)
    bank.move("refs/tags/v1", tip, None)
    assert bank.settle().state == "ok"
    assert bank.host.refs() == bank.refs
    assert bank.host.fsck() == ""


def test_the_key_is_neither_stored_in_the_clear_nor_left_on_disk_nor_an_argument(
    small_bank: Mirrored,
    ssh_host: SshHost,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, real = [], subprocess.Popen
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    modes = []

    def popen(command: list[str], **more: object) -> object:
        made.append((command, more["env"]))
        modes.append(Path(command[command.index("-i") + 1]).stat().st_mode & 0o777)
        return real(command, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(ssh_remote.subprocess, "Popen", popen)
    small_bank.put("claims/triage", prompt_text("one"))
    small_bank.set(
        url=ssh_host.url(small_bank.host.repository()),
        given=KeyGiven(ssh_host.key, ssh_host.known_host),
    )
    assert small_bank.settle().state == "ok"
    body = "".join(ssh_host.key.splitlines()[1:-1])[:60]
    assert modes == [0o600]
    assert body not in repr(made)
    assert body not in repr(small_bank.rows_of(mirror))
    assert list((tmp_path / "tmp").iterdir()) == []


def test_another_host_key_stops_the_push(small_bank: Mirrored, ssh_host: SshHost) -> None:
    make_key(ssh_host.folder / "other")
    kind, text, *_ = (ssh_host.folder / "other.pub").read_text().split()
    small_bank.put("claims/triage", prompt_text("one"))
    small_bank.set(
        url=ssh_host.url(small_bank.host.repository()),
        given=KeyGiven(ssh_host.key, f"{kind} {text}"),
    )
    failed = small_bank.settle()
    assert failed.state == "failed"
    assert failed.problem is not None and failed.problem.code == "host-key"
    assert small_bank.host.refs() == {}


def test_a_key_the_host_does_not_know_and_a_missing_repository_wait_for_a_person(
    small_bank: Mirrored, ssh_host: SshHost
) -> None:
    make_key(ssh_host.folder / "other")
    small_bank.put("claims/triage", prompt_text("one"))
    url = ssh_host.url(small_bank.host.root / "nowhere.git")
    other = (ssh_host.folder / "other").read_text()
    small_bank.set(url=url, given=KeyGiven(other, ssh_host.known_host))
    failed = small_bank.settle()
    assert failed.problem is not None and failed.problem.code == "credentials"
    small_bank.set(url=url, given=KeyGiven(ssh_host.key, ssh_host.known_host))
    failed = small_bank.settle()
    assert failed.problem is not None and failed.problem.code == "not-found"
    assert failed.state == "failed"


def test_a_host_that_is_down_is_tried_again(small_bank: Mirrored, ssh_host: SshHost) -> None:
    ssh_host.process.terminate()
    ssh_host.process.wait(10)
    small_bank.put("claims/triage", prompt_text("one"))
    small_bank.set(
        url=ssh_host.url(small_bank.host.repository()),
        given=KeyGiven(ssh_host.key, ssh_host.known_host),
    )
    assert small_bank.settle().state == "retrying"


def test_a_push_that_hangs_is_cut_off(small_bank: Mirrored, ssh_host: SshHost) -> None:
    hook = small_bank.host.repository() / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexec sleep 20\n")
    hook.chmod(0o755)
    small_bank.with_limits(push_seconds=1.5)
    small_bank.put("claims/triage", prompt_text("one"))
    small_bank.set(
        url=ssh_host.url(small_bank.host.repository()),
        given=KeyGiven(ssh_host.key, ssh_host.known_host),
    )
    late = small_bank.settle()
    assert late.state == "retrying"
    assert late.problem is not None and late.problem.code == "time"


def test_a_server_without_ssh_says_so(
    small_bank: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
    )
    small_bank.put("claims/triage", prompt_text("one"))
    small_bank.set(url="git@127.0.0.1:bank.git", given=KeyGiven(key.decode(), "ssh-ed25519 AAAA"))
    monkeypatch.setattr(ssh_remote.shutil, "which", lambda name: None)
    failed = small_bank.settle()
    assert failed.state == "failed"
    assert failed.problem is not None and "has no `ssh`" in failed.problem.detail


@pytest.mark.parametrize(
    ("complaint", "code"),
    [
        (b"Host key verification failed.\r\n", "host-key"),
        (b"git@h: Permission denied (publickey).\r\n", "credentials"),
        (b"ERROR: Repository not found.\nfatal: Could not read", "not-found"),
        (b"ssh: connect to host h port 22: Connection timed out", "unreachable"),
        (b"\x1b[31mwhatever\xff", "protocol"),
    ],
)
def test_what_ssh_complains_about_becomes_words(complaint: bytes, code: str) -> None:
    address = parse_address("git@git.example.com:p.git", plain_http=False)
    otherwise = PushFailed("protocol", "The host hung up.", transient=True)
    found = ssh_remote.explain(complaint, address, otherwise)
    assert found.problem.code == code
    assert "\x1b" not in found.problem.detail
