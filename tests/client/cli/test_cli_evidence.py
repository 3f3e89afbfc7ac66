"""A pack is fetched from a real server, and checked without it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from support.cli import Cli, prompt_text
from support.server import RunningServer


def test_a_pack_of_what_is_live_is_fetched_and_checked(
    signed_in: Cli,
    server: RunningServer,
    token: str,
    project: str,
    put: Callable[..., int],
    tmp_path: Path,
) -> None:
    cli, file, address = signed_in, tmp_path / "triage.zip", f"{project}/claims/triage"
    put(address, prompt_text("1"))
    published = cli("publish", address, "--to", "staging", "--reason", "for the auditors", "--json")
    assert published.code == 0, published.err
    done = cli("evidence", f"{address}@staging", "-o", str(file), "--json")
    assert done.code == 0, done.err
    assert done.json["bytes"] == file.stat().st_size
    assert cli("evidence", f"{address}@staging", "-o", str(file)).code == 1
    again = tmp_path / "again.zip"
    position = str(done.json["position"])
    assert cli("evidence", f"{address}@1", "-o", str(again), "--position", position).code == 0
    assert again.read_bytes() == file.read_bytes()

    with server.api(token) as api:
        key = api.get(f"{server.url}/delivery/v1/keys").json()["keys"][0]
    for given in (key["public"], key["key_id"]):
        checked = cli("evidence", "verify", str(file), "--key", given, "--json")
        assert checked.code == 0, checked.err
        assert checked.json["key"]["trusted"] == "given"
    believed = cli("evidence", "verify", str(file))
    assert believed.code == 0
    assert "trusted: the key that the pack itself brings" in believed.out

    with zipfile.ZipFile(file) as opened:
        (tmp_path / "verify.py").write_bytes(opened.read("verify.py"))
        assert opened.read("report.pdf").startswith(b"%PDF")
    alone = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            str(tmp_path / "verify.py"),
            str(file),
            "--key",
            key["key_id"],
        ],
        capture_output=True,
        check=False,
    )
    assert alone.returncode == 0, alone.stdout

    changed = bytearray(file.read_bytes())
    changed[changed.index(b"edition 1")] ^= 1
    file.write_bytes(changed)
    broken = cli("evidence", "verify", str(file))
    assert broken.code == 1
    assert "artifact.json" in broken.err
    (tmp_path / "no.zip").write_text("no zip")
    assert cli("evidence", "verify", str(tmp_path / "no.zip")).code == 2
    assert cli("evidence", "verify", str(tmp_path / "none.zip")).code == 2
    assert cli("evidence", "verify", str(file), "--key", "what").code == 2

    log = cli("audit", "log", "-p", project, "--action", "evidence.export", "--json")
    assert len(log.json["items"]) == 2
    assert log.json["items"][-1]["object"]["hash"] == done.json["sha256"]


def test_a_pack_of_a_release_holds_all_it_changed(
    signed_in: Cli, project: str, put: Callable[..., int], tmp_path: Path
) -> None:
    cli, file = signed_in, tmp_path / "r1.zip"
    for name in ("one", "two"):
        put(f"{project}/claims/{name}", prompt_text(name))
    cli(
        "publish",
        f"{project}/claims/one",
        f"{project}/claims/two",
        "--to",
        "staging",
        "--reason",
        "two",
    )
    done = cli("evidence", "pack", f"{project}@staging", "--release", "r1", "-o", str(file))
    assert done.code == 0, done.err
    checked = cli("evidence", "verify", str(file), "--json")
    assert checked.code == 0
    assert len(checked.json["subject"]["prompts"]) == 2
    assert (
        cli("evidence", f"{project}@staging", "--release", "7", "-o", str(tmp_path / "x")).code == 2
    )
    assert cli("evidence", f"{project}@staging", "-o", str(tmp_path / "x")).code == 2
    assert cli("evidence", f"{project}/claims/one@production", "-o", str(tmp_path / "x")).code == 2
    assert not (tmp_path / "x").exists()


def test_who_may_not_read_evidence_is_told_so(cli: Cli, server: RunningServer, token: str) -> None:
    with server.api(token) as api:
        api.post("/projects", json={"name": "sealed-bank"})
        api.put(
            "/projects/sealed-bank/prompts/claims/triage",
            json={"content": prompt_text("1"), "message": "first"},
        )
    places = (
        "/projects/sealed-bank/evidence/claims/triage",
        "/projects/sealed-bank/environments/staging/releases/0/evidence",
    )
    with server.api(server.token("vic", "viewer", "sealed-bank")) as api:
        for place in places:
            assert api.get(place).status_code == 403
    with server.api(server.token("aude", "auditor", "sealed-bank")) as api:
        answer = api.get(places[0])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/zip"
        assert (
            'filename="evidence-sealed-bank-claims-triage-1.zip"'
            in answer.headers["content-disposition"]
        )
        assert answer.headers["cache-control"] == "private, no-store"
        assert api.get(places[1]).status_code == 404
        assert api.get(places[0] + "?position=9999").status_code == 404
        assert api.get("/projects/sealed-bank/evidence/no/such@3").status_code == 404
        assert api.get("/projects/none/evidence/no/such").status_code == 404
