"""Everybody on every path to production with content nobody approved: none of it goes live, and a rule says why."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from promptops.cli import run as command_line
from promptops_server.app.operator_token import create_operator_token
from promptops_server.infra.database import Database
from support.reviewed_files import reviewed_prompt
from support.server import RunningServer
from support.stock_git import Git

PROJECT = "bank"
BASE = f"/projects/{PROJECT}"
PRODUCTION = f"{BASE}/environments/production"
STAGING = f"{BASE}/environments/staging"
ROLES = (
    *("viewer", "author", "reviewer", "validator", "approver", "risk", "publisher"),
    *("emergency", "auditor", "delivery", "admin", "service"),
)
"""`service` is a service account that publishes; all tokens are an operator's, made on the server's own machine."""
MAY_PUBLISH = {"publisher", "admin", "service"}


@dataclasses.dataclass
class Bank:
    """A running server, a token per role, and what is approved: `approved`, and nothing else."""

    server: RunningServer
    tokens: dict[str, str]
    folder: Path
    git: Git

    def api(self, role: str) -> httpx2.Client:
        return self.server.api(self.tokens[role])

    def put(self, path: str, says: str, role: str = "author") -> int:
        with self.api(role) as api:
            found = api.get(f"{BASE}/prompts/{path}")
            match = {"If-Match": found.headers["ETag"]} if found.is_success else {}
            made = api.put(
                f"{BASE}/prompts/{path}",
                content=reviewed_prompt(says=says),
                params={"message": "Write"},
                headers={"Content-Type": "application/yaml", **match},
            )
            assert made.is_success, made.text
            number: int = made.json()["version"]
            return number

    def approve(self, path: str) -> int:
        with self.api("author") as api:
            asked = api.post(f"{BASE}/reviews", json={"path": path})
            assert asked.is_success, asked.text
            number: int = asked.json()["request"]
        self.decide(number, "approve")
        return number

    def decide(self, number: int, decision: str) -> None:
        with self.api("approver") as api:
            said = {"decision": decision, "reason": "As seen in a test"}
            api.post(f"{BASE}/reviews/{number}/decisions", json=said).raise_for_status()

    def publish(self, role: str, path: str, version: int | None = None, **more: Any) -> Any:
        with self.api(role) as api:
            body = {"prompts": [{"path": path, "version": version}], "reason": "Try it", **more}
            return api.post(f"{PRODUCTION}/releases", json=body)

    def live(self) -> dict[str, int]:
        with self.api("admin") as api:
            return {i["path"]: i["version"] for i in api.get(PRODUCTION).json()["items"]}

    def pushed(self, role: str, files: dict[str, str]) -> str:
        """Commit these files on top of env/production and push it; what git printed."""
        address = f"http://x:{self.tokens[role]}@127.0.0.1:{self.server.port}/git/{PROJECT}.git"
        clone = self.folder / "clone"
        if not clone.exists():
            mine = address.replace(self.tokens[role], self.tokens["admin"])
            self.git("clone", "-q", "--branch", "env/production", mine, str(clone))
        self.git("reset", "-q", "--hard", "origin/env/production", cwd=clone)
        for name, text in files.items():
            target = clone / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        self.git("add", "-A", cwd=clone)
        self.git("commit", "-q", "-m", "Publish it past the gate", cwd=clone)
        done = self.git.run("push", address, "HEAD:env/production", cwd=clone)
        assert done.code != 0
        return done.err + done.out


@pytest.fixture(scope="module")
def bank(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    folder = tmp_path_factory.mktemp("no-way")
    database = Database(f"sqlite:///{server.data / 'promptops.sqlite'}")

    def token(name: str, role: str, **scope: str) -> str:
        return create_operator_token(database, user=name, role=role, **scope).secret

    tokens = {"admin": token("admin", "admin")}
    with server.api(tokens["admin"]) as api:
        api.post("/projects", json={"name": PROJECT}).raise_for_status()
        api.post("/users", json={"name": "service", "kind": "service"}).raise_for_status()
    for role in ROLES:
        if role == "delivery":
            where = {"project": PROJECT, "environment": "production"}
            tokens[role] = token(role, role, **where)
        elif role != "admin":
            tokens[role] = token(role, "publisher" if role == "service" else role)
    database.close()
    made = Bank(server, tokens, folder, Git(folder / "home"))
    made.put("hours", "Nobody approved this?")
    with made.api("author") as api:
        body = {"prompts": [{"path": "hours"}], "reason": "Try it out"}
        api.post(f"{STAGING}/releases", json=body).raise_for_status()
    made.put("revoked", "Will be revoked?")
    request = made.approve("revoked")
    assert made.publish("publisher", "revoked").is_success
    made.put("revoked", "Stays?")
    made.approve("revoked")
    assert made.publish("publisher", "revoked").is_success
    made.decide(request, "revoke")
    made.put("approved", "Approved?")
    made.approve("approved")
    with made.api("author") as api:
        moved = api.post(f"{BASE}/move", json={"from": "approved", "to": "moved"})
        assert moved.is_success, moved.text
    made.put("again", "Approved and archived?")
    made.approve("again")
    with made.api("author") as api:
        tag = api.get(f"{BASE}/prompts/again").headers["ETag"]
        gone = api.delete(f"{BASE}/prompts/again", headers={"If-Match": tag})
        assert gone.is_success, gone.text
    made.put("again", "Something else?")
    return made


HIDDEN = "hidden"
"""Who may not even read the project is told that there is none."""

Attempt = Callable[[Bank, str, pytest.MonkeyPatch, pytest.CaptureFixture[str]], set[str]]
"""Tries it as somebody; gives the rules by which it was refused."""


def refused(answer: httpx2.Response) -> set[str]:
    if answer.status_code == 404 and "that you may read" in answer.text:
        return {HIDDEN}
    assert answer.status_code == 403, answer.text
    body = answer.json()
    return {body["rule"], *(item["rule"] for item in body.get("unmet", ()))}


def by_api(path: str, version: int | None = None) -> Attempt:
    return lambda bank, role, patch, out: refused(bank.publish(role, path, version))


def by_command_line(
    bank: Bank, role: str, patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> set[str]:
    patch.setenv("PROMPTOPS_LOGIN_FILE", str(bank.folder / "login.toml"))
    patch.setenv("PROMPTOPS_URL", bank.server.url)
    patch.setenv("PROMPTOPS_TOKEN", bank.tokens[role])
    out.readouterr()
    place = ("publish", f"{PROJECT}/hours", "--to", "production", "--reason", "Try it")
    assert command_line([*place, "--json"]) in (1, 2)
    return rules_in(out.readouterr().err)


def rules_in(text: str) -> set[str]:
    """What a terminal says: the gate's rules by name, a role that lacks in a sentence."""
    words = {
        "approval.missing": "approval.missing",
        "approval.revoked": "approval.revoked",
        "for one of these roles": "role.missing",
        "that you may read": HIDDEN,
    }
    return {rule for said, rule in words.items() if said in text}


