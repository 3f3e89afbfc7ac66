"""Exceptions, certifications and retirements over HTTP: forms, pages, problems."""

from __future__ import annotations

import pytest
from continuity_world import ADA, APP, DAY, REV, RIK, ContinuityWorld, paper
from fastapi import FastAPI
from starlette.testclient import TestClient

from promptops_server.app import refusals
from promptops_server.approvals.certification.model import Published
from promptops_server.approvals.certification.note import note_release
from promptops_server.approvals.certification.routes import router as certification
from promptops_server.approvals.exceptions.routes import router as exceptions
from promptops_server.approvals.retirement.routes import router as retirement
from promptops_server.infra.actor import Actor

ACTORS = {actor.name: actor for actor in (ADA, APP, REV, RIK)}
ACTORS["out"] = Actor("id-of-out", "out", roles=frozenset({"elsewhere:viewer"}))
EXCEPTION = {
    "rule": "record.harms_benefits",
    "scope": "claims/",
    "reason": "The fairness run waits for data of March.",
    "control": "Every answer is read by a person before it is sent.",
    "days": 30,
}


async def _by_name(authorization: str | None, *, ip: str | None, request_id: str | None) -> Actor:
    return ACTORS[(authorization or "").removeprefix("Bearer ")]


def client(bank: ContinuityWorld, as_: str) -> TestClient:
    app = FastAPI()
    app.state.authenticate = _by_name
    refusals.install(app, refusals.DenialLog(bank.db, per_minute=100))
    for part in (exceptions, certification, retirement):
        app.include_router(part(bank.deps), prefix="/api/v1")
    return TestClient(
        app,
        base_url="http://testserver/api/v1/projects/retail-bank",
        headers={"authorization": f"Bearer {as_}"},
    )


def test_an_exception_is_made_accepted_listed_and_revoked(sqlite_bank: ContinuityWorld) -> None:
    rev, rik = client(sqlite_bank, "rev"), client(sqlite_bank, "rik")
    made = rev.post("/exceptions", json=EXCEPTION)
    assert made.status_code == 201, made.text
    assert made.headers["Location"].endswith("/retail-bank/exceptions/E1")
    assert (made.json()["id"], made.json()["state"]) == ("E1", "requested")
    said = {"reason": "Small exposure"}
    denied = client(sqlite_bank, "app").post("/exceptions/E1/accept", json=said)
    assert (denied.status_code, denied.json()["action"]) == (403, "exception:accept")
    assert rik.post("/exceptions/E1/accept", json=said).json()["accepted_by"] == "rik"
    assert [e["id"] for e in rev.get("/exceptions?state=accepted").json()["items"]] == ["E1"]
    assert rev.post("/exceptions/E1/revoke", json=said).json()["state"] == "revoked"
    assert rev.get("/exceptions/e1").json()["revoked_by"] == "rev"
    assert rik.post("/exceptions/E1/accept", json=said).status_code == 409


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "separation.author"},
        {"days": 91},
        {"more": 1},
        {"reason": "short"},
        {"scope": "//"},
    ],
)
def test_what_may_not_be_asked_for_is_invalid(
    sqlite_bank: ContinuityWorld, change: dict[str, object]
) -> None:
    answer = client(sqlite_bank, "rev").post("/exceptions", json={**EXCEPTION, **change})
    assert answer.status_code == 422


def test_a_review_is_listed_and_certified(sqlite_bank: ContinuityWorld) -> None:
    sqlite_bank.papers["claims/triage"] = paper("medium")
    with sqlite_bank.db.write() as tx:
        item = Published("claims/triage", 1, "b", "r", "medium", tx.now - 350 * DAY)
        note_release(tx, sqlite_bank.project.id, "e1", [item])
    rev, app = client(sqlite_bank, "rev"), client(sqlite_bank, "app")
    (due,) = rev.get("/certifications?due=warned").json()["items"]
    assert (due["state"], due["environment"], due["cause"]) == ("warned", "production", "periodic")
    said = {"path": "claims/triage", "reason": "Figures looked at"}
    assert rev.post("/certifications", json=said).json()["missing"] == [
        {"step": "approve", "from_risk": False}
    ]
    shown = rev.get(f"/certifications/{due['id']}").json()
    assert [d["by"] for d in shown["decisions"]] == ["rev"]
    done = app.post("/certifications", json=said).json()
    assert (done["missing"], done["state"]) == ([], "current")
    assert rev.get(f"/certifications/{due['id']}").status_code == 404
    assert (
        app.post(f"/certifications/{done['id']}/keep", json={"reason": "x" * 30}).status_code == 409
    )
    wrong = app.post("/certifications", json={**said, "step": "publish"})
    assert wrong.status_code == 422


def test_a_prompt_is_retired_and_brought_back(sqlite_bank: ContinuityWorld) -> None:
    app = client(sqlite_bank, "app")
    said = {"path": "claims/triage", "reason": "Replaced"}
    assert app.post("/retirements", json=said).status_code == 201
    assert [r["path"] for r in app.get("/retirements").json()["items"]] == ["claims/triage"]
    assert app.post("/retirements/undo", json=said).json() == {
        "path": "claims/triage",
        "retired": False,
    }
    assert app.get("/retirements").json() == {"items": [], "next": None}


def test_nothing_is_shown_to_those_who_may_not_read(sqlite_bank: ContinuityWorld) -> None:
    out = client(sqlite_bank, "out")
    for path in ("/exceptions", "/exceptions/E1", "/certifications", "/retirements"):
        assert out.get(path).status_code == 404
    assert out.post("/exceptions", json=EXCEPTION).status_code == 404
