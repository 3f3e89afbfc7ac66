"""`record` and `inventory`: offline on files, and against a real server."""

from __future__ import annotations

import csv
import io
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from promptops.cli.failures import BadInput
from promptops.cli.records import changes_of
from promptops.format import REMOVE, parse
from support.cli import Cli
from support.record_files import DEFAULTS, MODULE, PROMPT, TYPED
from support.server import RunningServer


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with defaults, one complete prompt and one without a record."""
    root = tmp_path / "bank"
    (root / ".git").mkdir(parents=True)
    (root / "branches").mkdir()
    (root / "record-defaults.yml").write_text(DEFAULTS)
    (root / "branches/record-defaults.yml").write_text(MODULE)
    (root / "branches/hours.prompt.yml").write_text(PROMPT + TYPED)
    return root


def test_files_are_checked_offline_under_the_defaults_of_their_checkout(
    cli: Cli, checkout: Path
) -> None:
    file = checkout / "branches/hours.prompt.yml"
    for given in (file, checkout, checkout / "branches"):
        done = cli("record", "check", str(given))
        assert (done.code, done.err) == (0, "")
        assert done.out == f"{file}: tier low: complete\n"
    (checkout / "branches/other.prompt.yml").write_text(PROMPT)
    done = cli("record", "check", str(checkout), "--json")
    assert done.code == 1
    assert (done.json["complete"], done.json["incomplete"]) == (1, 1)
    missing = [f["key"] for f in done.json["items"][1]["findings"]]
    assert missing == ["intent", "fairness_notes", "change.reason"]
    high = cli("record", "check", str(file), "--tier", "high")
    assert high.code == 1
    assert f"{file}:11:19: D13 fairness_notes: it has 46 characters" in high.out


def test_a_fault_in_defaults_is_told_where_it_is(cli: Cli, checkout: Path) -> None:
    (checkout / "branches/record-defaults.yml").write_text("use_case_id: tbd\n")
    done = cli("record", "check", str(checkout))
    assert done.code == 1
    assert "branches/record-defaults.yml:1:14: use_case_id: the defaults are not valid" in done.out


def test_an_invalid_file_is_incomplete(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "x.prompt.yml").write_text("messages: 4\n")
    done = cli("record", "check", str(tmp_path))
    assert done.code == 1
    assert "x.prompt.yml:1:11:" in done.out
    assert "no valid prompt file" in done.out


def test_what_cannot_be_checked_is_bad_input(cli: Cli, tmp_path: Path) -> None:
    assert cli("record", "check", "gone.prompt.yml").code == 2
    assert cli("record", "check", str(tmp_path)).code == 2
    assert cli("record", "check", str(tmp_path), "--tier", "extreme").code == 2
    assert cli("record", "fields", "--tier", "extreme").code == 2


def test_fields_are_listed_and_explained(cli: Cli) -> None:
    listed = cli("record", "fields", "--tier", "low", "--json").json["fields"]
    assert "intent" in [f["key"] for f in listed]
    assert "limitations" not in [f["key"] for f in listed]
    told = cli("record", "fields", "fairness_notes").out
    assert "D13 fairness_notes: Why should it work equally well" in told
    wrong = cli("record", "fields", "fairnes_notes")
    assert wrong.code == 2
    assert "did you mean fairness_notes?" in wrong.err


def test_values_are_read_as_their_fields_say(tmp_path: Path) -> None:
    given = ["impact.score=2", "change.ticket=4711", "sector=[phi, safety]", "affects_people=true"]
    assert changes_of([*given, "intent=a=b: c"], None, ["owner"]) == {
        ("record", "impact", "score"): 2,
        ("record", "change", "ticket"): "4711",
        ("record", "sector"): ["phi", "safety"],
        ("record", "affects_people"): True,
        ("record", "intent"): "a=b: c",
        ("record", "owner"): REMOVE,
    }
    file = tmp_path / "record.yml"
    file.write_text("io_retention: {days: 30, redaction: names}\n")
    assert changes_of([], file, []) == {
        ("record", "io_retention", "days"): 30,
        ("record", "io_retention", "redaction"): "names",
    }
    for wrong in ("intent", "=x", "impct.score=2", "impact.=2", "sector=[a"):
        with pytest.raises(BadInput):
            changes_of([wrong], None, [])
    with pytest.raises(BadInput):
        changes_of([], None, [])
    file.write_text("- a\n")
    with pytest.raises(BadInput):
        changes_of([], file, [])


def test_a_record_is_set_shown_checked_and_listed(
    signed_in: Cli, project: str, put: Callable[..., int], tmp_path: Path
) -> None:
    address = f"{project}/branches/hours"
    put(address, "# kept\n" + PROMPT)
    file = tmp_path / "rest.yml"
    file.write_text(DEFAULTS + MODULE)
    intent = "Staff find the opening hours of a branch without calling it."
    made = signed_in(
        *("record", "set", address, f"intent={intent}", "change.reason=First version for staff"),
        *("fairness_notes==1+1 is about branches, never about people", "--from-file", str(file)),
        *("-m", "Document it"),
    )
    assert made.code == 0, made.err
    assert made.out == f"{address} is version 2 now, made from version 1.\n"
    text = signed_in("prompt", "show", address).out
    assert text.startswith("# kept\n" + PROMPT)
    record = parse(text).file.record  # type: ignore[union-attr]
    assert record["change"] == {"class": "minor", "reason": "First version for staff"}
    checked = signed_in("record", "check", address)
    assert checked.code == 0, checked.out
    assert checked.out.endswith(f"{address}@2: tier low: complete\n")
    assert "D02 owner: nobody here is called maria.lopez" in checked.out
    differs = signed_in("record", "diff", address)
    assert "D33\tio_retention.days\t-\t90\n" in differs.out
    assert differs.err == "tier unknown is low now\na minor change\n"
    old = signed_in("record", "check", f"{address}@1")
    assert old.code == 1
    assert "D03 intent: is missing" in old.out
    shown = signed_in("record", "show", address)
    assert f"D03\tintent\t{intent}\trecord\n" in shown.out
    assert "D02\towner\tmaria.lopez\tfile\n" in shown.out
    same = signed_in("record", "set", address, f"intent={intent}")
    assert "says this already: version 2" in same.out
    file.write_text("change: {class: major}\n")
    assert signed_in("record", "set", address, "--from-file", str(file)).code == 0
    assert "change.reason\tFirst version for staff" in signed_in("record", "show", address).out
    gone = signed_in("record", "set", address, "--unset", "intent")
    assert "is incomplete, 1 to do" in gone.err

    put(f"{project}/other", PROMPT)
    listed = signed_in("inventory", project, "--format", "csv")
    assert listed.code == 0, listed.err
    items = list(csv.DictReader(io.StringIO(listed.out)))
    assert [i["address"] for i in items] == [address, f"{project}/other"]
    assert (items[0]["use_case_id"], items[0]["tier"], items[0]["faults"]) == (
        "UC-RB-051",
        "low",
        "1",
    )
    below = signed_in("inventory", f"{project}/branches", "--format", "json").json["items"]
    assert [i["path"] for i in below] == ["branches/hours"]
    assert signed_in("record", "show", f"{project}/gone").code == 2
    assert signed_in("record", "set", address, "ownr=x").code == 2


def test_no_cell_of_an_inventory_is_a_formula(
    signed_in: Cli, project: str, put: Callable[..., int]
) -> None:
    put(f"{project}/x", PROMPT + "record: {owner: '=1+1'}\n")
    listed = signed_in("inventory", project, "--format", "csv").out
    assert "'=1+1" in listed


def test_with_defaults_the_author_of_a_low_tier_prompt_types_three_things(
    signed_in: Cli, project: str, put: Callable[..., int], tmp_path: Path
) -> None:
    address = f"{project}/branches/hours"
    put(address, PROMPT)
    file = tmp_path / "rest.yml"
    file.write_text(DEFAULTS)
    common = signed_in("record", "defaults", "set", project, "--from-file", str(file), "-m", "All")
    assert common.code == 0, common.err
    assert (
        common.out == f"record-defaults.yml of {project} is changed: it applies to 1 prompt: "
        "branches/hours.\n"
    )
    module = f"{project}/branches"
    assert signed_in("record", "defaults", "set", module, "use_case_id=UC-RB-051").code == 0
    again = signed_in("record", "defaults", "set", module, "use_case_id=UC-RB-051")
    assert again.out == "branches/record-defaults.yml says this already.\n"
    assert signed_in("record", "defaults", "show", module).out == "use_case_id: UC-RB-051\n"
    refused = signed_in("record", "defaults", "set", module, "intent=The same for all of them")
    assert refused.code != 0
    assert "every version says this for itself" in refused.err

    missing = signed_in("record", "check", address, "--json").json["items"][0]["findings"]
    asked = [f["key"] for f in missing if f["severity"] == "error"]
    assert asked == ["intent", "fairness_notes", "change.reason"]
    typed = {
        "intent": "Staff find the opening hours of a branch without calling it.",
        "fairness_notes": "It answers about branches, never about people.",
        "change.reason": "First version for staff",
    }
    values = [f"{key}={value}" for key, value in typed.items()]
    assert signed_in("record", "set", address, *values, "-m", "Document it").code == 0
    checked = signed_in("record", "check", f"{address}@2", "--json")
    assert (checked.code, checked.json["items"][0]["tier"]) == (0, "low")
    told = checked.json["items"][0]
    assert {v["key"] for v in told["values"] if v["from"] == "record"} == set(typed)


def test_a_form_and_the_command_line_ask_the_same(
    signed_in: Cli, server: RunningServer, token: str
) -> None:
    told = signed_in("record", "fields", "--json").json
    asked = urllib.request.Request(
        f"{server.url}/api/v1/record/fields", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked) as answer:
        assert json.load(answer) == told
    assert all(f["question"] and f["help"] and f["example"] is not None for f in told["fields"])


def test_the_inventory_is_written_as_a_document_of_one_project_or_of_all(
    signed_in: Cli, project: str, put: Callable[..., int], tmp_path: Path
) -> None:
    put(f"{project}/hours", PROMPT + TYPED)
    file = tmp_path / "inventory.html"
    done = signed_in("inventory", "--format", "report", "-o", str(file))
    assert done.code == 0, done.err
    text = file.read_text()
    assert text.startswith("<!doctype html>")
    assert f"<td>{project}/hours@1</td>" in text
    told = signed_in("inventory", project, "--format", "report").out
    assert "## Without a use case" in told
    everywhere = signed_in("inventory", "--json").json["items"]
    assert f"{project}/hours" in [i["address"] for i in everywhere]
    assert signed_in("inventory", project, "-o", str(file)).code == 2
