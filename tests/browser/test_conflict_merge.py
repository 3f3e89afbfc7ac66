"""Two people write the same prompt, and a server goes away while somebody writes: nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import Console
from support.own_project import OwnProject, password
from support.server import RunningServer

PROJECT = "two-writers"
SAVED = re.compile(r"^Saved (just now|\d)")
TEXT = (
    "name: Hours\nmodel: openai/gpt-4o\nmessages:\n  - role: user\n    content: When do you open?\n"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProject]:
    """A server of this module's own, which may be restarted, with two authors."""
    server = RunningServer(tmp_path_factory.mktemp("writers") / "data").start()
    made = OwnProject(server, PROJECT, server.token("root", "admin"))
    for who in ("ana", "ben"):
        made.add(who, "author")
    yield made
    made.close()
    server.stop()


@pytest.fixture
def console(browser: Browser, project: OwnProject) -> Iterator[Console]:
    """Their browsers. A server that is away makes pages print errors, so those are not asked for."""
    people = Console(browser, project.server)
    yield people
    people.close()


def write(page: Page, path: str, more: str) -> None:
    """Type behind the first message."""
    page.goto(f"/p/{PROJECT}/prompt/{path}")
    page.get_by_role("textbox", name="Message 1, user").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(more)


def says(page: Page, state: str | re.Pattern[str]) -> None:
    """Until the page says this of what was typed."""
    expect(page.get_by_role("status").filter(has_text=state)).to_be_visible()


def create_version(page: Page, message: str) -> None:
    page.get_by_role("button", name="Create version", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What changed, and why?").fill(message)
    dialog.get_by_role("button", name=re.compile("Create version")).click()
    expect(dialog).to_have_count(0)


@pytest.mark.timeout(120)
def test_whoever_comes_second_chooses_and_loses_nothing(
    console: Console, project: OwnProject
) -> None:
    project.put("ana", "hours/both", TEXT)
    ana, ben = (console.page(who, password(who)) for who in ("ana", "ben"))
    write(ana, "hours/both", " On Mondays too?")
    write(ben, "hours/both", " And at noon?")
    says(ana, SAVED)
    says(ben, SAVED)
    create_version(ana, "Ask about Mondays")

    # Ben's page learns of it by itself.
    expect(ben.get_by_role("alert").filter(has_text="v2 was created by ana")).to_be_visible()
    ben.get_by_role("button", name="Bring in the new version").click()
    merge = ben.get_by_role("region", name="Both changed the same lines")
    expect(merge).to_contain_text("On Mondays too?")
    expect(merge).to_contain_text("And at noon?")
    merge.get_by_text("Write it", exact=True).click()
    own = merge.get_by_role("textbox", name="Write it")
    own.click()
    ben.keyboard.press("Control+a")
    ben.keyboard.type("content: When do you open? On Mondays too? And at noon?")
    ben.keyboard.press("Home")
    ben.keyboard.type("    ")
    merge.get_by_role("button", name="Use this text").click()
    expect(merge).to_have_count(0)
    create_version(ben, "Ask about noon as well")
    expect(ben.get_by_role("link", name="v3").first).to_be_visible()
    assert "When do you open? On Mondays too? And at noon?" in project.text("hours/both")


@pytest.mark.timeout(120)
def test_what_is_typed_while_the_server_is_away_is_saved_when_it_is_back(
    console: Console, project: OwnProject
) -> None:
    project.put("ana", "hours/away", TEXT)
    page = console.page("ana", password("ana"))
    write(page, "hours/away", " Before.")
    says(page, SAVED)
    project.server.kill()
    page.keyboard.type(" Meanwhile.")
    says(page, "Offline, kept in this browser")
    project.server.start()
    says(page, SAVED)
    page.reload()
    message = page.get_by_role("textbox", name="Message 1, user")
    expect(message).to_have_text("When do you open? Before. Meanwhile.")
