"""The settings of a project in a browser: each test walks a whole task and asks the API what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import axe
from support.desk import Desk, a_desk, dialog, press
from support.git_http import GitHost
from support.stock_git import Git

SETTINGS = "/p/bank/settings"
PROMPT = "messages:\n  - role: user\n    content: Sort this claim.\n"


@pytest.fixture(scope="module")
def desk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("settings")
    env = {
        "PROMPTOPS_MIRROR_ALLOWED_HOSTS": "127.0.0.1",
        "PROMPTOPS_MIRROR_ALLOW_PLAIN_HTTP": "true",
    }
    with a_desk(browser, folder, **env) as made:
        made.post("/projects", {"name": "bank", "title": "Bank"})
        made.person("carla", project="bank", role="author")
        yield made


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHost]:
    folder = tmp_path_factory.mktemp("host")
    made = GitHost(folder, Git(folder / "home"))
    made.repository()
    made.start()
    yield made
    made.stop()


def environments(desk: Desk) -> dict[str, dict[str, object]]:
    return {one["name"]: one for one in desk.get("/projects/bank/environments")["items"]}


def switch(page: Page, rule: str) -> None:
    """Switch a rule on or off; its name begins so."""
    dialog(page).get_by_role("switch", name=re.compile(f"^{rule}")).click()


def test_an_environment_is_created_ruled_by_two_and_weakened(desk: Desk) -> None:
    page = desk.page
    page.goto(SETTINGS)
    press(page, "Create an environment")
    form = dialog(page)
    form.get_by_label("Name").fill("production")
    press(form, "Create the environment")
    expect(form.get_by_text("The environment production exists already.")).to_be_visible()
    form.get_by_label("Name").fill("pre prod")
    press(form, "Create the environment")
    expect(form.get_by_text("contains ' '")).to_be_visible()
    form.get_by_label("Name").fill("pilot")
    form.get_by_role("combobox", name="Place in the order").click()
    page.get_by_role("option", name="before production").click()
    form.get_by_role("switch", name="Ask for approval").click()
    press(form, "Create the environment")
    expect(dialog(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Create an environment")).to_be_focused()
    pilot = environments(desk)["pilot"]
    assert (pilot["position"], pilot["approval_required"]) == (2, False)

    card = page.get_by_role("region", name="pilot")
    press(card, "Change the rules")
    switch(page, "Publishing hours")
    form.get_by_label("Time zone").fill("Mars/Base")
    press(form, "Save the rules")
    expect(form.get_by_role("alert")).to_contain_text("Time zone: ")
    form.get_by_label("Time zone").fill("Asia/Singapore")
    switch(page, "Only from another environment")
    switch(page, "Prompts at once")
    switch(page, "Freeze")
    form.get_by_label("Reason", exact=True).fill("Year-end")
    form.get_by_label("Until").fill("2999-01-05T00:00")
    form.get_by_label("Reason for the change").fill("The pilot begins")
    form.get_by_label("Ticket", exact=True).fill("OPS-12")
    press(form, "Save the rules")
    expect(dialog(page)).to_have_count(0)
    expect(card.get_by_text("only versions that are live in staging")).to_be_visible()
    rules = environments(desk)["pilot"]["rules"]
    assert isinstance(rules, dict)
    assert set(rules) == {"windows", "only_from", "max_prompts", "freeze"}

    press(card, "Change the rules")
    expect(form.get_by_label("Prompts", exact=True)).to_have_value("10")
    theirs = {"rules": {"freeze": None}, "reason": "Over"}
    at = "/projects/bank/environments/pilot"
    assert desk.api.patch(at, json=theirs).status_code == 200
    form.get_by_label("Prompts", exact=True).fill("3")
    press(form, "Save the rules")
    expect(form.get_by_role("alert")).to_contain_text("Somebody else changed the settings of pilot")
    press(form, "Show the rules as they are now")
    expect(form.get_by_label("Until")).to_have_count(0)
    form.get_by_label("Prompts", exact=True).fill("3")
    press(form, "Save the rules")
    expect(dialog(page)).to_have_count(0)
    rules = environments(desk)["pilot"]["rules"]
    assert isinstance(rules, dict)
    assert rules["max_prompts"] == {"prompts": 3}
    assert "freeze" not in rules

    press(card, "Later: pilot")
    expect(page.get_by_role("region").last).to_have_accessible_name("pilot")
    assert environments(desk)["pilot"]["position"] == 3
    press(page.get_by_role("region", name="production"), "Stop asking for approval")
    form.get_by_label("Reason").fill("A drill")
    expect(form.get_by_role("button", name="Stop asking for approval")).to_be_disabled()
    form.get_by_label("Type production to confirm").fill("production")
    press(form, "Stop asking for approval")
    expect(dialog(page)).to_have_count(0)
    assert environments(desk)["production"]["approval_required"] is False
    press(page.get_by_role("region", name="production"), "Ask for approval")
    form.get_by_label("Reason").fill("The drill is over")
    press(form, "Ask for approval")
    expect(dialog(page)).to_have_count(0)
    assert environments(desk)["production"]["approval_required"] is True
    assert axe(page) == []


def test_a_role_is_given_here_and_taken_and_others_may_only_look(desk: Desk) -> None:
    desk.person("erin")
    page = desk.page
    page.goto(f"{SETTINGS}?tab=access")
    page.get_by_role("button", name="Give a role").first.click()
    form = dialog(page)
    form.get_by_label("User name").fill("nobody")
    press(form, "Give the role author")
    expect(form.get_by_text("There is no user nobody.")).to_be_visible()
    form.get_by_label("User name").fill("erin")
    form.get_by_role("combobox", name="Role").click()
    page.get_by_role("option", name="publisher: publishes").click()
    form.get_by_label("Only below module").fill("claims")
    form.get_by_role("combobox", name="Only in environment").click()
    page.get_by_role("option", name="staging").click()
    press(form, "Give the role publisher")
    expect(dialog(page)).to_have_count(0)
    held = [one for one in desk.get("/grants", project="bank")["items"] if one["user"] == "erin"]
    assert [(one["role"], one["module"], one["environment"]) for one in held] == [
        ("publisher", "claims", "staging")
    ]
    page.goto(f"{SETTINGS}?tab=access&can=publish&in=staging")
    expect(page.get_by_role("region", name="Who can do what here?")).to_contain_text("publisher")

    erin = desk.sign_in("erin")
    erin.goto(SETTINGS)
    staging, production = (
        erin.get_by_role("region", name=one) for one in ("staging", "production")
    )
    expect(production.get_by_role("button", name="Change the rules")).to_be_disabled()
    expect(staging.get_by_role("button", name="Stop asking for approval")).to_have_count(0)
    expect(erin.get_by_role("button", name="Create an environment")).to_be_disabled()
    erin.goto(f"{SETTINGS}?tab=access")
    expect(erin.get_by_role("cell", name="carla").first).to_be_visible()
    expect(erin.get_by_role("button", name="Give a role")).to_be_disabled()

    press(page, "Take away the role publisher of erin")
    press(dialog(page), "Take away")
    expect(page.get_by_text("erin")).to_have_count(0)
    assert all(one["user"] != "erin" for one in desk.get("/grants", project="bank")["items"])


def test_record_defaults_are_begun_and_typed_text_outlives_what_somebody_else_saves(
    desk: Desk,
) -> None:
    page = desk.page
    where = f"{SETTINGS}?tab=defaults&module=claims"
    page.goto(where)
    press(page, "Begin with the example")
    press(page, "Save the defaults")
    expect(page.get_by_text("There are none yet")).to_have_count(0)
    at = "/projects/bank/record-defaults/claims"
    assert "owner: maria.lopez" in desk.get(at)["text"]
    other = desk.sign_in("bob")
    other.goto(where)
    type_above(page, "# mine\n")
    type_above(other, "# theirs\n")
    press(other, "Save the defaults")
    overtaken = page.get_by_role("alert", name="Somebody else changed these defaults meanwhile")
    expect(overtaken).to_contain_text("# theirs")
    assert desk.get(at)["text"].startswith("# theirs")
    press(page, "Keep mine, to be saved over theirs")
    press(page, "Save the defaults")
    expect(page.get_by_role("button", name="Discard my changes")).to_have_count(0)
    assert desk.get(at)["text"].startswith("# mine")
    type_above(page, "owner: {no: text}\n")
    press(page, "Save the defaults")
    expect(page.get_by_role("alert", name="The input is not valid")).to_be_visible()
    press(page, "Discard my changes")
    assert desk.get(at)["text"].startswith("# mine")


def type_above(page: Page, text: str) -> None:
    """Write at the top of the editor."""
    page.get_by_role("textbox", name="Record defaults as YAML").click()
    page.keyboard.press("ControlOrMeta+Home")
    page.keyboard.insert_text(text)


def test_a_mirror_is_set_paused_and_removed(desk: Desk, host: GitHost) -> None:
    page = desk.page
    page.goto(f"{SETTINGS}?tab=git")
    expect(page.get_by_text(f"git clone {desk.server.url}/git/bank.git")).to_be_visible()
    page.goto(f"{SETTINGS}?tab=models")
    expect(page.get_by_text("No model target is open to this project")).to_be_visible()
    page.goto(f"{SETTINGS}?tab=mirror")
    press(page, "Set a mirror")
    form = dialog(page)
    form.get_by_label("Address").fill("https://10.0.0.1/bank.git")
    form.get_by_label("User").fill(host.user)
    form.get_by_label("Password or token").fill(host.password)
    press(form, "Save and push")
    expect(form.get_by_text("This server does not mirror to 10.0.0.1.")).to_be_visible()
    form.get_by_label("Address").fill(host.url())
    press(form, "Save and push")
    expect(dialog(page)).to_have_count(0)
    expect(page.get_by_text("up to date")).to_be_visible(timeout=30_000)
    assert "refs/heads/env/production" in host.refs()
    assert host.password not in page.content()
    press(page, "Pause")
    expect(page.get_by_role("button", name="Push now")).to_be_disabled()
    assert desk.get("/projects/bank/mirror")["enabled"] is False
    press(page, "Push again")
    expect(page.get_by_role("button", name="Push now")).to_be_enabled()
    assert desk.get("/projects/bank/mirror")["enabled"] is True
    press(page, "Remove")
    press(form, "Remove")
    expect(page.get_by_text("No mirror")).to_be_visible()
    assert desk.api.get("/projects/bank/mirror").status_code == 404
