"""The matrix over HTTP: pages, one prompt, CSV and Markdown, entity tags, refusals."""

from __future__ import annotations

import csv
import io

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from promptops_server.access.policy import authorise
from promptops_server.app import refusals
from promptops_server.evaluation.matrix.ports import MatrixDeps
from promptops_server.evaluation.matrix.routes import MatrixPage, PromptMatrix, router
from promptops_server.releases.live import LiveVersions
from server.evaluation.matrix.matrix_world import MatrixWorld
from server.releases.release_world import VIEWER, actor_with


@pytest.fixture
def http(world: MatrixWorld) -> TestClient:
    world.put("claims/triage", "Sort {{ claim }}")
    world.put("claims/letter", "Write {{ claim }}")
    world.ran("claims/triage", {"gpt": [True] * 6, "claude": ["no_credentials"] * 6})
    app = FastAPI()

    async def by_name(authorization: str | None, **_: object) -> object:
        return VIEWER if authorization == "Bearer vic" else actor_with(name="nobody", project="x")

    app.state.authenticate = by_name
    refusals.install(app, refusals.DenialLog(world.db, per_minute=100))
    deps = MatrixDeps(world.db, authorise, LiveVersions(), world.around)
    app.include_router(router(deps), prefix="/api/v1")
    return TestClient(
        app,
        base_url=f"http://testserver/api/v1/projects/{world.project.name}",
        headers={"authorization": "Bearer vic"},
    )


def test_a_page_has_targets_prompts_and_cells_that_link_their_run(http: TestClient) -> None:
    page = http.get("/matrix").json()
    assert [column["name"] for column in page["targets"]] == ["claude", "gpt"]
    assert [item["address"] for item in page["items"]] == [
        "retail-bank/claims/letter@1",
        "retail-bank/claims/triage@1",
    ]
    untested, works = page["items"][1]["cells"]
    assert (untested["verdict"], untested["words"]) == ("untested", "no credentials")
    assert works["verdict"] == "works"
    assert works["bound"] == pytest.approx(0.6097, abs=1e-4)
    assert works["run_url"] == "/api/v1/projects/retail-bank/runs/1"
    assert page["items"][0]["cells"][0]["run_url"] is None


def test_answers_are_as_they_are_documented(http: TestClient) -> None:
    page = http.get("/matrix").json()
    assert MatrixPage.model_validate(page).model_dump(mode="json") == page
    one = http.get("/matrix/claims/triage").json()
    assert PromptMatrix.model_validate(one).model_dump(mode="json") == one


def test_pages_are_narrowed_and_continued(http: TestClient) -> None:
    only = http.get("/matrix", params={"verdict": "works", "targets": "gpt"}).json()
    assert [item["path"] for item in only["items"]] == ["claims/triage"]
    first = http.get("/matrix", params={"limit": 1}).json()
    second = http.get("/matrix", params={"limit": 1, "cursor": first["next"]}).json()
    assert [second["items"][0]["path"], second["next"]] == ["claims/triage", None]


def test_one_prompt_and_its_entity_tag(http: TestClient, world: MatrixWorld) -> None:
    answer = http.get("/matrix/claims/triage", params={"targets": "gpt"})
    assert answer.json()["prompt"]["cells"][0]["tested"] == "works"
    tag = answer.headers["etag"]
    same = http.get(
        "/matrix/claims/triage", params={"targets": "gpt"}, headers={"If-None-Match": tag}
    )
    assert same.status_code == 304
    world.put("claims/triage", "Sort this {{ claim }}")
    changed = http.get(
        "/matrix/claims/triage", params={"targets": "gpt"}, headers={"If-None-Match": tag}
    )
    assert changed.json()["prompt"]["cells"][0]["verdict"] == "out_of_date"
    assert changed.headers["etag"] != tag


def test_csv_has_every_cell_and_no_formula(http: TestClient, world: MatrixWorld) -> None:
    world.target("=cmd|calc")
    answer = http.get("/matrix", params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 6
    assert {row["target"] for row in rows} == {"'=cmd|calc", "claude", "gpt"}
    works = next(row for row in rows if row["verdict"] == "works")
    assert (works["passed"], works["lower_bound"], works["cost_usd"]) == ("6", "0.6097", "0.000600")


def test_markdown_begins_with_a_line_that_sums_it_up(http: TestClient, world: MatrixWorld) -> None:
    world.target("a|b")
    lines = http.get("/matrix", params={"format": "markdown"}).text.splitlines()
    assert lines[0] == "**compatibility: 1 of 6 work, 5 untested**"
    assert lines[2] == r"| prompt | a\|b | claude | gpt |"
    assert "works 6/6 \\(run 1\\)" in lines[-1]


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/matrix?targets=llama", 404),
        ("/matrix?at=nowhere", 404),
        ("/matrix?verdict=good", 400),
        ("/matrix?cursor=x", 400),
        ("/matrix?format=csv&targets=llama", 404),
        ("/matrix?module=..", 400),
        ("/matrix/claims/nothing", 404),
        ("/matrix/claims/triage?at=staging", 404),
    ],
)
def test_what_is_not_there_is_refused(http: TestClient, url: str, status: int) -> None:
    assert http.get(url).status_code == status


def test_who_may_not_read_the_project_sees_nothing(http: TestClient) -> None:
    assert http.get("/matrix", headers={"authorization": "Bearer x"}).status_code == 404
