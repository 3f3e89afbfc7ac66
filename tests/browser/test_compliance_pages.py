"""What risk officers and auditors do: exceptions, certifying again, retiring, evidence that checks out, holds and redactions."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from promptops_server.app.welcome import DEMO_PASSWORD
from support.browser import Console
from support.own_project import OwnProject, done, open_as
from support.reviewed_files import reviewed_prompt
from support.server import RunningServer

PROJECT = "risk-bank"
PATH = "hours/branch"
PEOPLE = {
    "risk.author": "author",
    "risk.approver": "approver",
    "risk.officer": "risk",
    "risk.publisher": "publisher",
    "risk.auditor": "auditor",
}
REASON = "The fairness run waits for the data of March"
CONTROL = "Every answer is read by a person before it is sent"
SECRET = "Erika Mustermann"


@pytest.fixture(scope="session")
def project(demo: RunningServer) -> Iterator[OwnProject]:
    """One prompt is live in production, approved; another holds a person's name."""
    made = OwnProject(demo, PROJECT, demo.token("root", "admin"))
    for who, role in PEOPLE.items():
        made.add(who, role)
    made.put("risk.author", PATH, reviewed_prompt())
    made.put(
        "risk.author", "letters/old", f"messages:\n  - role: user\n    content: Dear {SECRET}\n"
    )
    asked = done(made.api("risk.author").post(f"{made.base}/reviews", json={"path": PATH}))
    decisions = f"{made.base}/reviews/{asked['request']}/decisions"
    done(made.api("risk.approver").post(decisions, json={"decision": "approve"}))
    release = {"prompts": [{"path": PATH}], "reason": "First for staff"}
    done(
        made.api("risk.publisher").post(
            f"{made.base}/environments/production/releases", json=release
        )
    )
    yield made
    made.close()


def open_page(console: Console, who: str, address: str) -> Page:
    return open_as(console, who, f"/p/{PROJECT}/{address}")


def decide(page: Page, button: str, reason: str, answer: str) -> None:
    """Begin something, say why, and do it."""
    page.get_by_role("button", name=button).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").last.fill(reason)
    dialog.get_by_role("button", name=answer, exact=True).click()
    expect(dialog).to_have_count(0)


def test_an_exception_is_asked_for_accepted_and_ended(
    console: Console, project: OwnProject
) -> None:
    def states() -> list[tuple[str, str, str]]:
        items = done(project.api("risk.author").get(f"{project.base}/exceptions"))["items"]
        return [(item["id"], item["rule"], item["state"]) for item in items]

    author = open_page(console, "risk.author", "compliance?tab=exceptions")
    author.get_by_role("button", name="Ask for an exception").click()
    dialog = author.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Rule").fill("separation.author")
    dialog.get_by_role("combobox", name="Where it holds").fill("hours/")
    dialog.get_by_label("Reason").fill(REASON)
    dialog.get_by_label("What makes up for it").fill(CONTROL)
    dialog.get_by_role("button", name="Ask for an exception").click()
    expect(dialog.get_by_role("alert")).to_contain_text("is never set aside")
    dialog.get_by_role("combobox", name="Rule").fill("record.harms_benefits")
    dialog.get_by_role("button", name="Ask for an exception").click()
    expect(author.get_by_role("cell", name="waits to be accepted")).to_be_visible()
    # Who asked may take it back, and does not accept it.
    expect(author.get_by_role("button", name="Accept E1")).to_be_disabled()
    expect(author.get_by_role("button", name="Refuse E1")).to_be_enabled()

    officer = open_page(console, "risk.officer", "compliance?tab=exceptions")
    decide(officer, "Accept E1", "Small exposure", "Accept")
    assert states() == [("E1", "record.harms_benefits", "accepted")]
    decide(officer, "End now E1", "The run is done", "End now")
    expect(officer.get_by_text("ended by risk.officer")).to_be_visible()
    assert states() == [("E1", "record.harms_benefits", "revoked")]


