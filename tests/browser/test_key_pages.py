"""Signing keys in a browser, and the banner of a database that is an old copy: each is done there and asked of the API."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from promptops_server.audit.set_back import tell_set_back
from promptops_server.infra.database import Database
from support.browser import axe
from support.desk import Desk, a_desk, dialog, press
from support.server import BIN

FOUND = "bank/production: Redis holds release 1-4, the database knows 1-2."


@pytest.fixture(scope="module")
def desk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(browser, tmp_path_factory.mktemp("keys")) as made:
        made.post("/projects", {"name": "bank", "title": "Bank"})
        made.person("vera", project="bank", role="viewer")
        yield made


def card(page: Page, key_id: str) -> Locator:
    return page.get_by_role("region", name=f"Key {key_id}")


def keys(desk: Desk) -> list[dict[str, object]]:
    return list(desk.get("/system/keys")["items"])


def test_a_key_is_announced_and_the_one_that_signs_revoked(desk: Desk) -> None:
    page = desk.page
    (first,) = keys(desk)
    page.goto("/admin/keys")
    expect(card(page, str(first["id"])).get_by_text("signs now")).to_be_visible()
    press(page, "Announce a new key")
    form = dialog(page)
    hours, reason = form.get_by_label("Begins to sign after (hours)"), form.get_by_label("Reason")
    do = form.get_by_role("button", name="Announce a new key")
    expect(hours).to_be_focused()
    expect(do).to_be_disabled()
    hours.fill("2161")
    reason.fill("x")
    do.click()
    expect(form.get_by_text("It is at most 2160.")).to_be_visible()
    expect(form.get_by_text("Write at least 3 characters.")).to_be_visible()
    expect(hours).to_be_focused()
    assert axe(page) == []
    hours.fill("24")
    reason.fill("Every year")
    page.keyboard.press("Tab")
    assert len(keys(desk)) == 1
    do.press("Enter")
    expect(dialog(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Announce a new key")).to_be_focused()
    second = keys(desk)[1]
    assert (second["state"], second["announced"]) == (
        "announced",
        {"by": "ada", "reason": "Every year"},
    )
    coming = card(page, str(second["id"]))
    expect(coming).to_contain_text("Begins to sign tomorrow")
    expect(coming).to_contain_text("by ada: “Every year”.")
    expect(card(page, str(first["id"]))).to_contain_text("until the next key begins tomorrow")
    trusted = page.get_by_role("region", name="For applications that are given keys")
    expect(trusted).to_contain_text(str(second["public"]))
    expect(trusted).to_contain_text(str(first["public"]))
    press(page, "Announce a new key")
    reason.fill("Twice")
    do.click()
    expect(form.get_by_role("alert")).to_contain_text(f"Key {second['id']} is announced already")
    page.keyboard.press("Escape")

    press(page, f"Revoke {first['id']}")
    expect(form).to_contain_text(f"Key {second['id']}, which is announced, begins to sign at once")
    expect(form).to_contain_text("refuse from then on what it signed")
    typed = form.get_by_label(f"Type {first['id']} to confirm")
    do = form.get_by_role("button", name="Revoke the key")
    reason.fill("x")
    typed.fill(str(second["id"]))
    expect(do).to_be_disabled()
    typed.fill(str(first["id"]))
    typed.press("Enter")
    expect(form.get_by_text("Write at least 3 characters.")).to_be_visible()
    expect(reason).to_be_focused()
    assert axe(page) == []
    assert [key["state"] for key in keys(desk)] == ["signing", "announced"]
    reason.fill("A backup was stolen")
    do.click()
    expect(dialog(page)).to_have_count(0)
    gone = card(page, str(first["id"]))
    expect(gone).to_contain_text("by ada: “A backup was stolen”. Nothing it signed counts")
    expect(gone.get_by_role("button", name=re.compile("^Revoke"))).to_have_count(0)
    expect(card(page, str(second["id"])).get_by_text("signs now")).to_be_visible()
    expect(trusted).not_to_contain_text(str(first["public"]))
    assert [key["state"] for key in keys(desk)] == ["revoked", "signing"]
    assert desk.actions()[:2] == ["key.revoke", "key.announce"]
    assert axe(page) == []

    press(page, f"Revoke {second['id']}")
    expect(form).to_contain_text("A new key is made, signs at once")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=f"Revoke {second['id']}")).to_be_focused()


def test_nobody_else_is_offered_to_change_keys(desk: Desk) -> None:
    page = desk.sign_in("vera")
    page.goto("/admin/keys")
    expect(page.get_by_role("alert")).to_be_visible()
    for name in ("Announce a new key", re.compile("^Revoke")):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_everybody_is_told_while_no_change_is_taken(desk: Desk) -> None:
    ada, vera = desk.page, desk.sign_in("vera")
    file = desk.server.data / "promptops.sqlite"
    database = Database(f"sqlite:///{file}")
    ada.goto("/p/bank/settings?tab=environments")
    press(ada, "Create an environment")
    dialog(ada).get_by_label("Name").fill("pilot")
    told = ada.get_by_text("No project takes changes at the moment.")
    expect(told).to_have_count(0)
    try:
        tell_set_back(database, FOUND)
    finally:
        database.close()
    vera.goto("/p/bank")
    expect(vera.get_by_text("No project takes changes at the moment.")).to_be_visible()
    expect(vera.get_by_text("An operator has to decide how to go on")).to_be_visible()
    expect(vera.get_by_text(FOUND)).to_have_count(0)
    assert axe(vera) == []
    # Nothing is reloaded: the refused change itself tells.
    press(dialog(ada), "Create the environment")
    expect(dialog(ada).get_by_role("alert")).to_contain_text("promptops-server epoch --accept")
    expect(told).to_be_visible()
    press(dialog(ada), "Cancel")
    expect(ada.get_by_text(FOUND)).to_be_hidden()
    ada.get_by_text("What was found, and what to do").click()
    expect(ada.get_by_text(FOUND)).to_be_visible()
    expect(ada.get_by_text("promptops-server epoch --accept", exact=True)).to_be_visible()
    assert axe(ada) == []

    command = [BIN / "promptops-server", "epoch", "--data", desk.server.data, "--accept", "--yes"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for page in (ada, vera):
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_text("No project takes changes at the moment.")).to_have_count(0)
