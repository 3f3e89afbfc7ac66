"""An empty installation, in the browser: from the first sign-in to an application that follows its prompt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import Console, sign_in
from support.follower import Follower
from support.server import RunningServer

SIGN_IN = re.compile(r"Sign in +(\S+) / (\S+)")


def printed_at(server: RunningServer) -> tuple[str, str]:
    """Name and password of the first sign-in."""
    found = SIGN_IN.search(server.log.read_text())
    assert found is not None
    return found[1], found[2]


@pytest.fixture
def newcomer(
    browser: Browser, start_server: Callable[..., RunningServer]
) -> Iterator[tuple[Page, RunningServer]]:
    """Somebody who signed in with what the first start printed."""
    server = start_server()
    people = Console(browser, server)
    page = people.page()
    sign_in(page, *printed_at(server))
    yield page, server
    people.close()
    assert people.troubles == []


@pytest.mark.timeout(60, func_only=True)
def test_an_empty_installation_leads_to_an_application_that_follows_its_prompt(
    newcomer: tuple[Page, RunningServer],
) -> None:
    page, server = newcomer
    choose_password(page, server)
    page.get_by_role("link", name="Projects").click()
    expect(page.get_by_role("heading", name="Set up PromptOps")).to_be_visible()

    page.get_by_label("Title").fill("Harbour bank")
    expect(page.get_by_label("Name")).to_have_value("harbour-bank")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_text("Harbour bank is there.")).to_be_visible()

    page.get_by_role("button", name="Write a prompt").click()
    page.get_by_label("Name for people").fill("Opening hours")
    page.get_by_label("What is it for?").fill("Says when a branch is open")
    page.get_by_role("textbox", name="Message 2, user").fill("When is {{ branch }} open?")
    page.get_by_role("button", name="Declare branch").click()
    page.get_by_role("button", name="Create version 1").click()
    expect(page.get_by_role("heading", name="Opening hours")).to_be_visible()

    page.goto("/welcome?project=harbour-bank")
    page.get_by_role("button", name="Publish to staging").click()
    publish(page, "opening-hours")

    page.goto("/welcome?project=harbour-bank")
    expect(page.get_by_text("Release r1 is live in staging.")).to_be_visible()
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_text("Shown this once")).to_be_visible()
    options = options_of(page.get_by_label("In your application").inner_text())
    assert options["url"] == server.url

    expect(page.get_by_text("Waiting for the first sign of it")).to_be_visible()
    with closing(Follower(options, ["opening-hours"])) as application:
        application.wait_seen("opening-hours", 1)
        expect(page.get_by_text("1 running application connected.")).to_be_visible()
        page.get_by_role("button", name="Open the project").click()
        expect(page.get_by_text("1 of 1 running application up to date")).to_be_visible()


def choose_password(page: Page, server: RunningServer) -> None:
    """The first thing asked: what was printed is for one sign-in."""
    expect(page.get_by_text("Choose one of your own before you go on")).to_be_visible()
    form = page.locator("form").filter(has_text="New password")
    form.get_by_role("textbox", name="Present password").fill(printed_at(server)[1])
    form.get_by_role("textbox", name="New password").fill("harbour lights at dusk")
    form.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Choose one of your own before you go on")).to_be_hidden()


def publish(page: Page, path: str) -> None:
    """Through the sheet, with a reason."""
    sheet = page.get_by_role("dialog", name="Publish to staging")
    sheet.get_by_label("Add a prompt").fill(path)
    page.get_by_role("option", name=path).first.click()
    sheet.get_by_label("Reason").fill("The first one")
    sheet.get_by_role("button", name="Publish to staging").click()
    expect(page.get_by_role("button", name="Done")).to_be_visible()


def options_of(code: str) -> dict[str, Any]:
    """What the shown lines give to `PromptOps(...)`."""
    return dict(re.findall(r'(\w+)="([^"]+)",', code))
