"""Two people write the same prompt, the network is slow, an answer is lost, the server goes away: nothing typed is lost, nothing
happens twice, and all comes back by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from support.browser import Console
from support.own_project import OwnProject, done, password
from support.server import RunningServer

PROJECT = "two-writers"
SAVED = re.compile(r"^Saved (just now|\d)")
TEXT = (
    "name: Hours\nmodel: openai/gpt-4o\nmessages:\n  - role: user\n    content: When do you open?\n"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProject]:
    """A server of this module's own, which may be restarted, with two authors and a publisher."""
    server = RunningServer(tmp_path_factory.mktemp("writers") / "data").start()
    made = OwnProject(server, PROJECT, server.token("root", "admin"))
    for who, role in (("ana", "author"), ("ben", "author"), ("pia", "publisher")):
        made.add(who, role)
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
    # The code of this page was never fetched. The one before stays until it can be.
    page.get_by_role("navigation", name="Places").get_by_role("link", name="Audit log").click()
    says(page, re.compile("^The server cannot be reached"))
    expect(page.get_by_role("textbox", name="Message 1, user")).to_contain_text("Meanwhile.")
    project.server.start()
    expect(page.get_by_role("heading", name="Audit log")).to_be_visible()
    page.go_back()
    says(page, SAVED)
    page.reload()
    message = page.get_by_role("textbox", name="Message 1, user")
    expect(message).to_have_text("When do you open? Before. Meanwhile.")


def slow(page: Page) -> None:
    """A bad connection in a train: 400 kbit/s, 400 ms there and back."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    rate = 400_000 / 8
    network.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 400, "downloadThroughput": rate, "uploadThroughput": rate},
    )


@pytest.mark.timeout(60)
def test_over_a_slow_network_one_writes_on_while_it_is_saved(
    console: Console, project: OwnProject
) -> None:
    project.put("ana", "hours/slow", TEXT)
    page = console.page("ana", password("ana"))
    page.goto(f"/p/{PROJECT}/prompt/hours/slow")
    page.get_by_role("textbox", name="Message 1, user").click()
    slow(page)
    page.keyboard.press("Control+End")
    page.keyboard.type(" On Mondays?")
    state = page.get_by_role("status")
    expect(state.filter(has_text="Saving")).to_be_visible()
    page.get_by_label("Role, Message 1, user").select_option("system")
    page.get_by_role("textbox", name="Message 1, system").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" At noon?")
    expect(state.filter(has_text=SAVED)).to_be_visible()
    copy = done(project.api("ana").get(f"{project.base}/working-copies/hours/slow"))
    assert "role: system\n    content: When do you open? On Mondays? At noon?" in copy["text"]


@pytest.mark.timeout(60)
def test_a_release_whose_answer_was_lost_is_made_once(
    console: Console, project: OwnProject
) -> None:
    project.put("ana", "hours/lost", TEXT)
    page = console.page("pia", password("pia"))
    page.goto(f"/p/{PROJECT}/prompt/hours/lost?sheet=publish&prompts=hours/lost@1&to=staging")
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Reason").fill("Staff asked for it")
    lost = []

    def lose(route: Route) -> None:
        asked = route.request
        if asked.method != "POST" or json.loads(asked.post_data or "{}").get("dry_run") or lost:
            return route.fallback()
        lost.append(route.fetch().status)
        return route.abort("connectionreset")

    page.route("**/environments/staging/releases", lose)
    publish = sheet.get_by_role("button", name="Publish to staging")
    publish.click()
    expect(
        sheet.get_by_role("alert").filter(has_text="it may have happened or not")
    ).to_be_visible()
    assert lost == [201]
    publish.click()
    expect(sheet.get_by_text("r1 is live in staging")).to_be_visible()
    releases = project.api("pia").get(f"{project.base}/environments/staging/releases")
    assert [each["number"] for each in done(releases)["items"]] == [1]
