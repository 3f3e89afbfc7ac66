"""`/install/`: the wheel is the client this server runs with, the same bytes from every server, and pip can find it."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import promptops
from promptops_server.app import install_pages, refusals
from promptops_server.app.client_wheel import ClientWheel, build

PACKAGE = Path(promptops.__file__).parent


@pytest.fixture(scope="module")
def wheel() -> ClientWheel:
    made = build()
    assert made is not None
    return made


@pytest.fixture
def client(wheel: ClientWheel) -> Iterator[TestClient]:
    app = FastAPI()
    refusals.install(app, None)  # type: ignore[arg-type]
    app.include_router(install_pages.router(lambda: wheel))
    with TestClient(app, base_url="https://prompts.example.com") as made:
        yield made


def test_the_wheel_holds_the_running_package_and_a_true_list_of_it(wheel: ClientWheel) -> None:
    version = distribution("promptops-client").version
    assert wheel.name == f"promptops_client-{version}-py3-none-any.whl"
    with zipfile.ZipFile(io.BytesIO(wheel.content)) as archive:
        names = set(archive.namelist())
        for path in PACKAGE.rglob("*.py"):
            inside = f"promptops/{path.relative_to(PACKAGE).as_posix()}"
            assert archive.read(inside) == path.read_bytes()
        assert "promptops/py.typed" in names
        assert not [name for name in names if "__pycache__" in name]
        info = f"promptops_client-{version}.dist-info"
        listed = {
            row[0]: row[1:]
            for row in csv.reader(archive.read(f"{info}/RECORD").decode().splitlines())
        }
        assert listed.keys() == names
        for name, (digest, size) in listed.items():
            if name.endswith("/RECORD"):
                continue
            content = archive.read(name)
            sha = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            assert (digest, size) == (f"sha256={sha}", str(len(content)))
        assert b"promptops = promptops.cli:main" in archive.read(f"{info}/entry_points.txt")


def test_every_server_makes_the_same_bytes_and_a_change_makes_others(
    wheel: ClientWheel, tmp_path: Path
) -> None:
    again = build()
    assert again is not None
    assert again.sha256 == wheel.sha256
    changed = tmp_path / "promptops"
    (changed / "__pycache__").mkdir(parents=True)
    (changed / "__init__.py").write_text("")
    one = build(changed)
    (changed / "__pycache__" / "x.pyc").write_bytes(b"x")
    same = build(changed)
    (changed / "__init__.py").write_text("x = 1")
    other = build(changed)
    assert one is not None and same is not None and other is not None
    assert one.sha256 == same.sha256 != other.sha256


def test_pages_lead_to_the_file_and_name_its_digest(client: TestClient, wheel: ClientWheel) -> None:
    assert 'href="promptops-client/"' in client.get("/install/simple/").text
    for page in ("/install/", "/install/simple/promptops-client/"):
        found = re.search(
            r'href="([^"]+)#sha256=([0-9a-f]{64})" data-requires-python="([^"]+)"',
            client.get(page).text,
        )
        assert found is not None
        assert found[3] == "&gt;=3.11"
        answer = client.get(str(client.get(page).url.join(found[1])))
        assert hashlib.sha256(answer.content).hexdigest() == found[2] == wheel.sha256
    assert client.get("/install").url.path == "/install/"
    assert client.get("/install/requirements.txt").text == (
        f"promptops-client @ https://prompts.example.com/install/{wheel.name}#sha256={wheel.sha256}\n"
    )


def test_a_file_held_already_is_not_sent_again_and_another_is_pointed_out(
    client: TestClient, wheel: ClientWheel
) -> None:
    first = client.get(f"/install/{wheel.name}")
    again = client.get(f"/install/{wheel.name}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = client.head(f"/install/{wheel.name}")
    assert head.headers["content-length"] == str(len(wheel.content))
    older = client.get("/install/promptops_client-0.0.1-py3-none-any.whl")
    assert older.status_code == 404
    assert wheel.name in older.json()["remedy"]


def test_an_installation_without_metadata_says_so() -> None:
    app = FastAPI()
    refusals.install(app, None)  # type: ignore[arg-type]
    app.include_router(install_pages.router(lambda: None))
    answer = TestClient(app).get("/install/requirements.txt")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:promptops:problem:no-client"
