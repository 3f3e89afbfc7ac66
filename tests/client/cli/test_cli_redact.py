"""`promptops redact` against a real server: two people, a text that is never shown, and what is left afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import Cli
from support.server import RunningServer

SECRET = "Xaverina Quibblethwaite"


def file_with(content: str) -> str:
    return f"messages:\n  - role: user\n    content: {content}\n"


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    path = tmp_path / "name.txt"
    path.write_text(SECRET + "\n")
    return str(path)


def test_two_people_redact(
    signed_in: Cli,
    server: RunningServer,
    project: str,
    put: Callable[..., int],
    secret_file: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cli, address = signed_in, f"{project}/claims/triage"
    put(address, file_with(f"Write to {SECRET}"))
    old = cli("prompt", "show", address, "--json").json["commit"]
    assert cli("publish", address, "--to", "staging", "-r", "go live").code == 0

    dry = cli("redact", "request", address, "--replace", secret_file, "--dry-run")
    assert dry.code == 0 and "versions:" in dry.out and "claims/triage@1" in dry.out
    assert "live:" in dry.out and "what is live is not redacted" in dry.err
    for wrong, code in (
        (("--replace", "nowhere.txt", "-r", "x"), 2),
        (("--replace", secret_file), 2),
        (("--replace", secret_file, "-r", f"for {SECRET}"), 2),
    ):
        assert cli("redact", "request", address, *wrong).code == code
    asked = cli(
        "redact", "request", address, "--replace", "-", "-r", "a customer", "--json",
        stdin=SECRET + "\n",
    )  # fmt: skip
    assert asked.code == 0, asked.err
    assert SECRET not in asked.out + asked.err
    number = asked.json["id"]
    own = cli("redact", "approve", project, number)
    assert own.code == 1 and "takes a second person" in own.err
    assert cli("redact", "list", project).out.split("\t")[2] == "requested"

    monkeypatch.setenv("PROMPTOPS_TOKEN", server.token("nora", "admin"))
    live = cli("redact", "approve", project, number)
    assert live.code == 1 and "claims/triage@1 in staging" in live.err
    put(address, file_with("Write to us"), "--parent", "1")
    assert cli("publish", address, "--to", "staging", "-r", "better").code == 0
    done = cli("redact", "approve", project, number, "--json")
    assert done.code == 0, done.err
    assert done.json["state"] == "done" and done.json["cleaned_at"]
    assert SECRET not in done.out

    shown = cli("prompt", "show", f"{address}@1", "--json").json
    assert shown["redacted_at"] and "(redacted)" in shown["content"]
    assert cli("prompt", "show", f"{address}@{old[:9]}", "--json").json["version"] == 1
    assert f"Commit {old[:9]} was rewritten" in cli("prompt", "show", f"{address}@{old[:9]}").err
    back = cli("rollback", address, "--in", "staging", "-r", "go back")
    assert back.code == 1 and "changed by a redaction" in back.err
    log = cli("audit", "log", "-p", project, "--json").out
    assert "redaction.approve" in log and SECRET not in log
    assert SECRET not in server.log.read_text()
    for path in (p for p in server.data.rglob("*") if p.is_file()):
        assert SECRET.encode() not in path.read_bytes(), path

    again = cli("redact", "request", address, "--replace", secret_file, "-r", "again")
    assert again.code == 2 and "does not stand in" in again.err
    assert cli("redact", "cancel", project, number).code == 1


def test_a_request_is_cancelled(
    signed_in: Cli, project: str, put: Callable[..., int], secret_file: str
) -> None:
    put(f"{project}/a", file_with(SECRET))
    asked = signed_in(
        "redact", "request", f"{project}/a@1", "--replace", secret_file, "-r", "x", "--json"
    )
    shown = signed_in("redact", "cancel", project, asked.json["id"])
    assert shown.code == 0 and "text is wiped" in shown.out
    assert "cancelled" in signed_in("redact", "show", project, asked.json["id"]).out
    assert signed_in("redact", "show", project, "none").code == 2