def by_push(name: str, says: str) -> Attempt:
    return lambda bank, role, patch, out: rules_in(
        bank.pushed(role, {name: reviewed_prompt(says=says)})
    )


def by_promotion(
    bank: Bank, role: str, patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> set[str]:
    with bank.api(role) as api:
        return refused(
            api.post(f"{PRODUCTION}/promotions", json={"from": "staging", "reason": "Promote"})
        )


def by_rollback(
    bank: Bank, role: str, patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> set[str]:
    body = {"path": "revoked", "to_version": 1, "reason": "Was better"}
    with bank.api(role) as api:
        return refused(api.post(f"{PRODUCTION}/rollback", json=body))


PATHS: dict[str, tuple[Attempt, str]] = {
    "API": (by_api("hours"), "approval.missing"),
    "command line": (by_command_line, "approval.missing"),
    "push": (by_push("hours.prompt.yml", "Nobody approved this?"), "approval.missing"),
    "promotion": (by_promotion, "approval.missing"),
    "rollback to revoked": (by_rollback, "approval.revoked"),
    "publish of revoked": (by_api("revoked", 1), "approval.revoked"),
    "push of revoked": (by_push("revoked.prompt.yml", "Will be revoked?"), "approval.revoked"),
    "moved": (by_api("moved"), "approval.missing"),
    "push of moved": (by_push("moved.prompt.yml", "Approved?"), "approval.missing"),
    "archived and made again": (by_api("again"), "approval.missing"),
}


@pytest.mark.parametrize("way", PATHS)
@pytest.mark.parametrize("role", ROLES)
def test_nobody_brings_unapproved_content_to_production(
    bank: Bank,
    role: str,
    way: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    attempt, rule = PATHS[way]
    rules = attempt(bank, role, monkeypatch, capsys)
    assert rules
    assert (HIDDEN in rules) == (role == "delivery")
    if role in MAY_PUBLISH:
        assert rule in rules
    assert bank.live() == {"revoked": 2}


@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
def test_only_administrators_take_the_need_for_approval_away(bank: Bank, role: str) -> None:
    with bank.api(role) as api:
        answer = api.patch(PRODUCTION, json={"approval_required": False, "reason": "In the way"})
        assert refused(answer)
        assert api.post(f"{BASE}/environments", json={"name": "production2"}).status_code >= 400
    with bank.api("admin") as api:
        assert api.get(PRODUCTION).json()["approval_required"] is True


def test_an_administrator_who_takes_it_away_leaves_a_trace(bank: Bank) -> None:
    with bank.api("admin") as api:
        for wanted in (False, True):
            body = {"approval_required": wanted, "reason": "An audited step"}
            api.patch(PRODUCTION, json=body).raise_for_status()
        query = {"project": PROJECT, "action": "environment.change"}
        events = api.get("/audit/events", params=query).json()["items"]
    changed = [(e["actor"]["name"], e["after"]) for e in events if e["outcome"] != "denied"]
    assert [who for who, _ in changed] == ["admin", "admin"]
    assert [after["approval_required"] for _, after in changed] == [True, False]


def test_the_same_file_pushed_to_an_address_that_has_none_is_no_version_there(bank: Bank) -> None:
    for role in sorted(MAY_PUBLISH):
        said = bank.pushed(role, {"elsewhere.prompt.yml": reviewed_prompt(says="Stays?")})
        assert "is not the content of any version of this prompt" in said
    assert bank.live() == {"revoked": 2}


def test_a_schedule_whose_approval_is_revoked_before_its_time_releases_nothing(bank: Bank) -> None:
    bank.put("tonight", "Tonight?")
    request = bank.approve("tonight")
    at = datetime.now(UTC) + timedelta(seconds=3)
    made = bank.publish("publisher", "tonight", at=at.isoformat())
    assert made.status_code == 202, made.text
    bank.decide(request, "revoke")
    found: dict[str, Any] = {"state": "scheduled"}
    deadline = time.monotonic() + 60
    with bank.api("publisher") as api:
        while found["state"] in ("scheduled", "running"):
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
            found = api.get(f"{PRODUCTION}/schedule/{made.json()['id']}").json()
        assert (found["state"], found["problem"]["rule"]) == ("failed", "approval.revoked")
        again = api.post(f"{PRODUCTION}/schedule/{made.json()['id']}/run")
    assert "approval.revoked" in refused(again)
    assert bank.live() == {"revoked": 2}
