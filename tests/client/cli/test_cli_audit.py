"""A log is exported from a real server and checked without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from promptops.audit.merkle import consistency_holds, inclusion_holds
from support.cli import Cli
from support.server import RunningServer


def test_an_export_is_checked_offline_and_a_change_is_found(
    signed_in: Cli, server: RunningServer, token: str, tmp_path: Path
) -> None:
    cli, file = signed_in, tmp_path / "log.jsonl"
    assert cli("project", "create", "audited-bank").code == 0
    assert cli("audit", "export", "-p", "audited-bank", "-o", str(file)).code == 0
    assert cli("audit", "export", "-p", "audited-bank", "-o", str(file)).code == 1
    assert cli("audit", "export", "-p", "audited-bank", "-o", str(file), "--force").code == 0
    with server.api(token) as api:
        keys = api.get(f"{server.url}/delivery/v1/keys").json()["keys"]
        page = api.get("/audit/checkpoints", params={"project": "audited-bank"}).json()
        new, old = page["items"][:2]
        asked = {"project": "audited-bank", "seq": 1, "size": new["size"]}
        proof = api.get("/audit/proof", params=asked).json()
        sizes = {"project": "audited-bank", "from": old["size"], "to": new["size"]}
        grows = api.get("/audit/consistency", params=sizes).json()
        for params, status in (
            ({**asked, "size": 999}, 404), ({**asked, "seq": 0}, 422), ({**asked, "project": "none"}, 404),
        ):  # fmt: skip
            assert api.get("/audit/proof", params=params).status_code == status
        assert api.get("/audit/proof", params={**asked, "seq": 2, "size": 1}).status_code == 400
        assert api.post("/audit/exports", json={"since": "soon"}).status_code == 400
    assert inclusion_holds(
        bytes.fromhex(proof["entry_hash"]), 0, new["size"],
        [bytes.fromhex(h) for h in proof["proof"]], bytes.fromhex(new["root"]),
    )  # fmt: skip
    assert consistency_holds(
        old["size"], bytes.fromhex(old["root"]), new["size"], bytes.fromhex(new["root"]),
        [bytes.fromhex(h) for h in grows["proof"]],
    )  # fmt: skip
    outside = str(server.data / "audit-checkpoints.jsonl")
    checked = cli(
        "audit", "verify", str(file), "--trust-key", keys[0]["public"], "--checkpoints", outside, "--json",
    )  # fmt: skip
    assert checked.code == 0, checked.err
    assert checked.json["anchored"] == [1, new["size"]] and checked.json["keys"] == "given"

    file.write_bytes(file.read_bytes().replace(b'"outcome":"ok"', b'"outcome":"no"', 1))
    broken = cli("audit", "verify", str(file))
    assert broken.code == 1
    assert "broken: changed: entry 1 is not what its hash was made of" in broken.out
    other = cli("audit", "verify", str(file), "--trust-key", "ab" * 32)
    assert other.code == 1 and "wrong-key" in other.out
    (tmp_path / "no.jsonl").write_text("{}\n")
    assert cli("audit", "verify", str(tmp_path / "no.jsonl")).code == 2


def test_only_an_auditor_exports(cli: Cli, server: RunningServer, token: str) -> None:
    with server.api(token) as api:
        api.post("/projects", json={"name": "closed-bank"})
    with server.api(server.token("vera", "viewer", "closed-bank")) as api:
        for path in ("checkpoints", "proof?seq=1", "consistency?from=1"):
            mark = "&" if "?" in path else "?"
            assert api.get(f"/audit/{path}{mark}project=closed-bank").status_code == 403
        assert api.post("/audit/exports", json={"project": "closed-bank"}).status_code == 403
    with server.api(server.token("aude", "auditor", "closed-bank")) as api:
        answer = api.post("/audit/exports", json={"project": "closed-bank"})
        assert answer.status_code == 200
        assert b'"audit.export"' in answer.content.splitlines()[-2]
        assert api.post("/audit/exports", json={}).status_code == 403


def test_holds_erasure_and_cef_from_the_command_line(
    signed_in: Cli, server: RunningServer, token: str, tmp_path: Path
) -> None:
    cli = signed_in
    assert cli("project", "create", "held-bank").code == 0
    assert cli("user", "create", "ines", "--display-name", "Ines Ihle").code == 0
    assert cli("hold", "place", "--reason", "x").code == 2
    placed = cli("hold", "place", "--installation", "--reason", "Case 7", "--json")
    assert placed.code == 0, placed.err
    assert "Case 7" in cli("hold", "list").out
    asked = ("audit", "erase-person", "ines", "--reason", "asked for")
    assert cli(*asked).code == 2, "nobody is there to ask"
    refused = cli(*asked, "--yes")
    assert refused.code == 1 and "legal hold" in refused.err
    assert cli("hold", "lift", placed.json["id"], "--reason", "closed").code == 0
    assert "No hold is in force." in (listed := cli("hold", "list")).out + listed.err
    assert "erased-" in cli(*asked, "--yes").out
    file = tmp_path / "log.jsonl"
    assert cli("audit", "export", "--installation", "-o", str(file)).code == 0
    checked = cli("audit", "verify", str(file))
    assert checked.code == 0 and "personal data erased: in" in checked.out
    assert b"Ines Ihle" not in file.read_bytes()
    assert (
        cli("audit", "export", "-p", "held-bank", "--format", "cef", "-o", str(tmp_path / "c")).code
        == 0
    )
    assert (tmp_path / "c").read_text().startswith("CEF:0|PromptOps|PromptOps|")
    assert (
        cli("audit", "export", "-p", "held-bank", "--format", "xml", "-o", str(tmp_path / "d")).code
        == 2
    )
    denied = cli("audit", "log", "--outcome", "denied", "--object", "nothing/*", "--json")
    assert denied.json["items"] == []


def test_follow_prints_what_there_is_and_what_comes(
    signed_in: Cli, server: RunningServer, token: str
) -> None:
    assert signed_in("project", "create", "followed-bank").code == 0
    env = {**os.environ, "PROMPTOPS_URL": server.url, "PROMPTOPS_TOKEN": token}
    command = [
        str(Path(sys.executable).parent / "promptops"),
        "audit",
        "log",
        "-p",
        "followed-bank",
        "-f",
        "--json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        assert (first["seq"], first["action"]) == (1, "project.create")
        with server.api(token) as api:
            held = api.post("/holds", json={"project": "followed-bank", "reason": "r"})
            held.raise_for_status()
        seen = [first]
        while seen[-1]["action"] != "hold.place":
            seen.append(json.loads(process.stdout.readline()))
        process.terminate()
    assert [e["seq"] for e in seen] == list(range(1, len(seen) + 1))
