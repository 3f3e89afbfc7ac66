"""Serving the console: one page for all its addresses, files kept for good, and a policy without inline script."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from promptops_server.app import console_files

PAGE = "<!doctype html><title>console</title>"
SCRIPT = "export const answer = 42;\n" * 50
LINKS = Path(__file__).parents[3] / "console" / "src" / "links.ts"


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / ".stamp").write_text("secret")
    (tmp_path / "assets" / "app-1.js").write_text(SCRIPT)
    (tmp_path / "assets" / "app-1.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    app = FastAPI()
    app.include_router(console_files.router(tmp_path))
    return TestClient(app)


@pytest.mark.parametrize(
    "path", ["/", "/p/retail-bank/prompt/claims/triage", "/sign-in", "/admin/people", "/work"]
)
def test_every_address_of_the_console_is_the_same_page(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.text == PAGE
    assert answer.headers["cache-control"] == "no-cache"


def test_the_page_admits_no_inline_script_and_nothing_from_elsewhere(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["connect-src"] == "'self'"
    assert "http" not in policy


def test_files_are_sent_compressed_and_kept_for_good(client: TestClient) -> None:
    answer = client.get("/assets/app-1.js", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == SCRIPT
    assert "immutable" in answer.headers["cache-control"]
    plain = client.get("/assets/app-1.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == SCRIPT


@pytest.mark.parametrize(
    "path",
    ["/.stamp", "/assets/../.stamp", "/assets/%2e%2e/.stamp", "/assets/none.js", "/elsewhere"],
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_server_knows_every_address_the_console_makes() -> None:
    made = set(re.findall(r"""[`']/([a-z-]+)""", LINKS.read_text()))
    assert made - {"r"} == set(console_files.PLACES)
