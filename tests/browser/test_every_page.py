"""Every page of the console, with data and empty, on a desk and on a phone, light and dark: it shows, prints no error, and is usable by all.

Accessibility is what axe finds against WCAG 2.2 AA.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Page, expect

from promptops_server.app.welcome import DEMO_PASSWORD
from support.browser import Console, axe

PROMPT = "/p/retail-bank/prompt/claims/triage"
PAGES = [
    "/",
    "/work",
    "/me",
    "/me?tab=sessions",
    "/me?tab=tokens",
    "/search?q=claim",
    "/welcome",
    "/audit",
    "/admin/people",
    "/admin/access",
    "/admin/tokens",
    "/admin/models",
    "/admin/policies",
    "/admin/keys",
    "/admin/settings",
    "/admin/jobs",
    "/admin/health",
    "/p/retail-bank",
    "/p/retail-bank/prompts",
    "/p/retail-bank/prompts?q=claim",
    "/p/retail-bank/new",
    "/p/retail-bank/import",
    PROMPT,
    f"{PROMPT}?tab=history",
    f"{PROMPT}?tab=tests",
    f"{PROMPT}?tab=record",
    f"{PROMPT}?tab=activity",
    f"{PROMPT}?v=1",
    "/p/retail-bank/diff/claims/triage?from=1&to=2",
    "/p/retail-bank/compare?from=staging&to=production",
    "/p/retail-bank/releases",
    "/p/retail-bank/env/production",
    "/p/retail-bank/env/production/r/1",
    f"{PROMPT}?sheet=publish&prompts=claims/triage@2&to=staging",
    f"{PROMPT}?sheet=rollback&prompts=claims/triage&in=staging",
    "/p/retail-bank/reviews",
    "/p/retail-bank/reviews/1",
    "/p/retail-bank/matrix",
    "/p/retail-bank/runs",
    "/p/retail-bank/playground",
    "/p/retail-bank/suites",
    "/p/retail-bank/audit",
    "/p/retail-bank/compliance",
    "/p/retail-bank/compliance?tab=inventory",
    "/p/retail-bank/compliance?tab=certifications",
    "/p/retail-bank/compliance?tab=exceptions",
    "/p/retail-bank/evidence/claims/triage",
    "/p/retail-bank/settings",
    "/nowhere/at/all",
]
EMPTY = [
    "",
    "/prompts",
    "/releases",
    "/env/production",
    "/reviews",
    "/matrix",
    "/runs",
    "/suites",
    "/audit",
    "/compliance",
    "/settings",
]
LOOKS = {
    "desk, light": ({"width": 1360, "height": 860}, "light"),
    "phone, dark": ({"width": 390, "height": 844}, "dark"),
}


@pytest.fixture(params=LOOKS)
def page(request: pytest.FixtureRequest, console: Console) -> Iterator[Page]:
    """The administrator's page, in one of the looks."""
    viewport, colours = LOOKS[request.param]
    return console.page("admin", DEMO_PASSWORD, viewport=viewport, color_scheme=colours)


def troubles_of(page: Page, address: str) -> list[str]:
    """What is wrong with a page, each with its address."""
    page.goto(address)
    try:
        expect(page.locator("h1").first).to_be_visible()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
    except AssertionError:
        return [f"{address}: it never showed: {page.locator('body').inner_text()[-300:]}"]
    found = axe(page)
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"):
        found.append("the page scrolls sideways")
    if page.get_by_text("This page failed").count():
        found.append("the page failed")
    refused = [] if "nowhere" in address else page.get_by_role("alert").all_inner_texts()
    found += [f"a refusal: {text}" for text in refused]
    return [f"{address}: {one}" for one in found]


@pytest.mark.timeout(400)
def test_pages_show_and_are_usable_by_all(page: Page) -> None:
    found = [one for address in PAGES for one in troubles_of(page, address)]
    assert not found, "\n".join(found)


@pytest.mark.timeout(200)
def test_pages_of_an_empty_project_show_and_are_usable_by_all(page: Page, console: Console) -> None:
    with httpx2.Client(base_url=console.server.url, auth=("admin", DEMO_PASSWORD)) as api:
        api.post("/api/v1/projects", json={"name": "empty-bank", "title": "Empty bank"})
    found = [one for rest in EMPTY for one in troubles_of(page, f"/p/empty-bank{rest}")]
    assert not found, "\n".join(found)
