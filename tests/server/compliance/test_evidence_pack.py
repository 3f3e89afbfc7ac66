"""A pack holds what was released and verifies; the same position gives the same bytes; who may have one is decided."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from promptops.evidence.check import check
from promptops_server.audit.tables import audit_event
from promptops_server.infra.problems import Denied, Invalid, NotFound
from server.compliance.pack_world import PATH, PackWorld, file_of
from server.releases.release_world import VIEWER

FOLDER = "prompts/01-claims-motor-triage"


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def value(files: dict[str, bytes], name: str) -> Any:
    return json.loads(files[name])


def test_a_pack_of_what_is_live_holds_all_of_it_and_verifies(world: PackWorld) -> None:
    pack = world.pack()
    found = check(pack.content, [world.key_id])
    assert found.ok, found.lines()
    assert found.key_given
    files = opened(pack.content)
    assert files[f"{FOLDER}/prompt.prompt.yml"] == file_of().encode()
    manifest = value(files, "manifest.json")
    assert set(manifest["files"]) == set(files) - {"manifest.json", "signature.json"}
    assert manifest["subject"]["environment"] == "staging"
    assert manifest["subject"]["release"] == 2
    assert value(files, "release.json")["ticket"] == "RB-2210"
    version = value(files, f"{FOLDER}/version.json")
    assert (version["version"], version["previous"], version["state"]) == (2, 1, "live")
    assert "into one of: glass" in files[f"{FOLDER}/difference.diff"].decode()
    assert value(files, f"{FOLDER}/difference.json")["comparison"]["classes"] == ["instructions"]
    assert value(files, f"{FOLDER}/tests.json") == {
        "recorded": False,
        "note": "none recorded",
        "results": [],
    }
    assert [r["release"] for r in value(files, f"{FOLDER}/history.json")["releases"]] == [2, 1]
    assert value(files, f"{FOLDER}/fragments.json")[0]["path"] == "shared/tone"
    record = value(files, f"{FOLDER}/record.json")
    assert record["tier"] == "medium"
    assert any(v["from"] == "record" for v in record["values"])
    (request,) = value(files, f"{FOLDER}/approvals.json")["requests"]
    assert [d["signature"] is not None for d in request["decisions"]] == [False, True]
    actions = [
        json.loads(line)["body"]["action"]
        for line in files["audit/events.jsonl"].splitlines()
        if b'"body":' in line
    ]
    assert actions == ["prompt.put", "release.publish", "prompt.put", "release.publish"]
    assert b"evidence verify" in files["README.txt"]


def test_the_export_is_an_event_with_the_hash_of_the_pack(world: PackWorld) -> None:
    pack = world.pack()
    with world.db.read() as conn:
        body = conn.execute(
            select(audit_event.c.body).order_by(audit_event.c.occurred_at.desc())
        ).scalar()
    event = json.loads(str(body))
    assert event["action"] == "evidence.export"
    assert event["object"] == {
        "type": "evidence", "id": f"retail-bank/{PATH}", "version": "2", "hash": pack.digest,
    }  # fmt: skip
    assert event["after"]["position"] == pack.position
    later = opened(world.pack().content)
    assert b"evidence.export" in later["audit/events.jsonl"]
    assert check(world.pack().content).ok


def test_the_same_position_gives_the_same_bytes(world: PackWorld) -> None:
    first = world.pack()
    second = world.pack()
    assert second.position is not None and first.position is not None
    assert second.position > first.position
    assert second.content != first.content
    assert world.pack(position=first.position).content == first.content
    assert world.pack(position=second.position).content == second.content
    with pytest.raises(NotFound, match="no checkpoint over 4 entries"):
        world.pack(position=4)


def test_later_history_proves_that_the_log_only_grew(world: PackWorld) -> None:
    world.pack()
    world.put("other/prompt", "unrelated")
    world.pack(path="other/prompt", selector="1")
    pack = world.pack("2")
    proofs = value(opened(pack.content), "audit/proofs.json")
    assert proofs["earlier"] is not None
    assert check(pack.content).ok


def test_a_version_that_is_live_nowhere_has_no_release(world: PackWorld) -> None:
    world.write(PATH, file_of("Something new about {{ claim }}"))
    pack = world.pack("3")
    files = opened(pack.content)
    assert value(files, "release.json")["header"] is None
    assert f"{FOLDER}/artifact.json" not in files
    assert value(files, "manifest.json")["subject"]["title"].endswith("version 3")
    found = check(pack.content)
    assert found.ok, found.lines()
    assert any("no release is shown" in note for note in found.notes)
    assert world.pack(None).name == "evidence-retail-bank-claims-motor-triage-3.zip"


def test_a_version_that_is_live_shows_its_release(world: PackWorld) -> None:
    assert value(opened(world.pack("2").content), "manifest.json")["subject"]["release"] == 2
    assert value(opened(world.pack("1").content), "manifest.json")["subject"]["release"] is None


def test_a_whole_release_holds_everything_it_changed(world: PackWorld) -> None:
    world.put("a/one", "first")
    world.put("b/two", "second")
    world.publish("a/one", "b/two", reason="two at once")
    pack = world.release_pack(3)
    found = check(pack.content)
    assert found.ok, found.lines()
    assert {n.split("/")[1] for n in opened(pack.content) if n.startswith("prompts/")} == {
        "01-a-one",
        "02-b-two",
    }
    with pytest.raises(NotFound, match="no release 9"):
        world.release_pack(9)


def test_a_suspended_prompt_has_its_release_without_an_artifact(world: PackWorld) -> None:
    world.suspend(PATH)
    pack = world.release_pack(3)
    found = check(pack.content)
    assert found.ok, found.lines()
    files = opened(pack.content)
    assert value(files, f"{FOLDER}/version.json")["state"] == "suspended"
    with pytest.raises(NotFound, match="not live"):
        world.pack("staging")


def test_a_large_release_is_taken_prompt_by_prompt(world: PackWorld) -> None:
    names = [f"many/p{number}" for number in range(51)]
    for name in names:
        world.put(name, "text")
    world.publish(*names, reason="many")
    with pytest.raises(Invalid, match="51 prompts"):
        world.release_pack(3)
    assert check(world.pack(path="many/p7").content).ok


def test_what_stands_beside_a_prompt_is_in_the_pack(world: PackWorld) -> None:
    world.continuity = {
        "exceptions": [{"rule": "tests", "until": "2026-03-01", "accepted_by": "rita"}]
    }
    pack = world.pack()
    beside = value(opened(pack.content), f"{FOLDER}/continuity.json")
    assert beside["exceptions"][0]["accepted_by"] == "rita"
    assert beside["emergencies"] == []
    assert check(pack.content).ok


def test_only_who_may_read_evidence_gets_it_and_nothing_is_recorded_for_others(
    world: PackWorld,
) -> None:
    with pytest.raises(Denied):
        world.pack(actor=VIEWER)
    with pytest.raises(Denied):
        world.release_pack(2, actor=VIEWER)
    with world.db.read() as conn:
        actions = set(conn.execute(select(audit_event.c.action)).scalars())
    assert "evidence.export" not in actions
    with pytest.raises(NotFound):
        world.pack(path="no/such")
