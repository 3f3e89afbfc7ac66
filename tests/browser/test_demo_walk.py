"""The demonstration of docs/demo.md, step by step: a browser for each person, an application in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

from promptops_server.app import console_files as built
from promptops_server.app.welcome import DEMO_PASSWORD
from support.browser import Console
from support.follower import Follower
from support.server import RunningServer

PASSWORD = "quiet-harbour-lamp-27"
PEOPLE = ("maria.lopez", "hana.sato", "omar.aziz", "anna.schmidt")
TRIAGE = "/p/retail-bank/prompt/claims/triage"
WHY = "Why this change, and how large is it?"


@pytest.fixture
def console(browser: Browser, tmp_path: Path) -> Iterator[Console]:
    """A sample workspace of this test alone, whose people have passwords."""
    if not built.is_built():
        pytest.fail("the console is not built: run `make install`")
    server = RunningServer(tmp_path / "data", args=("--demo",)).start(90)
    with httpx2.Client(base_url=server.url, auth=("admin", DEMO_PASSWORD)) as api:
        for name in PEOPLE:
            api.patch(f"/api/v1/users/{name}", json={"password": PASSWORD}).raise_for_status()
    people = Console(browser, server)
    yield people
    people.close()
    server.stop()
    assert people.troubles == []


@pytest.fixture
def application(console: Console) -> Iterator[Follower]:
    """The application of the welcome text: it reads production with the token of `demo.env`."""
    lines = (console.server.data / "demo.env").read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    options = {
        key: told[f"PROMPTOPS_{key.upper()}"] for key in ("url", "token", "project", "environment")
    }
    follower = Follower(options, ["claims/triage"])
    yield follower
    follower.close()


def create_version(page: Page, number: int, message: str) -> None:
    page.get_by_role("button", name="Create version", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What changed, and why?").fill(message)
    dialog.get_by_role("button", name=f"Create version {number}").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("link", name=f"v{number}").first).to_be_visible()


def publish_sheet(page: Page) -> Locator:
    """Opened over the page, for production."""
    if "sheet=publish" not in page.url:
        page.get_by_role("button", name="Publish", exact=True).click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_text("production", exact=True).first.click()
    expect(page).to_have_url(re.compile("to=production"))
    return sheet


def from_work(page: Page, prompt: str = "claims/triage v6") -> None:
    page.goto("/work")
    page.get_by_role("link", name=prompt).first.click()


def decide(page: Page, verb: str) -> None:
    page.get_by_role("button", name=verb, exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=verb, exact=True).click()
    expect(dialog).to_have_count(0)


def pick(field: Locator, name: str) -> None:
    """Choose from a list; again when the page moved under it and closed it, as an answer that is saved does."""
    for _ in range(3):
        field.click()
        with suppress(TimeoutError):
            field.page.get_by_role("option", name=name).click(timeout=4_000)
            return
    raise AssertionError(f"the list of {name} does not stay open")


@pytest.mark.timeout(300)
def test_the_demonstration(console: Console, application: Follower, tmp_path: Path) -> None:
    application.wait_seen("claims/triage", 2)

    author = console.page("maria.lopez", PASSWORD)
    author.goto(TRIAGE)
    author.get_by_role("textbox", name="Message 1, system").click()
    author.keyboard.press("Control+End")
    author.keyboard.type("Answer in English.")
    expect(author.get_by_text("Saved just now")).to_be_visible()
    author.get_by_role("link", name="Record", exact=True).click()
    reason = author.get_by_role("region", name=WHY)
    reason.get_by_role("button", name="Use the default").click()
    expect(reason.get_by_text("change is missing")).to_be_visible()
    create_version(author, 5, "Answer in English")

    sheet = publish_sheet(author)
    expect(sheet.get_by_text("nobody was asked to review this content")).to_be_visible()
    expect(sheet.get_by_text("D35 change: is missing")).to_be_visible()
    expect(sheet.get_by_text("maria.lopez wrote part of it")).to_be_visible()
    expect(sheet.get_by_role("button", name="Publish to production")).to_be_disabled()

    sheet.get_by_text("Complete the record").click()
    reason.get_by_label("reason").fill("The desk reads English")
    pick(reason.get_by_role("combobox", name="class"), "minor")
    expect(reason.get_by_text("change is missing")).to_have_count(0)
    create_version(author, 6, "Say why it changes")
    publish_sheet(author).get_by_text("Request a review").click()
    drawer = author.get_by_role("dialog")
    expect(drawer.get_by_label("Prompt")).to_have_value("claims/triage@6")
    drawer.get_by_label("Description").fill("English answers, as the desk asked")
    drawer.get_by_role("button", name="Ask for the review").click()
    expect(author.get_by_role("region", name="Your decision")).to_be_visible()

    for person, verb in (("hana.sato", "Agree as reviewer"), ("omar.aziz", "Approve")):
        decider = console.page(person, PASSWORD)
        from_work(decider)
        decide(decider, verb)

    publisher = console.page("anna.schmidt", PASSWORD)
    from_work(publisher)
    sheet = publish_sheet(publisher)
    sheet.get_by_label("Reason").fill("The desk asked for English answers")
    sheet.get_by_role("button", name="Publish to production").click()
    expect(sheet.get_by_text("r6 is live in production")).to_be_visible()
    application.wait_seen("claims/triage", 6)
    expect(sheet.get_by_text("1 of 1")).to_be_visible()

    author.goto("/p/retail-bank/prompt/advice/savings-explainer?tab=tests")
    author.get_by_role("link", name="Run the tests").or_(
        author.get_by_role("button", name="Run the tests")
    ).first.click()
    starting = author.get_by_role("dialog")
    starting.get_by_label("smollm2-local").check()
    starting.get_by_role("button", name="Start the run").click()
    expect(author.get_by_text("6 of 6 calls")).to_be_visible(timeout=90_000)
    author.get_by_role("button", name="Case 1", exact=True).click()
    expect(author.get_by_role("dialog")).to_be_visible()
    author.goto("/p/retail-bank/matrix")
    cell = author.get_by_role("gridcell", name=re.compile("savings-explainer.*smollm2-local"))
    expect(cell).not_to_have_attribute("aria-label", re.compile("untested"))

    publisher.goto("/p/retail-bank/evidence/claims/triage?version=6")
    with publisher.expect_download() as download:
        publisher.get_by_role("button", name="Download the pack (zip)").click()
    pack = tmp_path / "triage-evidence.zip"
    download.value.save_as(pack)

    publisher.goto("/p/retail-bank/env/production/r/6")
    publisher.get_by_role("link", name="Roll back", exact=True).click()
    sheet = publisher.get_by_role("dialog")
    expect(sheet.get_by_text("Answer in English")).to_be_visible()
    sheet.get_by_label("Reason").fill("Letters in other languages came back")
    sheet.get_by_role("button", name="Roll back in production").click()
    expect(sheet.get_by_text("r7 is live in production")).to_be_visible()
    application.wait_seen("claims/triage", 2)

    with zipfile.ZipFile(pack) as files:
        files.extract("verify.py", tmp_path)
    command = [sys.executable, "-I", "verify.py", pack.name]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    forged_bytes = bytearray(pack.read_bytes())
    forged_bytes[len(forged_bytes) // 2] ^= 1
    pack.write_bytes(bytes(forged_bytes))
    forged = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert forged.returncode == 1, forged.stdout + forged.stderr
