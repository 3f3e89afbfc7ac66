"""The whole way of a prompt with different people, passwords and signatures, to a pack that an auditor checks alone.

One author, one reviewer, one validator, two approvers, one publisher and one auditor, each signed in as themselves.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from promptops.cli import run as command_line
from support.reviewed_files import reviewed_prompt
from support.server import RunningServer

PROJECT = "bank"
PEOPLE = {
    "ana": "author",
    "rita": "reviewer",
    "val": "validator",
    "abe": "approver",
    "rob": "risk",
    "pia": "publisher",
    "aud": "auditor",
    "maria.lopez": "viewer",
    "tom.becker": "viewer",
    "lena.vogt": "viewer",
}
SIGNING = ("rita", "val", "abe", "rob")
INTENT = (
    "  intent: Staff find the opening hours of a branch without calling it. It advises nobody.\n"
)
REPORT = "3" * 64


@dataclass
class Bank:
    """A running server and the people of a bank; `run` is a command as one of them."""

    server: RunningServer
    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)

    def run(self, who: str, *args: str, code: int = 0, stdin: str = "", errors: bool = True) -> str:
        """What the command printed, on both streams; its exit code is checked."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("PROMPTOPS_URL", self.server.url)
            patch.setenv("PROMPTOPS_LOGIN_FILE", str(self.folder / f"{who}.login"))
            patch.delenv("PROMPTOPS_TOKEN", raising=False)
            if who in self.tokens:
                patch.setenv("PROMPTOPS_TOKEN", self.tokens[who])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            done = command_line(list(args))
        assert done == code, f"{who}: {args}\n{out.getvalue()}{err.getvalue()}"
        return out.getvalue() + (err.getvalue() if errors else "")

    def told(self, who: str, *args: str) -> Any:
        """What it says as JSON."""
        return json.loads(self.run(who, *args, "--json", errors=False))

    def work(self, who: str) -> list[str]:
        return [f"{w['kind']} {w['path']}" for w in self.told(who, "work")["items"]]

    def sign(self, who: str, request: str, *args: str, code: int = 0) -> str:
        return self.run(
            who, "review", "approve", request, "--reason", f"Seen by {who}", "--sign-stdin", *args,
            code=code, stdin=f"{password(who)}\n\n",
        )  # fmt: skip


def password(who: str) -> str:
    return f"own words of {who}, not a name"


