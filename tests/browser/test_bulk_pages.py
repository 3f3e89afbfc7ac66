"""Many prompts changed at once, saved views, and what is done with one prompt besides editing it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from support.browser import Console
from support.own_project import OwnProject, done, password
from support.server import RunningServer

PROJECT = "bulk-bank"
ACTIONS = "What to do with v1"
PATHS = ("cards/block", "cards/limit", "loans/limit", "letters/thanks")


@pytest.fixture(scope="session")
def project(demo: RunningServer) -> Iterator[OwnProject]:
    made = OwnProject(demo, PROJECT, demo.token("root", "admin"))
    made.add("bulk.author", "author")
    for path in PATHS:
        made.put("bulk.author", path, f"messages:\n  - role: user\n    content: About {path}\n")
    yield made
    made.close()


@pytest.fixture
def page(console: Console, project: OwnProject) -> Page:
    return console.signed_in("bulk.author", password("bulk.author"))


def listed(project: OwnProject, **query: Any) -> dict[str, dict[str, Any]]:
    answer = project.api("bulk.author").get(f"{project.base}/prompts", params=query)
    return {item["path"]: item for item in done(answer)["items"]}


def choose(page: Page, find: str) -> None:
    page.goto(f"/p/{PROJECT}/prompts?q={find}")
    page.get_by_role("button", name="Select the").click()


def preview(page: Page) -> Locator:
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Show what changes").click()
    return dialog


def test_many_prompts_are_tagged_moved_archived_and_brought_back(
    page: Page, project: OwnProject
) -> None:
    choose(page, "cards")
    page.get_by_role("button", name="Select all that match").click()
    page.get_by_role("button", name="Add tags…").click()
    page.get_by_role("dialog").get_by_label("Tags").first.fill("plastic")
    page.keyboard.press("Enter")
    dialog = preview(page)
    expect(dialog.get_by_role("status")).to_have_text("2 prompts will change")
    dialog.get_by_role("button", name="Add tags").click()
    expect(dialog.get_by_role("status")).to_have_text("2 prompts changed")
    dialog.get_by_role("button", name="Close").last.click()
    assert {p for p, item in listed(project).items() if item["tags"] == ["plastic"]} == {
        "cards/block",
        "cards/limit",
    }

    # Two of one name cannot both go into a module: one is named, and left out on demand.
    choose(page, "limit")
    page.get_by_role("button", name="Move…").click()
    page.get_by_role("combobox", name="Into the module").fill("limits/")
    dialog = preview(page)
    expect(dialog.get_by_role("status")).to_contain_text("cannot be changed")
    move = dialog.get_by_role("button", name="Move", exact=True)
    expect(move).to_be_disabled()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    choose(page, "letters")
    page.get_by_role("button", name="More…").click()
    page.get_by_role("menuitem", name="Archive…").click()
    preview(page).get_by_role("button", name="Archive").click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("1 prompt changed")
    assert "letters/thanks" not in listed(project)
    page.get_by_role("button", name="Undo: bring them back").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "letters/thanks" in listed(project)

    page.get_by_role("button", name="Select the").click()
    page.get_by_role("button", name="More…").click()
    page.get_by_role("menuitem", name="Export…").click()
    expect(page.get_by_role("dialog")).to_contain_text("letters/thanks.prompt.yml")
    page.get_by_role("button", name="Close").last.click()


def test_a_view_is_saved_shared_changed_and_deleted(page: Page, project: OwnProject) -> None:
    def views() -> list[tuple[str, bool, dict[str, Any]]]:
        items = done(project.api("bulk.author").get(f"{project.base}/views"))["items"]
        return [(item["name"], item["shared"], item["query"]) for item in items]

    page.goto(f"/p/{PROJECT}/prompts?q=cards")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Save as a view…").click()
    page.get_by_role("dialog").get_by_label("Name").fill("plastic")
    page.get_by_label("For everybody who may read the project").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="plastic").click()
    [(name, shared, query)] = views()
    assert (name, shared, query["q"]) == ("plastic", True, "cards")
    page.get_by_role("menuitem", name="Rename…").click()
    page.get_by_role("dialog").get_by_label("Name").fill("cards")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="cards", exact=True).click()
    assert [name for name, _, _ in views()] == ["cards"]
    page.get_by_role("menuitem", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert views() == []


def more(page: Page, item: str) -> Locator:
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name=item).click()
    return page.get_by_role("dialog")


def test_one_prompt_is_moved_copied_exported_archived_and_restored(
    page: Page, project: OwnProject
) -> None:
    start = "messages:\n  - role: user\n    content: {}\n"
    project.put("bulk.author", "desk/one", start.format("First"))
    project.put("bulk.author", "desk/one", start.format("Second"))
    page.goto(f"/p/{PROJECT}/prompt/desk/one?tab=history")
    page.get_by_role("button", name=ACTIONS).click()
    page.get_by_role("menuitem", name="Restore").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "First" in project.text("desk/one")

    page.goto(f"/p/{PROJECT}/prompt/desk/one")
    dialog = more(page, "Move or rename…")
    dialog.get_by_role("combobox", name="New address").fill("hall/one")
    dialog.get_by_role("button", name="Move", exact=True).click()
    page.wait_for_url("**/prompt/hall/one")
    dialog = more(page, "Copy…")
    dialog.get_by_role("combobox", name="New address").fill("hall/two")
    dialog.get_by_role("button", name="Copy", exact=True).click()
    page.wait_for_url("**/prompt/hall/two")
    assert {"hall/one", "hall/two"} <= listed(project).keys()
    assert "desk/one" not in listed(project)

    dialog = more(page, "Export…")
    dialog.get_by_label("Format").click()
    page.get_by_role("option", name="Prompty").click()
    expect(dialog.get_by_role("status")).to_contain_text("hall/two.prompty")
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "two.prompty"
    page.keyboard.press("Escape")

    dialog = more(page, "Archive…")
    dialog.get_by_label("Reason").fill("Nobody needs it")
    dialog.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("This prompt is archived")).to_be_visible()
    assert "hall/two" in listed(project, archived="true")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_text("This prompt is archived")).to_have_count(0)
    assert "hall/two" in listed(project)


def test_several_prompts_are_exported_as_one_zip(page: Page, project: OwnProject) -> None:
    choose(page, "cards")
    page.get_by_role("button", name="More…").click()
    page.get_by_role("menuitem", name="Export…").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as a zip file").click()
    with zipfile.ZipFile(download.value.path()) as packed:
        assert packed.testzip() is None
        assert "cards/block.prompt.yml" in packed.namelist()
        assert b"About cards/block" in packed.read("cards/block.prompt.yml")
