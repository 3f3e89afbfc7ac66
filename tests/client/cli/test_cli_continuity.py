"""Exceptions, certification, retirement and emergencies from the command line: what is typed, what is said."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from support.cli import Cli, prompt_text
from support.server import RunningServer

REASON = "The fairness run waits for data of March"
CONTROL = "Every answer is read by a person before it is sent"


@pytest.fixture
def project(signed_in: Cli, tmp_path: Path) -> str:
    name = f"bank-{uuid.uuid4().hex[:8]}"
    file = tmp_path / "triage.prompt.yml"
    file.write_text(prompt_text("one"))
    assert signed_in("project", "create", name).code == 0
    assert signed_in("prompt", "put", str(file), f"{name}/claims/triage").code == 0
    return name


def test_an_exception_from_request_to_its_end(
    signed_in: Cli, server: RunningServer, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("exception", "request", "--rule", "record.harms_benefits", "--reason", REASON)
    done = signed_in(*asked, f"{project}/claims/", "--control", CONTROL, "--days", "30")
    assert done.code == 0, done.err
    assert done.out.startswith("Exception E1 is requested")
    done = signed_in(*asked, f"{project}/", "--control", "short")
    assert done.code == 2
    assert "control has 5 characters" in done.err
    done = signed_in("exception", "accept", project, "E1", "--reason", "Small exposure")
    assert done.code == 1
    assert "may not accept exceptions" in done.err
    monkeypatch.setenv("PROMPTOPS_TOKEN", server.token("rik", "risk"))
    done = signed_in("exception", "accept", project, "E1", "--reason", "Small exposure")
    assert done.out.startswith("Exception E1 is in force until"), done.err
    rows = signed_in("exception", "list", project).out
    assert "E1\taccepted\trecord.harms_benefits\tclaims/" in rows
    assert "rik" in signed_in("exception", "show", project, "E1").out
    done = signed_in("exception", "revoke", project, "E1", "--reason", "The run is done")
    assert "holds again" in done.out
    assert signed_in("exception", "show", project, "E9").code == 2


def test_a_prompt_is_retired_and_brought_back(signed_in: Cli, project: str) -> None:
    address = f"{project}/claims/triage"
    done = signed_in("retire", address, "--reason", "Replaced by the claims agent")
    assert done.out == f"{address} is retired.\n", done.err
    assert signed_in("retire", address, "--reason", "again").code == 1
    done = signed_in("retire", address, "--undo", "--reason", "The agent was withdrawn")
    assert done.out == f"{address} may be published again.\n"
    assert signed_in("retire", f"{address}@1", "--reason", "no").code == 2


def test_what_is_not_there_is_said(signed_in: Cli, project: str) -> None:
    assert "Nothing is due there" in signed_in("review", "due", project).err
    done = signed_in("review", "certify", f"{project}/claims/triage", "--reason", "Looked")
    assert "not live" in done.err
    done = signed_in("review", "certify", f"{project}/claims/triage@1", "--reason", "Looked")
    assert done.code == 2
    assert "no emergencies" in signed_in("emergency", "list", project).err
    done = signed_in("emergency", "show", f"{project}@production", "r1")
    assert "was no emergency" in done.err
    assert signed_in("emergency", "show", f"{project}@production", "1").code == 2


def test_an_emergency_takes_its_role_and_a_place_with_a_glass(signed_in: Cli, project: str) -> None:
    address = f"{project}/claims/triage"
    go = ("publish", address, "--emergency", "INC-7", "--reason", "Claims are stuck")
    done = signed_in(*go, "--to", "production")
    assert done.code == 1
    assert "may not publish in an emergency" in done.err
    assert "asks for no approval" in signed_in(*go, "--to", "staging").err
    done = signed_in(*go, "--to", "production", "--at", "+2h")
    assert done.code == 2
    done = signed_in("env", "set", f"{project}@production", "--max-tier", "medium")
    assert "residual tier at most medium" in done.out, done.err
