"""`review …` and `work`, by four people on a server that is their own."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from promptops.cli import reviewing
from promptops.cli.failures import BadInput
from promptops_server.app.operator_token import create_operator_token
from promptops_server.infra.database import Database
from support.cli import Cli, Done
from support.reviewed_files import reviewed_prompt
from support.server import RunningServer

PEOPLE = {"ada": "author", "rita": "reviewer", "abe": "approver", "pia": "publisher"}
As = Callable[..., Done]


@pytest.fixture(scope="session")
def tokens(server: RunningServer) -> dict[str, str]:
    """A token of each person."""
    database = Database(f"sqlite:///{server.data / 'promptops.sqlite'}")
    for name in ("maria.lopez", "tom.becker", "lena.vogt"):  # whom records name
        create_operator_token(database, user=name, role="viewer")
    found = {
        name: create_operator_token(database, user=name, role=role).secret
        for name, role in PEOPLE.items()
    }
    database.close()
    return found


@pytest.fixture
def by(
    cli: Cli, server: RunningServer, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> As:
    """Run a command line as one of them: ``by("ada", "work")``."""

    def call(who: str, *arguments: str, stdin: str = "") -> Done:
        monkeypatch.setenv("PROMPTOPS_URL", server.url)
        monkeypatch.setenv("PROMPTOPS_TOKEN", tokens[who])
        return cli(*arguments, stdin=stdin)

    return call


@pytest.fixture
def write(by: As, tmp_path: Path, project: str) -> Callable[..., str]:
    """Put a prompt as ada; its address."""

    def call(tier: str = "low", path: str = "hours", **file: str) -> str:
        text = tmp_path / "hours.prompt.yml"
        text.write_text(reviewed_prompt(tier, **file))
        done = by("ada", "prompt", "put", str(text), f"{project}/{path}")
        assert done.code == 0, done.err
        return f"{project}/{path}"

    return call


def test_low_tier_from_writing_to_live(by: As, write: Callable[..., str], project: str) -> None:
    hours = write()
    publish = ("publish", hours, "--to", "production", "--reason", "For staff")
    assert by("ada", "review", "status", hours).out.startswith(f"{hours}@1 is draft\n")
    nobody = by("pia", *publish)
    assert (nobody.code, "approval.missing" in nobody.err) == (1, True)
    asked = by("ada", "review", "request", hours, "-m", "First", "--ask", "abe")
    assert asked.out == f"Request {project}#1: hours@1, tier low, waits for 1 approval.\n"
    (todo,) = [w for w in by("abe", "work", "--json").json["items"] if w["project"] == project]
    assert (todo["kind"], todo["request"], todo["asked"]) == ("approve", 1, True)
    assert f"approve\t{project}#1\thours@1\tlow" in by("abe", "work").out
    assert by("ada", "review", "status", hours, "--check").code == 1
    refused = by("ada", "review", "approve", f"{project}#1", "--json")
    assert (refused.code, refused.problem["rule"]) == (1, "role.missing")
    done = by("abe", "review", "approve", hours, "--reason", "Reads well")
    assert done.code == 0, done.err
    assert f"{project}#1: hours@1 is approved" in done.out
    assert "abe (approver): approve: Reads well" in done.out
    assert by("ada", "review", "status", hours, "--check").code == 0
    assert by("pia", *publish).code == 0
    shown = by("ada", "review", "status", hours, "--json").json
    assert (shown["state"], shown["complete"], shown["authors"]) == ("published", True, ["ada"])
    assert by("pia", "review", "approve", f"{project}#1").code == 1


def test_medium_tier_takes_two_people_and_says_whom_it_waits_for(
    by: As, write: Callable[..., str], project: str
) -> None:
    hours = write("medium")
    made = by("ada", "review", "request", hours, "--json").json
    assert [(m["step"], m["count"]) for m in made["missing"]] == [("review", 1), ("approve", 1)]
    assert set(made) >= {"project", "request", "path", "version", "newest", "state", "tier"}
    early = by("abe", "review", "approve", hours)
    assert (early.code, "reviewed before it is approved" in early.err) == (1, True)
    asked = by("rita", "review", "changes", hours, "--reason", "Line 8 is long", "--json").json
    assert (asked["state"], asked["decisions"][0]["decision"]) == (
        "changes_requested",
        "request_changes",
    )
    assert by("rita", "review", "approve", hours, "--as", "review").code == 0
    done = by("abe", "review", "approve", f"{project}#1", "--json").json
    assert [(d["by"], d["counts"]) for d in done["decisions"]] == [
        ("rita", False),
        ("rita", True),
        ("abe", True),
    ]
    listed = by("ada", "review", "list", project, "--state", "approved", "--mine")
    assert listed.out.startswith(f"{project}#1\tapproved\thours@1\tmedium\tada\t")
    assert by("ada", "review", "list", project, "--state", "lapsed", "--json").json == {"items": []}
    revoked = by("abe", "review", "revoke", f"{hours}@1", "--reason", "Complaint upheld")
    assert "is revoked" in revoked.out


def test_what_the_record_lacks_is_named_and_nothing_is_asked(
    by: As, write: Callable[..., str], tmp_path: Path, project: str
) -> None:
    text = tmp_path / "bare.prompt.yml"
    text.write_text("messages:\n  - role: user\n    content: Hi\n")
    assert by("ada", "prompt", "put", str(text), f"{project}/bare").code == 0
    refused = by("ada", "review", "request", f"{project}/bare")
    assert refused.code == 1
    assert "D03 intent" in refused.err
    status = by("ada", "review", "status", f"{project}/bare")
    assert "D03 intent" in status.out
    nobody = by("abe", "review", "approve", f"{project}/bare")
    assert (nobody.code, "nobody asked for a review" in nobody.err) == (1, True)


def test_comments_and_a_suggestion_applied(by: As, write: Callable[..., str], project: str) -> None:
    hours = write()
    by("ada", "review", "request", hours)
    request = f"{project}#1"
    line = reviewed_prompt().splitlines().index("    content: When is {{ branch }} open?") + 1
    suggest = ("--line", str(line), "--suggest", "    content: Is {{ branch }} open?")
    made = by("rita", "review", "comment", request, "Shorter", *suggest, "--json").json
    assert by("ada", "review", "comment", request, "Yes", "--reply-to", made["id"]).code == 0
    found = by("ada", "review", "comments", request, "--json").json["items"]
    assert [(c["by"], c["thread"]) for c in found] == [("rita", made["id"]), ("ada", made["id"])]
    assert by("ada", "review", "resolve", request, made["id"]).out == "Settled.\n"
    assert by("ada", "review", "resolve", request, made["id"], "--reopen").out == "Open again.\n"
    applied = by("ada", "review", "apply", request, made["id"])
    assert "is version 2 now" in applied.out
    assert by("ada", "review", "apply", request, made["id"]).code == 1
    assert "version 2 exists" in by("ada", "review", "show", request).err


@pytest.mark.parametrize(
    "arguments",
    [
        ("review", "show", "bank#0"),
        ("review", "show", "bank#x"),
        ("review", "approve", "bank#1", "--as", "publisher"),
        ("review", "approve", "bank#1", "--sign-stdin"),
        ("review", "reject", "bank#1"),
        ("review", "request", "bank/a@production"),
        ("review", "request", "one/a", "two/b"),
    ],
)
def test_what_means_nothing_is_bad_input(by: As, arguments: tuple[str, ...]) -> None:
    assert by("abe", *arguments).code == 2


def test_a_signature_is_read_as_two_lines_and_never_asked_of_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def typed(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    typed("a password \r\n123456\n")
    assert reviewing.signature(False, True) == {"password": "a password ", "code": "123456"}
    typed("only a password")
    assert reviewing.signature(True, True) == {"password": "only a password"}
    typed("")
    with pytest.raises(BadInput, match="no password"):
        reviewing.signature(True, True)
    with pytest.raises(BadInput, match="no terminal"):
        reviewing.signature(True, False)
    assert reviewing.signature(False, False) is None


def test_a_decision_that_is_signed_does_not_wait_for_a_terminal_that_is_not_there(
    by: As, write: Callable[..., str], project: str
) -> None:
    hours = write("high")
    assert by("ada", "review", "request", hours).code == 0
    plain = by("rita", "review", "approve", hours)
    # A token of the server's own machine signs nothing; were it rita's own, the answer would be how to sign from a pipe.
    assert (plain.code, "signature.operator" in plain.err) == (1, True)
