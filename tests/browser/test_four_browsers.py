"""The way of a change with four people in four browsers: written, reviewed, approved, published, and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import Console
from support.follower import Follower
from support.own_project import OwnProject, done, password
from support.reviewed_files import reviewed_prompt
from support.server import RunningServer

PROJECT = "own-bank"
PATH = "hours/branch"
PROMPT = f"/p/{PROJECT}/prompt/{PATH}"
INTENT = (
    "  intent: Staff find the opening hours of a branch without calling it. It advises nobody.\n"
)
PEOPLE = {"ana": "author", "rita": "reviewer", "abe": "approver", "pia": "publisher"}
OWNERS = ("maria.lopez", "tom.becker", "lena.vogt")


@dataclass
class Four:
    """A project whose prompt is live in version 1, and the people's consoles."""

    project: OwnProject
    console: Console
    application: Follower

    def page(self, who: str) -> Page:
        return self.console.page(who, password(who))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProject]:
    """Production asks for a review and an approval, both signed. Version 2 lacks an answer of its record."""
    server = RunningServer(
        tmp_path_factory.mktemp("four") / "data",
        env={"PROMPTOPS_APPROVALS_SIGNATURES_FROM": "medium"},
    ).start()
    made = OwnProject(server, PROJECT, server.token("root", "admin"))
    for who, role in PEOPLE.items():
        made.add(who, role)
    for who in OWNERS:
        made.add(who, "viewer")
    text = reviewed_prompt("medium")
    made.put("ana", PATH, text)
    asked = done(made.api("ana").post(f"{made.base}/reviews", json={"path": PATH}))
    for who in ("rita", "abe"):
        decision = {
            "decision": "approve", "reason": "Seen", "signature": {"password": password(who)},
        }  # fmt: skip
        where = f"{made.base}/reviews/{asked['request']}/decisions"
        done(made.api(who).post(where, json=decision))
    release = {"prompts": [{"path": PATH}], "reason": "First for staff"}
    done(made.api("pia").post(f"{made.base}/environments/production/releases", json=release))
    made.put("ana", PATH, text.replace(INTENT, ""))
    yield made
    made.close()
    server.stop()


@pytest.fixture
def four(project: OwnProject, browser: Browser) -> Iterator[Four]:
    """The project, its people's browsers, and an application that runs with what is live in production."""
    server = project.server
    token = server.token("app", "delivery", PROJECT, "production")
    options = {
        "url": server.url,
        "token": token,
        "project": PROJECT,
        "environment": "production",
    }
    console = Console(browser, server)
    application = Follower(options, [PATH])
    application.wait_seen(PATH, 1)
    yield Four(project, console, application)
    application.close()
    console.close()
    assert console.troubles == []


def write(page: Page) -> None:
    """The author answers what the record lacks, changes the message, and makes version 3."""
    page.goto(PROMPT)
    page.get_by_role("link", name="1 answer still missing").click()
    questions = page.get_by_role("region")
    intent = "Staff find the opening hours of a branch without calling it. It advises nobody."
    questions.filter(has_text="D03").get_by_role("textbox").fill(intent)
    change = questions.filter(has_text="D35")
    change.get_by_role("combobox", name="class").click()
    page.get_by_role("option", name="significant").click()
    expect(page.get_by_role("status").filter(has_text="Saved just now")).to_be_visible()
    page.get_by_role("link", name="Prompt", exact=True).click()
    message = page.get_by_role("textbox", name="Message 1, user")
    message.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Name the day of the week.")
    expect(page.get_by_role("status").filter(has_text="Not saved yet")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Saved just now")).to_be_visible()
    page.get_by_role("button", name="Create version", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What changed, and why?").fill("Name the day, as staff asked")
    dialog.get_by_role("button", name="Create version 3").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("link", name="v3").first).to_be_visible()


def refused(page: Page) -> None:
    """The publisher's sheet says what is missing, and its button stays off although a reason is given."""
    page.goto(PROMPT)
    page.get_by_role("button", name="Publish", exact=True).click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_text("production", exact=True).click()
    sheet.get_by_label("Reason").fill("Staff asked for the day")
    approved = sheet.get_by_role("listitem").filter(has_text="Approved").first
    expect(approved.get_by_role("img", name="not met")).to_be_visible()
    documented = sheet.get_by_role("listitem").filter(has_text="Documented").first
    expect(documented.get_by_role("img", name="met", exact=True)).to_be_visible()
    expect(sheet.get_by_text("1 condition not met")).to_have_count(
        2
    )  # at the list, and at the button
    expect(sheet.get_by_role("button", name="Publish to production")).to_be_disabled()


def ask(page: Page) -> None:
    """The author asks both people for a review, from the prompt's page."""
    page.get_by_role("link", name="Ask for a review").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_label("Prompt")).to_have_value(f"{PATH}@3")
    drawer.get_by_label("Description").fill("The day of the week was missed by staff.")
    people = drawer.get_by_label("People to ask")
    for who in ("rita", "abe"):
        people.fill(who)
        page.get_by_role("option", name=who).click()
    people.press("Tab")  # the list closes
    drawer.get_by_role("button", name="Ask for the review").click()
    expect(page.get_by_role("region", name="Your decision")).to_be_visible()


def decide(page: Page, kind: str, button: str) -> None:
    """A person finds the request in their work, decides and signs."""
    page.goto("/work")
    page.get_by_role("link", name=PATH).first.click()
    bar = page.get_by_role("region", name="Your decision")
    expect(bar).to_contain_text(kind)
    if kind.endswith("reviewed"):
        comment(page)
    bar.get_by_role("button", name=button).click()
    page.get_by_role("dialog").get_by_role("button", name=button).click()
    page.get_by_label("Your password").fill(password("rita" if "review" in kind else "abe"))
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def comment(page: Page) -> None:
    """A comment on the line that changed."""
    changes = page.get_by_role("region", name="What changes")
    line = changes.locator("div:has(> button)").filter(has_text="Name the day of the week").last
    line.get_by_role("button", name=re.compile("Comment on line")).click()
    box = page.get_by_role("textbox", name=re.compile("Comment on line"))
    box.fill("Good: this was asked for.")
    changes.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_text("Good: this was asked for.").first).to_be_visible()


@pytest.mark.timeout(300)
def test_a_change_goes_from_its_author_to_applications_and_back(four: Four) -> None:
    author, publisher = four.page("ana"), four.page("pia")
    write(author)
    refused(publisher)
    ask(author)
    decide(four.page("rita"), "You say that you reviewed", "Agree as reviewer")
    decide(four.page("abe"), "You approve", "Approve")

    # The publisher's sheet was open all the while, and learns of the approval by itself.
    sheet = publisher.get_by_role("dialog")
    sheet.get_by_role("button", name="Publish to production").click()
    expect(sheet.get_by_text("r2 is live in production")).to_be_visible()
    four.application.wait_seen(PATH, 3)
    # A receipt that was missed comes with the next sign of life, twenty seconds later.
    expect(sheet.get_by_text("Every running application has it.")).to_be_visible(timeout=45_000)

    sheet.get_by_role("button", name="Undo this release").click()
    sheet.get_by_label("Reason").fill("Staff found a wrong day")
    sheet.get_by_role("button", name="Roll back in production").click()
    expect(sheet.get_by_text("r3 is live in production")).to_be_visible()
    four.application.wait_seen(PATH, 1)
    assert four.project.live() == {PATH: 1}
