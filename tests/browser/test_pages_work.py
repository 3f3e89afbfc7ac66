"""What pages are for, done in the browser: import, matrix, audit log, a phone's bar, dark colours."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import expect

from promptops_server.app.demo.model import NAME
from promptops_server.app.welcome import DEMO_PASSWORD
from promptops_server.providers.local_model.files import missing
from support.browser import Console

HOME = "/p/retail-bank"
PROMPT = """\
name: Letter opener
messages:
  - role: user
    content: "Greet {{ person }} in one line."
"""
TESTED = """\
name: Greeting
modelParameters: {max_tokens: 12}
messages:
  - role: user
    content: "Say hello to {{ person }}."
inputs:
  person: {type: string}
testData:
  - person: Ada
    expected: Ada
evaluators:
  - name: names the person
    string: {contains: "{{expected}}"}
"""


@pytest.fixture
def api(console: Console) -> Iterator[httpx2.Client]:
    """The administrator, without a browser."""
    url = f"{console.server.url}/api/v1"
    with httpx2.Client(base_url=url, auth=("admin", DEMO_PASSWORD), timeout=30) as client:
        yield client


@pytest.mark.timeout(60, func_only=True)
def test_a_prompt_file_is_imported(console: Console) -> None:
    page = console.page("admin", DEMO_PASSWORD)
    page.goto(f"{HOME}/import")
    file = {"name": "opener.prompt.yml", "mimeType": "text/yaml", "buffer": PROMPT.encode()}
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(files=[file])
    page.get_by_label("Into the module").fill("imported/letters")
    row = page.get_by_role("row", name="imported/letters/opener")
    expect(row).to_contain_text("new")
    page.get_by_role("button", name="Import 1 prompt").click()
    expect(page.get_by_text("1 created, 0 with a new version")).to_be_visible()
    page.get_by_role("link", name="imported/letters/opener").click()
    expect(page.get_by_role("heading", name="Letter opener")).to_be_visible()


@pytest.mark.timeout(60, func_only=True)
@pytest.mark.skipif(bool(missing()), reason="the local model is not installed")
def test_a_cell_of_the_matrix_opens_the_run_behind_it(console: Console, api: httpx2.Client) -> None:
    api.post("/projects", json={"name": "matrix-bank", "title": "Matrix bank"}).raise_for_status()
    put = api.put(
        "/projects/matrix-bank/prompts/greeting", json={"content": TESTED, "message": "First"}
    )
    assert put.is_success, put.text
    started = api.post("/projects/matrix-bank/runs", json={"path": "greeting", "targets": [NAME]})
    assert started.is_success, started.text
    run = f"/projects/matrix-bank/runs/{started.json()['number']}"
    until = time.monotonic() + 35
    while (state := api.get(run).json()["state"]) != "done":
        assert state in {"waiting", "running"}, state
        assert time.monotonic() < until, "the run takes too long"
        time.sleep(0.2)

    page = console.page("admin", DEMO_PASSWORD)
    page.goto("/p/matrix-bank/matrix")
    cell = page.get_by_role("gridcell", name=f"greeting, {NAME}")
    cell.click()
    expect(cell).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/p/matrix-bank/runs/1")
    expect(page.get_by_text("greeting").first).to_be_visible()


@pytest.mark.timeout(60, func_only=True)
def test_the_log_is_narrowed_and_an_event_of_it_opened(console: Console) -> None:
    page = console.page("admin", DEMO_PASSWORD)
    page.goto(f"{HOME}/audit")
    page.get_by_label("Person or machine").fill("anna.schmidt")
    page.get_by_role("combobox", name="Action").fill("release.suspend")
    rows = page.get_by_role("list", name="Events, newest first").get_by_role("button")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile("actor=anna.schmidt"))
    rows.first.click()
    event = page.get_by_role("dialog")
    expect(event).to_contain_text("legal is looking at them")
    page.keyboard.press("Escape")
    expect(event).to_be_hidden()
    page.reload()
    expect(rows).to_have_count(1)


@pytest.mark.timeout(60, func_only=True)
def test_the_bar_at_the_foot_of_a_phone_leads_on(console: Console) -> None:
    page = console.page("admin", DEMO_PASSWORD, viewport={"width": 390, "height": 844})
    page.goto(HOME)
    for name, rest in (("Prompts", "/prompts"), ("Reviews", "/reviews"), ("Home", "")):
        place = page.locator("nav:visible").get_by_role("link", name=name, exact=True)
        place.click()
        expect(page).to_have_url(f"{HOME}{rest}")
        expect(place).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("dialog").get_by_role("link", name="Audit log").click()
    expect(page).to_have_url(f"{HOME}/audit")


@pytest.mark.timeout(60, func_only=True)
def test_dark_colours_chosen_in_the_menu_survive_a_reload(console: Console) -> None:
    page = console.page("admin", DEMO_PASSWORD, color_scheme="light")
    page.goto(HOME)
    look = page.locator("html")
    expect(look).to_have_attribute("data-mantine-color-scheme", "light")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Dark", exact=True).click()
    expect(look).to_have_attribute("data-mantine-color-scheme", "dark")
    page.reload()
    expect(page.get_by_role("heading", name="Retail bank")).to_be_visible()
    expect(look).to_have_attribute("data-mantine-color-scheme", "dark")
