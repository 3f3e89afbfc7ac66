"""What people do on the console's pages, clicked through: each test changes something and looks at what became of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from promptops_server.app.welcome import DEMO_PASSWORD
from support.browser import Console

SUITE = """\
name: {title}
cases:
  - name: a first case
    inputs: {{product_sheet: A fixed deposit of 1 year, question: What is it?}}
    expected: deposit
evaluators:
  - name: contains what is expected
    string: {{contains: "{{{{expected}}}}"}}
"""
SMOKE = "/p/retail-bank/suites/advice/savings-explainer.smoke"
STAGING = "/p/retail-bank/env/staging"
ONE = "prompts=advice/savings-explainer"


@pytest.fixture
def page(console: Console) -> Page:
    """A page of the administrator."""
    return console.page("admin", DEMO_PASSWORD)


def write(page: Page, title: str) -> None:
    """Put another text into the suite's editor."""
    page.get_by_role("textbox", name="The suite as YAML").first.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(SUITE.format(title=title))
    expect(page.get_by_text("No problem found.")).to_be_visible()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save the suite").click()


def release(page: Page, verb: str) -> None:
    """Give a reason on the open sheet, do it, and see that it is live."""
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("textbox", name="Reason").fill("As agreed with the product team")
    sheet.get_by_role("button", name=verb).click()
    expect(sheet.get_by_text(re.compile(r"r\d+ is live in staging"))).to_be_visible()
    sheet.get_by_role("button", name="Done").click()


def test_a_suite_is_begun_and_saved_over_what_somebody_else_saved_in_between(page: Page) -> None:
    page.goto("/p/retail-bank/suites")
    page.get_by_role("button", name="Write a suite").first.click()
    page.get_by_role("combobox", name="For which prompt").fill("savings")
    page.get_by_role("option", name="advice/savings-explainer").click()
    page.get_by_label("Short name").fill("smoke")
    page.get_by_role("button", name="Go on").click()
    write(page, "First")
    save(page)
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    other = page.context.new_page()
    other.goto(f"{SMOKE}?tab=edit")
    write(other, "Theirs")
    write(page, "Mine")
    save(other)
    expect(other.get_by_text("Saved.", exact=True)).to_be_visible()
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("Somebody else changed this suite")
    expect(page.get_by_role("textbox", name="Their text")).to_contain_text("Theirs")
    page.get_by_role("button", name="Save mine over theirs").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    other.goto(SMOKE)
    expect(other.get_by_role("heading", name="Mine")).to_be_visible()


def test_a_prompt_is_published_suspended_and_published_again(page: Page) -> None:
    page.goto(f"{STAGING}?sheet=publish&{ONE}@2&to=staging")
    release(page, "Publish to staging")
    page.goto(f"{STAGING}?sheet=suspend&{ONE}&in=staging")
    release(page, "Suspend in staging")
    page.goto(f"{STAGING}?sheet=publish&{ONE}@2&to=staging")
    release(page, "Publish to staging")
    expect(page.get_by_role("link", name="advice/savings-explainer").first).to_be_visible()
