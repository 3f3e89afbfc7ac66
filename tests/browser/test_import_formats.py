"""Files of other tools are imported on the page: what would come is shown first, what cannot is named, and then it is there."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, expect

from support.browser import Console
from support.own_project import OwnProject, done, open_as
from support.server import RunningServer

PROMPTY = b"---\nname: Thank you\ninputs:\n  who: {type: string}\n---\nuser:\nThank {{who}}\n"
LOGIC = b"---\nname: x\n---\nuser:\n{% if a %}b{% endif %}\n"
TABLE = b"act;wording\nTeller;Count the {{ notes }}\nGuard;Watch the door\n"
BROKEN = b"messages:\n  - role: nobody\n    content: x\n"


@pytest.fixture(scope="session")
def project(demo: RunningServer) -> Iterator[OwnProject]:
    made = OwnProject(demo, "import-bank", demo.token("root", "admin"))
    made.add("imp.author", "author")
    made.add("imp.viewer", "viewer")
    yield made
    made.close()


def file(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("letters/thanks.prompty", PROMPTY)
        packed.writestr("letters/reply.md", "Answer the letter.")
    return made.getvalue()


def open_page(console: Console, who: str) -> Page:
    return open_as(console, who, "/p/import-bank/import")


def test_a_mixture_of_files_is_converted_shown_and_imported(
    console: Console, project: OwnProject
) -> None:
    page = open_page(console, "imp.author")
    page.locator("input[type=file]").first.set_input_files(
        [
            file("roles.csv", TABLE),
            file("all.zip", archive()),
            file("logic.prompty", LOGIC),
            file("broken.prompt.yml", BROKEN),
            file("photo.png", b"\x89PNG\x00\x01"),
        ]
    )
    # Without a usual name the column of the texts has to be chosen.
    expect(page.get_by_text("no column is called prompt or text or content")).to_be_visible()
    page.get_by_role("combobox", name="Texts", exact=True).click()
    page.get_by_role("option", name="wording").click()
    expect(page.get_by_role("status")).to_have_text("1 refused · 4 new · 1 left behind")
    left = page.get_by_role("alert").filter(has_text="Left behind: 2")
    expect(left).to_contain_text("{% if a %}")
    expect(left).to_contain_text("photo.png: not text")
    page.get_by_label("Into the module").fill("incoming")
    refused = page.get_by_role("row").filter(has_text="incoming/broken")
    expect(refused).to_contain_text("line 2: messages[0].role must be one of")
    page.get_by_role("button", name="Look: incoming/teller").click()
    expect(page.get_by_role("dialog")).to_contain_text("Count the {{ notes }}")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Leave out: incoming/guard").click()
    page.get_by_role("button", name="Import 3 prompts").click()
    expect(page.get_by_text("3 created, 0 with a new version")).to_be_visible()

    listed = done(project.api("imp.author").get(f"{project.base}/prompts"))["items"]
    assert [item["path"] for item in listed] == [
        "incoming/letters/reply",
        "incoming/letters/thanks",
        "incoming/teller",
    ]
    assert "Count the {{ notes }}" in project.text("incoming/teller")


def test_pasted_text_shows_what_it_changes_and_those_without_the_right_learn_why(
    console: Console, project: OwnProject
) -> None:
    project.put("imp.author", "pay", "messages:\n  - role: user\n    content: Pay now\n")
    page = open_page(console, "imp.author")
    page.get_by_role("button", name="Paste text").click()
    text = page.get_by_label("Text, or the content of a file")
    text.fill(json.dumps([{"name": "pay", "type": "text", "prompt": "Pay {{x}} later"}]))
    expect(page.get_by_role("combobox", name="What it is")).to_have_value("Langfuse prompts (JSON)")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("1 new version")
    page.get_by_role("button", name="Look: pay").click()
    expect(page.get_by_role("dialog").get_by_text("Pay now")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Where a prompt of that path exists").click()
    page.get_by_role("option", name="Leave it as it is").click()
    expect(page.get_by_role("button", name="Nothing to import")).to_be_disabled()
    page.get_by_role("combobox", name="Where a prompt of that path exists").click()
    page.get_by_role("option", name="Add a version").click()
    page.get_by_role("button", name="Import 1 prompt").click()
    expect(page.get_by_text("0 created, 1 with a new version")).to_be_visible()
    assert "Pay {{ x }} later" in project.text("pay") or "Pay {{x}} later" in project.text("pay")

    other = open_page(console, "imp.viewer")
    expect(other.get_by_role("alert")).to_be_visible()
