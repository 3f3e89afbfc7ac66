"""Reading files of other tools before an import: what would come, what is left behind, and that nothing changes."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import Any

import pytest
from bank import AUTHOR, Bank, LiveTable, client, prompt_text

from promptops_server.access.policy import authorise
from promptops_server.infra.problems import Invalid
from promptops_server.registry.edits.import_prompts import import_prompts
from promptops_server.registry.edits.read_files import Upload, Wishes, read_files

PROMPTY = "---\nname: Thank you\ninputs:\n  who: {type: string}\n---\nuser:\nThank {{who}}\n"
TABLE = "act;prompt\nTeller;Count the {{ notes }}\nGuard;Watch\n;nobody\n"
PROMPTFOO = "prompts:\n  - label: Sort\n    raw: Sort {{ claim }}\n"
LANGFUSE = json.dumps([{"name": "pay", "type": "text", "prompt": "Pay {{x}}"}])


def convert(bank: Bank, *files: tuple[str, str], **more: Any) -> Any:
    with client(bank.db, LiveTable()) as http:
        return http.post(
            "/projects/bank/imports/convert",
            json={"files": [{"name": n, "content": c} for n, c in files], **more},
        )


def test_a_mixture_of_formats_is_read_each_by_its_own_and_nothing_is_written(bank: Bank) -> None:
    bank.put("old/same", prompt_text("same"))
    bank.put("old/changed", prompt_text("before"))
    files = [
        ("old/same.prompt.yml", prompt_text("same")),
        ("old/changed.prompt.yml", prompt_text("after")),
        ("letters/thanks.prompty", PROMPTY),
        ("roles.csv", TABLE),
        ("promptfooconfig.yaml", PROMPTFOO),
        ("export.json", LANGFUSE),
        ("My notes/hello.md", "Hello"),
        ("broken.prompt.yml", "messages:\n  - role: nobody\n    content: x\n"),
        ("logic.prompty", "---\nname: x\n---\nuser:\n{% if a %}b{% endif %}\n"),
        ("photo.png", "x"),
        ("README.md", "About this folder"),
    ]
    answer = convert(bank, *files, module="in")
    assert answer.status_code == 200
    found = {item["path"]: item for item in answer.json()["items"]}
    assert {path: (i["format"], i["result"], i["version"]) for path, i in found.items()} == {
        "in/old/same": ("directory", "created", 1),
        "in/old/changed": ("directory", "created", 1),
        "in/letters/thanks": ("prompty", "created", 1),
        "in/teller": ("csv", "created", 1),
        "in/guard": ("csv", "created", 1),
        "in/sort": ("promptfoo", "created", 1),
        "in/pay": ("langfuse", "created", 1),
        "in/My-notes/hello": ("directory", "created", 1),
        "in/broken": ("directory", "refused", None),
    }
    assert found["in/broken"]["problems"][0]["line"] == 2
    assert found["in/letters/thanks"]["file"] == "letters/thanks.prompty"
    assert "no valid name" in found["in/My-notes/hello"]["notes"][0]
    left = {(one["file"], one["where"]): one["reason"] for one in answer.json()["left"]}
    assert "if a" in left["logic.prompty", ""]
    assert "blank" in left["roles.csv", "row 4"]
    assert left.keys() >= {("photo.png", ""), ("README.md", "")}
    assert answer.json()["tables"] == [{"file": "roles.csv", "columns": ["act", "prompt"]}]

    there = {i["path"]: i for i in convert(bank, *files).json()["items"]}
    assert [there[p]["result"] for p in ("old/same", "old/changed")] == ["unchanged", "updated"]
    assert there["old/changed"]["version"] == 2
    # What was foreseen is what comes: the same texts, imported, have the same results.
    done = import_prompts(
        bank.db, AUTHOR, authorise, "bank", [(i["path"], i["content"]) for i in there.values()]
    )
    assert [(i.path, i.result, i.version, i.reason) for i in done.items] == [
        (i["path"], i["result"], i["version"], i["reason"]) for i in there.values()
    ]


@pytest.mark.parametrize("on_conflict", ["skip", "refuse"])
def test_what_exists_is_judged_by_the_wish_for_it(small_bank: Bank, on_conflict: str) -> None:
    small_bank.put("a", prompt_text("before"))
    answer = convert(small_bank, ("a.prompt.yml", prompt_text("x")), on_conflict=on_conflict)
    [item] = answer.json()["items"]
    expected = {"skip": "skipped", "refuse": "refused"}[on_conflict]
    assert (item["result"], item["version"]) == (expected, 1)
    assert "version 1" in item["reason"]


def test_columns_are_chosen_and_a_format_is_forced(small_bank: Bank) -> None:
    table = "id,wording\none,Say one\n"
    [left] = convert(small_bank, ("t.csv", table)).json()["left"]
    assert "id, wording" in left["reason"]
    chosen = convert(
        small_bank, ("t.csv", table), name_column="id", text_column="wording", role="system"
    )
    [item] = chosen.json()["items"]
    assert (item["path"], "role: system" in item["content"]) == ("one", True)
    [read] = convert(
        small_bank, ("t.data", table.replace("id", "name").replace("wording", "text")), format="csv"
    ).json()["items"]
    assert read["format"] == "csv"


def test_an_archive_is_read_like_its_folder_and_a_hostile_one_left(small_bank: Bank) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("claims/triage.prompt.yml", prompt_text("x"))
        archive.writestr("claims/thanks.prompty", PROMPTY)
    hostile = io.BytesIO()
    with zipfile.ZipFile(hostile, "w") as archive:
        archive.writestr("../out.md", "x")
    with client(small_bank.db, LiveTable()) as http:
        answer = http.post(
            "/projects/bank/imports/convert",
            json={
                "files": [
                    {"name": n, "content": base64.b64encode(b).decode(), "encoding": "base64"}
                    for n, b in (("a.zip", made.getvalue()), ("b.zip", hostile.getvalue()))
                ]
            },
        ).json()
    assert {i["path"]: i["file"] for i in answer["items"]} == {
        "claims/thanks": "a.zip: claims/thanks.prompty",
        "claims/triage": "a.zip: claims/triage.prompt.yml",
    }
    [left] = answer["left"]
    assert (left["file"], "'../out.md'" in left["reason"]) == ("b.zip", True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"files": [{"name": "../x.md", "content": "x"}]}, "files.0.name"),
        ({"files": [{"name": "/x.md", "content": "x"}]}, "files.0.name"),
        ({"files": [{"name": "a.md", "content": "x"}] * 2}, "files.1.name"),
        ({"files": [{"name": "a.zip", "content": "?", "encoding": "base64"}]}, "files.0.content"),
        ({"files": []}, "files"),
        ({"format": "word"}, "format"),
        ({"module": "a b"}, "module"),
        ({"more": 1}, "more"),
    ],
)
def test_a_request_that_cannot_be_read_names_the_place(
    small_bank: Bank, change: dict[str, Any], field: str
) -> None:
    body = {"files": [{"name": "a.md", "content": "x"}], **change}
    with client(small_bank.db, LiveTable()) as http:
        answer = http.post("/projects/bank/imports/convert", json=body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


def test_nothing_stays_in_the_temporary_folder(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    read_files([Upload("a.md", b"x"), Upload("b.csv", b"\xff"), Upload("c.zip", b"PK")], Wishes())
    with pytest.raises(Invalid):
        read_files([Upload("a.md", b"x")], Wishes(module="a b"))
    assert list(tmp_path.iterdir()) == []
