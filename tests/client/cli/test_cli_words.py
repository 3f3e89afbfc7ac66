"""Addresses, variables and requests: what the commands make of what is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptops.cli import addresses
from promptops.cli.failures import BadInput
from promptops.cli.importing import Sum, read_source, requests
from promptops.cli.inputs import read_inputs, typed
from promptops.cli.output import Output
from promptops.cli.picks import Picks
from promptops.cli.releasing import refuse_unmet, release_row, show_preview, show_release
from promptops.format.convert import Converted


def test_a_place_is_a_project_a_module_or_a_prompt() -> None:
    assert str(addresses.place("bank")) == "bank"
    assert str(addresses.place("bank/claims/")) == "bank/claims"
    assert str(addresses.place("bank/claims/triage@7")) == "bank/claims/triage@7"
    assert addresses.place("bank@staging").path == ""


@pytest.mark.parametrize("text", ["", "/", "bank//x", "bank/ä", "bank/x@", "bank/x@0", "a@b@c"])
def test_what_is_no_address_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        addresses.place(text)


def test_a_command_about_the_prompt_takes_no_version() -> None:
    with pytest.raises(BadInput, match="names a project"):
        addresses.bare_prompt("bank")
    with pytest.raises(BadInput, match="names a version"):
        addresses.bare_prompt("bank/x@3")


def test_a_live_prompt_needs_its_environment() -> None:
    address, environment = addresses.in_environment("bank/x@production")
    assert (address.path, environment) == ("x", "production")
    for text in ("bank/x", "bank/x@3", "bank@production"):
        with pytest.raises(BadInput):
            addresses.in_environment(text)


def test_one_release_is_of_one_project() -> None:
    places = [addresses.place(text) for text in ("bank/a", "bank/b")]
    assert addresses.one_project(places) == "bank"
    with pytest.raises(BadInput, match="bank, clinic"):
        addresses.one_project([*places, addresses.place("clinic/c")])


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("v7", 7), ("@12", 12)])
def test_versions_are_numbers(text: str, number: int) -> None:
    assert addresses.version_number(text) == number


@pytest.mark.parametrize("text", ["", "0", "07", "r7", "production", "1.5", "-1"])
def test_other_words_are_no_versions(text: str) -> None:
    with pytest.raises(BadInput):
        addresses.version_number(text)


def test_a_release_is_written_with_r() -> None:
    assert addresses.release_number("r41") == 41
    for text in ("41", "r0", "r", "rx", "R41"):
        with pytest.raises(BadInput):
            addresses.release_number(text)


def test_the_same_prompt_in_two_versions_cannot_be_published_at_once() -> None:
    picks = Picks("bank")
    picks.add("a", 1)
    picks.add("a", 1)
    picks.add("b", None)
    with pytest.raises(BadInput, match="a is picked twice, as @1 and as newest"):
        picks.add("a", None)
    assert picks.body() == [{"path": "a", "version": 1}, {"path": "b"}]


def test_variables_get_the_types_their_prompt_declares(tmp_path: Path) -> None:
    (tmp_path / "claim.txt").write_text("a tree\n")
    (tmp_path / "all.json").write_text('{"count": 3, "name": "overwritten", "list": [1]}')
    values = read_inputs(
        ["name=a=b", f"claim=@{tmp_path / 'claim.txt'}", "urgent=true", "number=007"],
        tmp_path / "all.json",
    )
    declared = {
        "name": {"type": "string"},
        "claim": {"type": "string"},
        "number": {"type": "string"},
        "urgent": {"type": "boolean"},
        "count": {"type": "integer"},
    }
    assert typed(values, declared) == {
        "count": 3,
        "name": "a=b",
        "list": [1],
        "claim": "a tree\n",
        "urgent": True,
        "number": "007",
    }


@pytest.mark.parametrize("given", ["name", "=x", "name=@/nowhere/at/all"])
def test_what_is_no_variable_is_bad_input(given: str) -> None:
    with pytest.raises(BadInput):
        read_inputs([given], None)


def test_a_value_of_another_type_shows_how_to_write_it() -> None:
    with pytest.raises(BadInput) as refused:
        typed(read_inputs(["urgent=ja"], None), {"urgent": {"type": "boolean"}})
    assert "urgent=true" in refused.value.document["remedy"]


@pytest.mark.parametrize("content", ["[1]", "{", ""])
def test_a_file_of_variables_is_a_json_object(tmp_path: Path, content: str) -> None:
    (tmp_path / "all.json").write_text(content)
    with pytest.raises(BadInput):
        read_inputs([], tmp_path / "all.json")


def test_an_import_is_cut_by_number_and_by_size_without_losing_order() -> None:
    prompts = [Converted(f"p{n}", "x" * 10) for n in range(7)]
    by_number = [[p.name for p in batch] for batch in requests(prompts, most=3)]
    assert by_number == [["p0", "p1", "p2"], ["p3", "p4", "p5"], ["p6"]]
    assert [len(b) for b in requests(prompts, most_bytes=25)] == [2, 2, 2, 1]
    assert [len(b) for b in requests(prompts, most_bytes=5)] == [1] * 7
    assert list(requests([])) == []


def test_the_answers_to_all_requests_are_added_up() -> None:
    total = Sum()
    total.add({"commit": "c1", "items": [{"result": "created"}, {"result": "skipped"}]})
    total.add({"commit": None, "items": [{"result": "created"}]})
    assert total.counts() == {"created": 2, "skipped": 1}
    assert total.commits == ["c1"]


@pytest.mark.parametrize(
    ("name", "content", "options", "says"),
    [
        ("missing.csv", None, {}, "there is no file or folder"),
        ("a.prompt.yml", "messages: []", {}, "it is not valid"),
        ("a.xyz", "?", {}, "no format is known"),
        ("a.csv", "name,text\nA,b\n", {"text_column": "txt"}, "there is no column 'txt'"),
        ("a.csv", "", {}, "empty"),
    ],
)
def test_a_source_that_cannot_be_read_is_bad_input(
    tmp_path: Path, name: str, content: str | None, options: dict[str, str], says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(BadInput, match=says):
        read_source(tmp_path / name, "", options)


PREVIEW = {
    "prompts": [
        {"path": "a", "state": "live", "version": 3, "previous": 2, "diff": "+x\n", "keys": ["m"]},
        {"path": "b", "state": "live", "version": 1, "previous": None, "diff": "", "keys": []},
        {"path": "c", "state": "removed", "version": 4, "previous": 4, "diff": "", "keys": []},
        {"path": "d", "state": "live", "version": 1, "previous": 5, "diff": "", "keys": []},
    ],
    "unchanged": [{"path": "e", "version": 9}],
    "kept": [{"path": "f", "version": 2, "why": "suspended: no"}],
    "unmet": [{"rule": "role", "detail": "publisher is needed", "remedy": "ask one"}],
}


def test_a_dry_run_shows_each_prompt_from_what_to_what(capsys: pytest.CaptureFixture[str]) -> None:
    show_preview(Output(False), PREVIEW, diffs=True)
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "a\t@2 → @3\tis updated\tm",
        "b\tnothing → @1\tgoes live\t",
        "c\t@4\tis taken out\t",
        "d\t@5 → @1\tgoes back\t",
        "+x",
    ]
    assert shown.err.splitlines() == [
        "already live: e@9",
        "left as it is: f@2 (suspended: no)",
    ]


def test_a_dry_run_that_would_be_refused_is_a_refusal_with_its_reasons() -> None:
    from promptops.cli.failures import Refused

    with pytest.raises(Refused) as refused:
        refuse_unmet(PREVIEW, "production")
    assert refused.value.exit_code == 1
    assert refused.value.document["unmet"] == PREVIEW["unmet"]
    refuse_unmet({"unmet": []}, "production")


RELEASE = {
    "number": 7,
    "environment": "staging",
    "kind": "publish",
    "acknowledged_at": "2026-01-02T03:04:05.000006Z",
    "actor": "anna",
    "reason": "why",
    "ticket": None,
    "changed": 150,
    "prompts": [
        {"path": f"p{n}", "state": "live", "version": 1, "previous": None} for n in range(100)
    ],
    "delivery": "pending",
}


def test_a_release_that_redis_does_not_have_yet_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show_release(Output(False), RELEASE)
    shown = capsys.readouterr()
    assert shown.out == "Release r7 of staging: 150 prompts changed.\n"
    assert "Redis does not have it yet" in shown.err


def test_a_large_release_is_one_line_of_a_list() -> None:
    assert release_row(RELEASE)[:5] == (
        "r7",
        "2026-01-02 03:04:05Z",
        "publish",
        "anna",
        ["p0@1", "p1@1", "p2@1", "… 150 in all"],
    )
