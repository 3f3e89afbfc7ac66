"""Answers of reviewers: what does not apply, what a signature takes, taking a request back and asking again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect

from support.browser import Console
from support.own_project import OwnProject, done, open_as
from support.reviewed_files import reviewed_prompt
from support.server import RunningServer

PROJECT = "answer-bank"
LOW, HIGH = "hours/branch", "hours/loans"
NOT_APPLICABLE = '  limitations: "n/a: it reads one sheet, and its answers are read by staff"\n'
PEOPLE = {"ask.author": "author", "ask.reviewer": "reviewer", "ask.approver": "approver"}


@pytest.fixture(scope="session")
def project(demo: RunningServer) -> Iterator[OwnProject]:
    made = OwnProject(demo, PROJECT, demo.token("root", "admin"))
    for who, role in PEOPLE.items():
        made.add(who, role)
    with demo.api(made.admin) as api:  # the accountable manager of the prompt at tier high
        api.post("/users", json={"name": "lena.vogt", "password": "given to her at the desk"})
    made.put("ask.author", LOW, reviewed_prompt(more=NOT_APPLICABLE))
    made.put("ask.author", HIGH, reviewed_prompt("high"))
    yield made
    made.close()


def open_page(console: Console, who: str, address: str) -> Page:
    return open_as(console, who, f"/p/{PROJECT}/{address}")


def request(project: OwnProject, number: int) -> dict[str, Any]:
    found: dict[str, Any] = done(project.api("ask.author").get(f"{project.base}/reviews/{number}"))
    return found


def ask(page: Page, path: str, who: str = "") -> None:
    """Ask for a review on the open form."""
    form = page.get_by_role("dialog")
    field = form.get_by_role("combobox", name="Prompt", exact=True)
    if path:
        field.fill(path)
    if who:
        form.get_by_label("People to ask").first.fill(who)
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
    form.get_by_role("button", name="Ask for the review").click()
    expect(form).to_have_count(0)


def test_an_answer_that_does_not_apply_is_accepted_and_a_request_taken_back_and_asked_again(
    console: Console, project: OwnProject
) -> None:
    author = open_page(console, "ask.author", "reviews")
    author.get_by_role("button", name="Ask for a review").first.click()
    ask(author, LOW, "ask.approver")
    author.wait_for_url("**/reviews/1")
    assert request(project, 1)["asked"] == ["ask.approver"]
    author.get_by_role("button", name="More decisions").click()
    author.get_by_role("menuitem", name="Withdraw").click()
    dialog = author.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("A word is wrong")
    dialog.get_by_role("button", name="Withdraw").click()
    expect(dialog).to_have_count(0)
    assert request(project, 1)["state"] == "withdrawn"

    project.put("ask.author", LOW, reviewed_prompt(says="When does it open?", more=NOT_APPLICABLE))
    author.reload()
    author.get_by_role("button", name="Ask again, for v2").click()
    ask(author, "", "ask.approver")
    author.wait_for_url("**/reviews/2")

    approver = open_page(console, "ask.approver", "")
    approver.goto("/work")
    approver.get_by_role("link", name=LOW).first.click()
    approver.wait_for_url("**/reviews/2*")
    approver.get_by_role("button", name="Approve").click()
    dialog = approver.get_by_role("dialog")
    accept = dialog.get_by_role("checkbox", name="limitations: it reads one sheet")
    dialog.get_by_role("button", name="Approve").click()
    expect(dialog.get_by_role("alert")).to_contain_text("limitations")
    accept.check()
    dialog.get_by_role("button", name="Approve").click()
    expect(dialog).to_have_count(0)
    assert request(project, 2)["state"] == "approved"


def test_a_signature_takes_an_own_password_and_the_code_of_an_app(
    console: Console, project: OwnProject
) -> None:
    given, own = "the first one, given at the desk", "words that nobody else knows"
    with project.server.api(project.admin) as api:
        done(api.post("/users", json={"name": "ask.new", "password": given}))
        done(api.post("/grants", json={"user": "ask.new", "project": PROJECT, "role": "reviewer"}))
    asked = done(project.api("ask.author").post(f"{project.base}/reviews", json={"path": HIGH}))
    number = asked["request"]
    page = console.signed_in("ask.new", given)
    page.goto(f"/p/{PROJECT}/reviews/{number}")

    def begin() -> Any:
        page.get_by_role("button", name="Agree as reviewer").click()
        page.get_by_role("dialog").get_by_role("button", name="Agree as reviewer").click()
        return page.get_by_role("dialog")

    # Somebody else knows this password: it signs nothing, and the dialog says what to do.
    dialog = begin()
    expect(dialog.get_by_role("alert")).to_contain_text("You cannot sign now")
    dialog.get_by_role("link", name="Password and authenticator app").click()
    form = page.locator("form").filter(has_text="New password")
    form.get_by_role("textbox", name="Present password").fill(given)
    form.get_by_role("textbox", name="New password").fill(own)
    form.locator("button[type=submit]").click()
    expect(page.get_by_text("Your password was changed.")).to_be_visible()

    reviewer = console.signed_in("ask.new", own)
    csrf = {"X-CSRF-Token": reviewer.context.request.get("/api/v1/session").json()["csrf"]}
    web = reviewer.context.request
    made = web.post("/api/v1/me/totp", data={"password": own}, headers=csrf)
    app = pyotp.TOTP(made.json()["secret"])
    code = app.at(int(time.time()) - 30)
    assert web.post("/api/v1/me/totp/confirm", data={"code": code}, headers=csrf).ok
    page = reviewer
    page.goto(f"/p/{PROJECT}/reviews/{number}")
    dialog = begin()
    dialog.get_by_role("textbox", name="Your password").fill("not that")
    dialog.get_by_label("Code").fill(app.now())
    dialog.get_by_role("button", name="Sign").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The password is wrong")
    dialog.get_by_role("textbox", name="Your password").fill(own)
    dialog.get_by_role("button", name="Sign").click()
    expect(dialog).to_have_count(0)
    [decision] = request(project, number)["decisions"]
    assert (decision["by"], decision["signature"] is not None) == ("ask.new", True)