def test_what_is_live_is_certified_again_and_not_retired(
    console: Console, project: OwnProject
) -> None:
    page = open_page(console, "risk.approver", "compliance?tab=certifications")
    page.get_by_role("button", name=f"Certify again: {PATH}").click()
    expect(page.get_by_role("dialog").get_by_text("Next: approval")).to_be_visible()
    page.keyboard.press("Escape")
    decide(page, f"Certify again: {PATH}", "Looked at the figures", "Certify again")
    log = project.api("risk.auditor")
    asked = {"project": PROJECT, "action": "certification.decide"}
    assert len(done(log.get("/audit/events", params=asked))["items"]) == 1

    page.goto(f"/p/{PROJECT}/compliance?tab=retirements")
    page.get_by_role("button", name="Retire a prompt").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Prompt").fill(PATH)
    dialog.get_by_label("Reason").fill("Replaced by the agent")
    dialog.get_by_role("button", name="Retire a prompt").click()
    expect(dialog.get_by_role("alert")).to_contain_text("is live in production")
    dialog.get_by_role("combobox", name="Prompt").fill("letters/old")
    dialog.get_by_role("button", name="Retire a prompt").click()
    expect(dialog).to_have_count(0)
    retired = done(log.get(f"{project.base}/retirements"))["items"]
    assert [item["path"] for item in retired] == ["letters/old"]
    decide(page, "Bring back: letters/old", "Still needed", "Bring back")
    assert done(log.get(f"{project.base}/retirements"))["items"] == []


def test_evidence_and_inventory_are_taken_along_and_check_out(
    console: Console, project: OwnProject, tmp_path: Path
) -> None:
    page = open_page(console, "risk.auditor", f"evidence/{PATH}")
    expect(page.get_by_text("risk.approver as approver")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the pack").click()
    pack = tmp_path / "pack.zip"
    download.value.save_as(pack)
    with zipfile.ZipFile(pack) as packed:
        packed.extract("verify.py", tmp_path)
    checked = subprocess.run(
        [sys.executable, str(tmp_path / "verify.py"), str(pack)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "nothing was changed" in checked.stdout

    page.goto(f"/p/{PROJECT}/compliance?tab=inventory&tier=low&q=hours")
    expect(page.get_by_role("status").filter(has_text="1 prompt")).to_be_visible()
    for kind, said in (("As CSV", "risk-bank/hours/branch,1"), ("HTML", "<td>hours/branch</td>")):
        page.get_by_role("button", name="Download").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=kind).click()
        text = Path(download.value.path()).read_text()
        assert said in text
        assert "letters/old" not in text


def test_a_hold_keeps_what_two_people_then_redact(console: Console, project: OwnProject) -> None:
    admin = console.signed_in("admin", DEMO_PASSWORD)
    admin.goto(f"/p/{PROJECT}/audit?tab=holds")
    decide(admin, "Place a hold", "An inquiry of the regulator", "Place a hold")
    expect(admin.get_by_text("An inquiry of the regulator")).to_be_visible()

    author = open_page(console, "risk.author", "audit?tab=redactions")
    author.get_by_role("button", name="Ask for a redaction").click()
    dialog = author.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Prompt it was found in").fill("letters/old")
    dialog.get_by_label("Texts to take out").fill(SECRET)
    dialog.get_by_label("Reason").fill("A customer's name")
    dialog.get_by_role("button", name="Show what it would touch").click()
    expect(dialog.get_by_role("status")).to_contain_text("Versions")
    dialog.get_by_role("button", name="Ask for this redaction").click()
    expect(dialog.get_by_role("alert")).to_contain_text("A legal hold is in force")
    decide(admin, "Lift", "The inquiry has ended", "Lift")
    dialog.get_by_role("button", name="Ask for this redaction").click()
    expect(author.get_by_role("cell", name="waits for a second person")).to_be_visible()
    expect(author.get_by_role("button", name="Approve")).to_be_disabled()

    admin.goto(f"/p/{PROJECT}/audit?tab=redactions")
    admin.get_by_role("button", name="Approve").click()
    dialog = admin.get_by_role("dialog")
    approve = dialog.get_by_role("button", name="Approve")
    expect(approve).to_be_disabled()
    dialog.get_by_label(f"Type {PROJECT} to confirm").fill(PROJECT)
    approve.click()
    expect(dialog).to_have_count(0)
    expect(admin.get_by_role("cell", name="done")).to_be_visible()
    assert SECRET not in project.text("letters/old")
    assert "(redacted)" in project.text("letters/old")
