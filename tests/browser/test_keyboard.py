"""The console without a mouse: from the palette to a prompt, and from the prompt to production."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Locator, Page, expect

from promptops_server.app.welcome import DEMO_PASSWORD
from support.browser import Console
from support.no_approval import without_approval
from support.own_project import done
from support.server import RunningServer

PROJECT = "keys-only"
PATH = "greetings/keyboard-hello"
TEXT = "name: Hello by keyboard\nmodel: openai/gpt-4o\nmessages:\n  - role: user\n    content: Say hello.\n"


@pytest.fixture(scope="session")
def project(demo: RunningServer) -> str:
    """A project whose production asks for no approval, with one prompt; returns its address in the console."""
    with httpx2.Client(base_url=f"{demo.url}/api/v1", auth=("admin", DEMO_PASSWORD)) as api:
        done(api.post("/projects", json={"name": PROJECT, "title": "Keys only"}))
        without_approval(api, PROJECT)
        headers = {"Content-Type": "application/yaml"}
        done(api.put(f"/projects/{PROJECT}/prompts/{PATH}", content=TEXT, headers=headers))
    return f"/p/{PROJECT}"


@pytest.fixture
def page(console: Console, project: str) -> Iterator[Page]:
    """The administrator's page, at the start page."""
    made = console.page("admin", DEMO_PASSWORD)
    made.goto(project)
    expect(made.locator("h1").first).to_be_visible()
    return made


def tab_to(page: Page, wanted: Locator, most: int = 40) -> None:
    """Press Tab until the control has the focus, as somebody without a mouse does."""
    for _ in range(most):
        if wanted.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {wanted}")


@pytest.mark.timeout(60)
def test_a_prompt_is_found_and_published_by_keys_alone(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search or jump to…")).to_be_focused()
    page.keyboard.type("keyboard-hello")
    found = page.get_by_role("option", name=PATH).first
    expect(found).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/p/{PROJECT}/prompt/{PATH}$"))
    expect(page.get_by_role("heading", name="Hello by keyboard")).to_be_visible()

    page.keyboard.press("p")
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_label("Reason")).to_be_visible()
    tab_to(page, sheet.get_by_label("Reason"))
    page.keyboard.type("Published without a mouse")
    publish = sheet.get_by_role("button", name=re.compile("^Publish to "))
    expect(publish).to_be_enabled()
    tab_to(page, publish)
    page.keyboard.press("Enter")
    expect(sheet.get_by_text(re.compile(r"^r1 is live in "))).to_be_visible()
    expect(sheet.get_by_role("button", name="Done")).to_be_focused()
    page.keyboard.press("Enter")
    expect(sheet).to_have_count(0)


@pytest.mark.timeout(60)
def test_the_sheet_of_shortcuts_names_those_of_the_page_and_closes(page: Page) -> None:
    page.goto(f"/p/{PROJECT}/prompt/{PATH}")
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_enabled()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    for shown in ("Publish", "Edit", "Releases"):
        expect(sheet.get_by_text(shown, exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)


@pytest.mark.timeout(60)
def test_two_keys_go_to_a_place_and_mean_nothing_else(page: Page) -> None:
    page.goto(f"/p/{PROJECT}/prompt/{PATH}")
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_enabled()
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page).to_have_url(re.compile(f"/p/{PROJECT}/releases$"))
    page.go_back()
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_enabled()
    page.keyboard.press("g")
    page.keyboard.press("p")  # `p` alone would publish
    expect(page).to_have_url(re.compile(f"/p/{PROJECT}/prompts$"))
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.timeout(60)
def test_keys_typed_into_a_text_are_text(page: Page) -> None:
    page.goto(f"/p/{PROJECT}/prompt/{PATH}")
    expect(page.get_by_role("textbox", name="Message 1, user")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_role("textbox", name="Message 1, user")).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type(" p? g r")
    expect(page.get_by_role("textbox", name="Message 1, user")).to_have_text("Say hello. p? g r")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="Saved just now")).to_be_visible()
