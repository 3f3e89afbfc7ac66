"""What is done on a page before its picture for `docs/guide` is taken, and the day's work these pictures need."""

from __future__ import annotations

import re

import httpx2
from playwright.sync_api import Page, expect

from promptops_server.app.welcome import DEMO_PASSWORD, DEMO_PROJECT
from support.server import RunningServer

PEOPLE = ("maria.lopez", "hana.sato", "anna.schmidt", "sofia.rossi")
LETTER = """\
name: Refund letter
description: Writes refund letters
messages:
  - role: system
    content: You write short, friendly letters for a bank.
  - role: user
    content: "Write a refund letter about: {{ reason }}"
inputs:
  reason: {type: string, trust: untrusted}
"""
LETTER_PATH = "claims/letters/refund-letter"


def prepare(server: RunningServer) -> None:
    """People with passwords of their own, a new prompt, and two checkpoints of the audit log."""
    first = "given at the desk once"
    project = f"/projects/{DEMO_PROJECT}"
    for name in PEOPLE:
        with _person(server, "admin", DEMO_PASSWORD) as api:
            api.patch(f"/users/{name}", json={"password": first}).raise_for_status()
        with _person(server, name, first) as api:
            change = {"old_password": first, "password": DEMO_PASSWORD}
            api.patch(f"/users/{name}", json=change).raise_for_status()
    with _person(server, "admin", DEMO_PASSWORD) as api:
        role = {"user": "anna.schmidt", "project": DEMO_PROJECT, "role": "emergency"}
        api.post("/grants", json=role).raise_for_status()
    with _person(server, "sofia.rossi", DEMO_PASSWORD) as api:
        api.post(
            "/audit/exports", json={"project": DEMO_PROJECT}
        ).raise_for_status()  # an export makes a checkpoint
    with _person(server, "maria.lopez", DEMO_PASSWORD) as api:
        body = {"content": LETTER, "message": "Letters the desk writes by hand today"}
        api.put(f"{project}/prompts/{LETTER_PATH}", json=body).raise_for_status()
    with _person(server, "sofia.rossi", DEMO_PASSWORD) as api:
        api.post("/audit/exports", json={"project": DEMO_PROJECT}).raise_for_status()


def _person(server: RunningServer, name: str, password: str) -> httpx2.Client:
    return httpx2.Client(base_url=f"{server.url}/api/v1", auth=(name, password), timeout=60)


def use_an_unknown_variable(page: Page) -> None:
    """The author types a variable that is not declared: the problem, its fix, and what it does to the preview."""
    message = page.get_by_role("textbox", name="Message 1, system")
    message.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Greet {{ name }}.")
    expect(page.get_by_role("button", name="Declare name")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    page.keyboard.press("Escape")


def create_a_version(page: Page) -> None:
    """The author has repaired it and says what changed."""
    if page.get_by_text("{{ name }}").count() == 0:  # this picture alone was asked for
        use_an_unknown_variable(page)
    page.get_by_role("button", name="Declare name").click()
    page.get_by_role("button", name="Create version", exact=True).click()
    page.get_by_role("dialog").get_by_label("What changed, and why?").fill(
        "Greet the customer by name"
    )


def suggest(page: Page) -> None:
    """The reviewer proposes another wording of a line."""
    changes = page.get_by_role("region", name="What changes")
    line = changes.locator("div:has(> button)").filter(has_text="at most ten words").last
    line.get_by_role("button", name=re.compile("Comment on line")).click()
    box = page.get_by_role("textbox", name=re.compile("Comment on line"))
    box.fill("Twelve words, as the handlers' own notes have.")
    page.get_by_label("Suggest another wording").check()
    wording = page.get_by_label("Suggested wording of this line")
    wording.fill(wording.input_value().replace("ten words", "twelve words"))
    wording.evaluate("element => element.scrollIntoView({block: 'center'})")


def sign(page: Page) -> None:
    """The reviewer agrees and is asked to sign."""
    bar = page.get_by_role("region", name="Your decision")
    bar.get_by_role("button", name="Agree as reviewer").click()
    page.get_by_role("dialog").get_by_role("button", name="Agree as reviewer").click()
    expect(page.get_by_label("Your password")).to_be_visible()


def see_conditions(page: Page) -> None:
    """The sheet at its conditions."""
    conditions = page.get_by_role("region", name="Conditions")
    expect(conditions.get_by_role("img", name="not met").first).to_be_visible()
    conditions.evaluate("element => element.scrollIntoView({block: 'start'})")


def declare_an_emergency(page: Page) -> None:
    """The sheet with the switch for an emergency on."""
    page.get_by_role("switch", name=re.compile("Emergency")).dispatch_event("click")
    page.get_by_role("dialog").get_by_label("Incident").fill("INC-123")
    page.get_by_role("dialog").get_by_label("Reason").fill("Stops answers that quote wrong limits")
    page.get_by_label("Incident").evaluate("element => element.scrollIntoView({block: 'end'})")


def publish(page: Page) -> None:
    """It is published, and every running application has it."""
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Reason").fill("Drafts for the desk to try")
    sheet.get_by_role("button", name="Publish to staging").click()
    expect(sheet.get_by_text("Every running application has it.")).to_be_visible(timeout=45_000)


def change_rules(page: Page) -> None:
    """The rules of production, two of them on."""
    region = page.get_by_role("region", name="production")
    region.get_by_role("button", name="Change the rules").click()
    for rule in ("Prompts at once", "Ticket"):
        page.get_by_role("switch", name=re.compile(f"^{rule}")).dispatch_event("click")
