"""The administration in a browser: each test walks a whole task and asks the API what became of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import axe
from support.desk import Desk, a_desk, dialog, press
from support.openai_server import OpenAIServer

POLICY = 'forbid (principal, action == Action::"prompt:write", resource)\nwhen { principal.name == "carla" };'


@pytest.fixture(scope="module")
def desk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with a_desk(browser, tmp_path_factory.mktemp("administration")) as made:
        made.post("/projects", {"name": "bank", "title": "Bank"})
        yield made


def kept(page: Page, label: str) -> str:
    """The secret that is shown once: Escape does not close it, its own button does."""
    field = dialog(page).get_by_label(label, exact=True)
    expect(field).to_be_visible()
    page.keyboard.press("Escape")
    secret = field.input_value()
    press(dialog(page), "I have kept it")
    expect(dialog(page)).to_have_count(0)
    return secret


def account(desk: Desk, name: str) -> dict[str, object]:
    (found,) = desk.get("/users", q=name)["items"]
    return dict(found)


def test_a_person_comes_gets_a_role_loses_it_and_leaves(desk: Desk) -> None:
    page = desk.page
    page.goto("/admin/people")
    press(page, "Add an account")
    form = dialog(page)
    form.get_by_label("Sign-in name").fill("ada")
    press(form, "Add the account")
    expect(form.get_by_label("Sign-in name")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_text("There is a user ada already.")).to_be_visible()
    form.get_by_label("Sign-in name").fill("carla")
    form.get_by_label("Name shown").fill("Carla Frei")
    form.get_by_label("E-mail").fill("carla@bank.example")
    press(form, "Add the account")
    password = kept(page, "Password")
    expect(page.get_by_role("button", name="Add an account")).to_be_focused()
    made = account(desk, "carla")
    assert (made["display_name"], made["email"], made["admin"]) == (
        "Carla Frei",
        "carla@bank.example",
        False,
    )
    carla = desk.sign_in("carla", password)
    carla.goto("/admin/people")
    expect(carla.get_by_role("alert")).to_contain_text("may not manage users")

    page.goto("/admin/people?q=carla")
    page.get_by_role("link", name="See their roles").click()
    expect(page.get_by_text("carla holds no role")).to_be_visible()
    page.get_by_role("button", name="Give a role").last.click()
    form = dialog(page)
    form.get_by_label("Project").fill("bnak")
    press(form, "Give the role viewer")
    expect(form.get_by_text("There is no project bnak.")).to_be_visible()
    form.get_by_label("Project").fill("bank")
    form.get_by_label("Environment").fill("moon")
    press(form, "Give the role viewer")
    expect(form.get_by_text("bank has no environment moon.")).to_be_visible()
    assert desk.get("/grants", project="bank")["items"] == []
    form.get_by_label("Environment").fill("staging")
    form.get_by_label("Module").fill("claims")
    press(form, "Give the role viewer")
    expect(dialog(page)).to_have_count(0)
    (grant,) = desk.get("/grants", project="bank")["items"]
    assert [grant[key] for key in ("user", "role", "module", "environment", "granted_by")] == [
        "carla", "viewer", "claims", "staging", "ada",
    ]  # fmt: skip

    page.goto("/admin/access?tab=ask&action=read&project=bank&user=carla")
    expect(page.get_by_role("img", name="Yes").or_(page.get_by_label("Yes"))).to_be_visible()
    expect(page.get_by_text("through viewer")).to_be_visible()
    page.goto("/admin/access?user=carla")
    press(page, "Take away the role viewer of carla")
    press(dialog(page), "Take away")
    expect(page.get_by_text("carla holds no role")).to_be_visible()
    assert desk.get("/grants", project="bank")["items"] == []

    page.goto("/admin/people?q=carla")
    act(page, "carla", "Set a new password")
    press(dialog(page), "Set a new password")
    second = kept(page, "Password")
    assert second != password
    expect(page.get_by_role("button", name="Actions for carla")).to_be_focused()
    act(page, "carla", "Deactivate")
    dialog(page).get_by_label("Reason").fill("Left the bank")
    press(dialog(page), "Deactivate")
    expect(page.get_by_text("deactivated", exact=True)).to_be_visible()
    assert account(desk, "carla")["active"] is False
    signing_in = httpx2.post(f"{desk.server.url}/api/v1/session", json={"name": "carla", "password": second}, headers={"Origin": desk.server.url})  # fmt: skip
    assert signing_in.status_code == 401
    act(page, "carla", "Activate")
    press(dialog(page), "Activate")
    expect(page.get_by_text("active", exact=True)).to_be_visible()
    assert account(desk, "carla")["active"] is True


def act(page: Page, name: str, what: str) -> None:
    page.get_by_role("button", name=f"Actions for {name}").click()
    page.get_by_role("menuitem", name=what, exact=True).click()


def test_nobody_ends_themself_and_long_lists_are_found_in(desk: Desk) -> None:
    for number in range(130):
        desk.post("/users", {"name": f"teller-{number:03}", "kind": "service"})
    page = desk.page
    page.goto("/admin/people?q=ada")
    page.get_by_role("button", name="Actions for ada").click()
    expect(page.get_by_role("menuitem", name="Your own sign-in")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Deactivate")).to_have_count(0)
    page.keyboard.press("Escape")
    page.goto("/admin/people?kind=service")
    accounts = page.get_by_role("region", name="Accounts")
    expect(accounts.get_by_text("teller-000").first).to_be_visible()
    accounts.evaluate("box => box.scrollTo(0, box.scrollHeight)")
    page.mouse.wheel(0, 20_000)
    page.get_by_label("Beginning of a name").fill("teller-129")
    expect(accounts.get_by_text("teller-129").first).to_be_visible()
    expect(accounts.get_by_text("teller-000")).to_have_count(0)
    page.get_by_label("Beginning of a name").fill("nobody at all")
    expect(page.get_by_text("No account is called so")).to_be_visible()
    press(page, "Clear filters")
    expect(accounts.get_by_text("teller-000").first).to_be_visible()


def test_a_token_for_an_application_is_shown_once_and_revoked(desk: Desk) -> None:
    page = desk.page
    page.goto("/admin/tokens")
    press(page, "Make a token")
    form = dialog(page)
    form.get_by_label("Service account").fill("till")  # the tellers begin with other letters
    form.get_by_label("Token").fill("counter")
    form.get_by_label("Project").fill("bank")
    form.get_by_label("Environment").fill("moon")
    press(form, "Make a token")
    expect(form.get_by_text("bank has no environment moon.")).to_be_visible()
    assert desk.get("/users", q="till")["items"] == []
    form.get_by_label("Environment").fill("production")
    press(form, "Make a token")
    expect(dialog(page).get_by_text("PROMPTOPS_ENVIRONMENT=production")).to_be_visible()
    secret = kept(page, "Token")
    live = f"{desk.server.url}/delivery/v1/bank/production"
    bearer = {"Authorization": f"Bearer {secret}"}
    assert httpx2.get(live, headers=bearer).status_code == 200
    assert httpx2.get(f"{desk.server.url}/api/v1/users", headers=bearer).status_code == 403
    press(page, "Revoke counter of till")
    press(dialog(page), "Revoke")
    expect(page.get_by_text("revoked", exact=True)).to_be_visible()
    deadline = time.monotonic() + 10
    while httpx2.get(live, headers=bearer).status_code != 401:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_model_target_is_added_checked_changed_by_two_and_removed(desk: Desk) -> None:
    page = desk.page
    with OpenAIServer(answer=lambda body: "Hello") as model:
        page.goto("/admin/models")
        page.get_by_role("button", name="Add a model target").first.click()
        form = dialog(page)
        form.get_by_label("Name of the target").fill("Bad name")
        form.get_by_label("Model, as the endpoint knows it").fill("gpt-mini-2026-01-01")
        press(form, "Add the target")
        expect(form.get_by_label("Name of the target")).to_be_focused()
        expect(form.get_by_text("contains ' '")).to_be_visible()
        form.get_by_label("Name of the target").fill("mini")
        form.get_by_label("Address").fill(model.url)
        form.get_by_role("combobox", name="Where the key is").click()
        page.get_by_role("option", name="kept sealed in the database").click()
        form.get_by_label("Key", exact=True).fill("sk-of-the-bank")
        press(form, "Add the target")
        expect(dialog(page)).to_have_count(0)
        assert desk.get("/models/mini")["credential"]["kind"] == "sealed"
        press(page, "Check mini")
        expect(dialog(page).get_by_text("The model answers.")).to_be_visible()
        page.keyboard.press("Escape")
    assert model.requests[0].headers["authorization"] == "Bearer sk-of-the-bank"
    assert desk.get("/models/mini")["check"]["ok"] is True

    press(page, "Edit mini")
    form = dialog(page)
    form.get_by_label("Budget a month").fill("25")
    now = desk.get("/models/mini")
    theirs = {key: now[key] for key in ("provider", "model", "base_url", "data_class", "limits")}
    assert desk.api.put("/models/mini", json={**theirs, "region": "eu"}).status_code == 200
    press(form, "Save the target")
    expect(form.get_by_role("alert")).to_contain_text("Somebody else changed the model target mini")
    press(form, "Cancel")
    press(page, "Edit mini")
    expect(form.get_by_label("Region")).to_have_value("eu")
    form.get_by_label("Budget a month").fill("25")
    press(form, "Save the target")
    expect(dialog(page)).to_have_count(0)
    assert desk.get("/models/mini")["budget_month"] == 25_000_000
    press(page, "Check mini")  # its server has ended
    expect(dialog(page).get_by_text("The model could not be used.")).to_be_visible()
    page.keyboard.press("Escape")
    press(page, "Remove mini")
    press(dialog(page), "Remove the target")
    expect(page.get_by_text("No model can be called yet")).to_be_visible()
    assert desk.get("/models")["items"] == []


def test_a_policy_is_tried_put_changed_by_two_and_removed(desk: Desk) -> None:
    desk.person("dora", project="bank", role="author")
    page = desk.page
    page.goto("/admin/policies")
    page.get_by_role("button", name="Write a policy").first.click()
    form = dialog(page)
    name = form.get_by_label("Name", exact=True)
    name.fill("Bad Name")
    press(form, "Put in force")
    expect(form.get_by_text("'Bad Name' is no name of a policy.")).to_be_visible()
    name.fill("no-dora")
    write(page, "permit (principal, action, resource);")
    press(form, "Check")
    expect(form.get_by_text("Only forbid is accepted here")).to_be_visible()
    write(page, POLICY.replace("carla", "dora"))
    form.get_by_label("Account").fill("dora")
    form.get_by_role("combobox", name="May they").click()
    page.get_by_role("option", name="write prompts").click()
    form.get_by_label("Project, module or prompt").fill("bank/claims/triage")
    press(form, "Check")
    expect(form.get_by_text("with it may not")).to_be_visible()
    assert desk.get("/policies")["items"] == []
    press(form, "Put in force")
    expect(dialog(page)).to_have_count(0)
    (mine,) = desk.get("/policies")["items"]
    assert (mine["name"], mine["author"]) == ("no-dora", "ada")

    page.get_by_role("button", name="Write a policy").first.click()
    name.fill("no-dora")
    press(form, "Put in force")
    expect(form.get_by_text("There is a policy no-dora already.")).to_be_visible()
    press(form, "Cancel")
    press(page, "Edit no-dora")
    form.get_by_label("What it is for").fill("Mine")
    theirs = {"text": POLICY, "comment": "Theirs"}
    assert desk.api.put("/policies/no-dora", json=theirs).status_code == 200
    press(form, "Put in force")
    expect(form.get_by_role("alert")).to_contain_text("Somebody else changed the policy no-dora")
    assert desk.get("/policies")["items"][0]["comment"] == "Theirs"
    press(form, "Cancel")
    page.reload()
    press(page, "Remove no-dora")
    press(dialog(page), "Remove the policy")
    expect(page.get_by_text("Nothing is forbidden beyond")).to_be_visible()
    assert desk.get("/policies")["items"] == []


def write(page: Page, text: str) -> None:
    """Put another text into the editor."""
    page.get_by_role("textbox", name="Policy text in Cedar").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)


def test_what_the_server_runs_with_and_how_it_is_are_seen(desk: Desk) -> None:
    page = desk.page
    page.goto("/admin/settings?changed=yes")
    expect(page.get_by_text("data_dir", exact=True)).to_be_visible()
    expect(page.get_by_text("command line").first).to_be_visible()
    page.get_by_label("Search in the settings").fill("no such setting")
    expect(page.get_by_text("No setting matches")).to_be_visible()
    page.goto("/admin/keys")
    (key,) = desk.get("/system/keys")["items"]
    expect(page.get_by_text(key["public"], exact=True)).to_be_visible()
    page.goto("/admin/jobs")
    page.get_by_role("combobox", name="Kind").fill("make audit checkpoints")
    expect(page).to_have_url(re.compile("kind=make-audit-checkpoints"))
    page.goto("/admin/jobs?state=failed")
    expect(page.get_by_text("No job has failed")).to_be_visible()
    page.goto("/admin/health")
    expect(
        page.get_by_text(re.compile("Everything is well|Something needs attention"))
    ).to_be_visible()
    assert axe(page) == []


def test_a_token_and_the_sessions_of_oneself(desk: Desk) -> None:
    other = desk.sign_in("ada")
    page = desk.page
    page.goto("/me?tab=tokens")
    page.get_by_role("button", name="Make a token").first.click()
    dialog(page).get_by_label("Name").fill("laptop")
    press(dialog(page), "Make a token")
    secret = kept(page, "Token")
    me = f"{desk.server.url}/api/v1/me"
    bearer = {"Authorization": f"Bearer {secret}"}
    assert httpx2.get(me, headers=bearer).json()["name"] == "ada"
    press(page, "Revoke laptop")
    press(dialog(page), "Revoke")
    expect(page.get_by_text("revoked", exact=True)).to_be_visible()
    assert httpx2.get(me, headers=bearer).status_code == 401
    page.goto("/me?tab=sessions")
    expect(page.get_by_text(re.compile(r"^Chrome \d+ on Linux$")).first).to_be_visible()
    press(page, "End all others")
    press(dialog(page), "End all others")
    expect(page.get_by_role("button", name="End all others")).to_have_count(0)
    assert other.context.request.get(me).status == 401
    assert page.context.request.get(me).status == 200