@pytest.fixture(scope="module")
def bank(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    made = Bank(server, tmp_path_factory.mktemp("people"))
    made.tokens["root"] = server.token("root", "admin")
    made.run("root", "project", "create", PROJECT)
    for name, role in PEOPLE.items():
        first = f"the first one of {name}, given"
        made.run(
            "root", "user", "create", name, "--email", f"{name}@bank.example", "--password-stdin",
            stdin=f"{first}\n",
        )  # fmt: skip
        made.run("root", "user", "grant", name, role, "-p", PROJECT)
        if role == "viewer":
            continue
        made.run(name, "login", "--user", name, "--password-stdin", stdin=f"{first}\n")
        if name in SIGNING:  # whoever signs has a password that nobody else knows
            own = f"{first}\n{password(name)}\n"
            made.run(name, "me", "password", "--password-stdin", stdin=own)
    return made


def put(bank: Bank, address: str, text: str) -> None:
    file = bank.folder / "p.prompt.yml"
    file.write_text(text)
    bank.run("ana", "prompt", "put", str(file), address)


def rules(told: str) -> set[str]:
    """The rules a refusal names."""
    return set(re.findall(r"^  ([a-z_]+\.[a-z_]+): ", told, re.MULTILINE))


def publish(bank: Bank, who: str, address: str, code: int = 0) -> str:
    return bank.run(who, "publish", address, "--to", "production", "--reason", "For staff", code=code)  # fmt: skip


@pytest.mark.parametrize("tier", ["low", "high"])
def test_four_eyes_from_a_draft_to_a_pack_that_proves_it(bank: Bank, tier: str) -> None:
    path = f"hours/{tier}"
    address = f"{PROJECT}/{path}"
    text = reviewed_prompt(tier)

    # An author is refused, and told all that is missing.
    put(bank, address, text.replace(INTENT, ""))
    refused = publish(bank, "ana", address, code=1)
    assert rules(refused) == {
        "role.missing",
        "record.intent",
        "approval.missing",
        "separation.author",
    }
    assert "D03 intent" in bank.run("ana", "review", "status", address)
    assert "record.intent" in bank.run("ana", "review", "request", address, "-m", "Please", code=1)
    can = ("whoami", "--can", "publish", address, "--in", "production")
    assert rules(bank.run("pia", *can, code=1)) == {"record.intent", "approval.missing"}

    # The record is completed; the decisions are other people's.
    put(bank, address, text)
    bank.run("ana", "review", "request", address, "-m", "Please")
    bank.run("ana", "review", "approve", address, code=1)
    if tier == "high":
        assert (bank.work("rita"), bank.work("val")) == ([f"review {path}"], [f"validate {path}"])
        assert bank.work("abe") == []
        bank.sign("rita", address)
        bank.sign("val", address, code=2)  # a validation without its report
        bank.sign("val", address, "--report-hash", REPORT)
        unsigned = bank.run("abe", "review", "approve", address, code=2)
        assert "this decision is signed" in unsigned
    assert bank.work("abe") == bank.work("rob") == [f"approve {path}"]
    bank.sign("abe", address)
    if tier == "high":
        assert rules(publish(bank, "pia", address, code=1)) == {"approval.approval"}
        bank.sign("rob", address)
    assert bank.told("ana", "review", "status", address)["state"] == "approved"
    assert bank.run("pia", *can).startswith("Yes")
    assert bank.work("pia") == [f"publish {path}"]
    assert rules(publish(bank, "ana", address, code=1)) == {"role.missing", "separation.author"}
    publish(bank, "pia", address)
    assert bank.work("pia") == []
    assert bank.told("ana", "review", "status", address, "--check")["state"] == "published"

    # The auditor needs the pack alone.
    pack = bank.folder / f"{tier}.zip"
    bank.run("aud", "evidence", f"{address}@production", "-o", str(pack))
    alone = Bank(RunningServer(bank.folder / "nothing"), bank.folder / "alone")
    told = alone.told("aud", "evidence", "verify", str(pack))
    assert told["ok"] is True
    signed = 4 if tier == "high" else 1
    assert f"signed: {signed}" in json.dumps(told)
    events = [
        json.loads(line)
        for line in zipfile.ZipFile(pack).read("audit/events.jsonl").decode().splitlines()
    ]
    bodies = [event["body"] for event in events if "body" in event]
    released = [body for body in bodies if body["action"] == "release.publish"]
    assert {event["tier"] for event in released} == {tier}
    check = checker(pack, bank.folder)
    assert check(pack.read_bytes()) == (0, "")
    for name in ("approvals.json", "audit/events.jsonl", "report.pdf", "prompt.prompt.yml"):
        found = [f for f in files(pack) if f.endswith(name)]
        code, faults = check(flipped(pack, found[0]))
        assert (code, found[0] in faults) == (1, True), faults
    assert check(pack.read_bytes() + b"\n")[0] != 0


def files(pack: Path) -> list[str]:
    return zipfile.ZipFile(pack).namelist()


def flipped(pack: Path, name: str) -> bytes:
    """The pack with one bit of one byte in the middle of a file changed."""
    entry = zipfile.ZipFile(pack).getinfo(name)
    content = bytearray(pack.read_bytes())
    content[entry.header_offset + 30 + len(name.encode()) + entry.file_size // 2] ^= 1
    return bytes(content)


def checker(pack: Path, folder: Path) -> Callable[[bytes], tuple[int, str]]:
    """The pack's own program under a bare interpreter: exit code, and the faults it names."""
    program = folder / "verify.py"
    program.write_bytes(zipfile.ZipFile(pack).read("verify.py"))
    given = folder / "given.zip"

    def check(content: bytes) -> tuple[int, str]:
        given.write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(program), str(given)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        faults = [line for line in done.stdout.splitlines() if line.startswith("  WRONG")]
        return done.returncode, "\n".join(faults)

    return check


def test_a_revoked_approval_says_where_it_is_live_and_stops_nothing_by_itself(bank: Bank) -> None:
    address = f"{PROJECT}/hours/revoked"
    put(bank, address, reviewed_prompt(says="Which day does {{ branch }} close?"))
    bank.run("ana", "review", "request", address)
    bank.run("abe", "review", "approve", address)
    publish(bank, "pia", address)
    revoked = bank.run("rita", "review", "revoke", address, "--reason", "A complaint was upheld")
    assert f"promptops suspend {address} --in production" in revoked
    found = bank.told("rita", "review", "show", address)
    assert found["live"] == [{"environment": "production", "version": 1}]
    item = "revoked_live hours/revoked"
    assert item in bank.work("abe")
    assert item in bank.work("rob")
    assert item not in bank.work("rita")
    bank.run("abe", "suspend", address, "--in", "production", "--reason", "A complaint was upheld")
    assert item not in bank.work("abe")
    assert bank.told("rita", "review", "show", address)["live"] == []
    assert rules(publish(bank, "pia", address, code=1)) == {"approval.revoked"}


def test_an_exception_from_a_field_lets_its_prompt_be_reviewed_and_published(bank: Bank) -> None:
    address = f"{PROJECT}/hours/excepted"
    put(bank, address, reviewed_prompt(says="Does {{ branch }} open?").replace(INTENT, ""))
    bank.run("ana", "review", "request", address, code=1)
    bank.run(
        "ana", "exception", "request", address, "--rule", "record.intent", "--days", "3",
        "--reason", "The business owner is away until Monday", "--control", "Every answer is read by staff",
    )  # fmt: skip
    bank.run("ana", "review", "request", address, code=1)
    assert "accept_exception hours/excepted" in bank.work("rob")
    bank.run("rob", "exception", "accept", PROJECT, "E1", "--reason", "Three days are fine")
    bank.run("ana", "review", "request", address)
    bank.run("abe", "review", "approve", address)
    publish(bank, "pia", address)
    pack = bank.folder / "excepted.zip"
    bank.run("aud", "evidence", f"{address}@production", "-o", str(pack))
    events = zipfile.ZipFile(pack).read("audit/events.jsonl").decode()
    assert events.count("exception.accept") == 1
    archived = f"{PROJECT}/hours/archived"
    put(bank, archived, reviewed_prompt(says="Is {{ branch }} there?"))
    bank.run("ana", "prompt", "archive", archived, "-m", "Not needed")
    assert "archived" in bank.run("ana", "review", "request", archived, code=1)


def test_an_unknown_request_is_not_found_however_large_its_number(bank: Bank) -> None:
    with bank.server.api(bank.tokens["root"]) as api:
        for number in (0, -1, 2**31, 10**30):
            assert api.get(f"/projects/{PROJECT}/reviews/{number}").status_code == 404
