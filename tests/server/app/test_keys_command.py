"""`promptops-server keys`: listed, rotated and revoked beside a server, as an operator does it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from promptops.delivery.trust import read_trust_key
from promptops_server.app.cli import app


@pytest.fixture
def data(sqlite_template: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copyfile(sqlite_template, folder / "promptops.sqlite")
    (folder / "secret.key").write_text("x" * 64)
    return folder


def keys(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["keys", *arguments, "--data", str(data)])


def test_a_key_is_announced_then_the_old_one_taken_back(data: Path, tmp_path: Path) -> None:
    (first,) = json.loads(keys(data, "list", "--json").stdout)["items"]
    assert first["state"] == "signing"
    made = keys(data, "rotate", "--after", "48", "--reason", "Every year", "--json")
    assert made.exit_code == 0, made.output
    coming = json.loads(made.stdout)
    assert (coming["state"], coming["signed_by"]) == ("announced", first["id"])
    again = keys(data, "rotate", "--reason", "Every year")
    assert again.exit_code == 2
    assert f"Key {coming['id']} is announced already" in again.stderr
    listed = keys(data, "list").stdout
    assert f"{first['id']}  signing" in listed
    assert f"{coming['id']}  announced" in listed

    file = tmp_path / "trust.txt"
    file.write_text(keys(data, "list", "--trust").stdout)
    assert len(read_trust_key(str(file))) == 2

    unsure = keys(data, "revoke", first["id"], "--reason", "It leaked")
    assert (unsure.exit_code, "say --yes" in unsure.stderr) == (2, True)
    gone = keys(data, "revoke", first["id"], "--reason", "It leaked", "--yes")
    assert gone.exit_code == 0, gone.output
    assert f"{coming['id']} signs" in gone.stdout
    file.write_text(keys(data, "list", "--trust").stdout)
    assert len(read_trust_key(str(file))) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rotate", "--reason", "x"), "eason"),
        (("rotate", "--reason", "Every year", "--after", "-1"), "cannot sign after -1 hours"),
        (("revoke", "0" * 16, "--reason", "It leaked", "--yes"), "There is no signing key"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    data: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = keys(data, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_database_or_its_secret_nothing_is_made(data: Path, tmp_path: Path) -> None:
    assert "there is no database" in keys(tmp_path / "none", "list").stderr
    (data / "secret.key").write_text("y" * 64)
    assert keys(data, "list").exit_code == 0  # the first key is sealed with it
    (data / "secret.key").write_text("z" * 64)
    assert "sealed with another secret" in keys(data, "list").stderr
