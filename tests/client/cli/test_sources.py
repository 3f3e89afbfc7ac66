"""Reading folders and tables into prompt files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.cli.failures import BadInput
from promptops.cli.sources.folder import read_folder
from promptops.cli.sources.naming import Paths, slug
from promptops.cli.sources.prompt_file import UNWRITABLE, write_prompt_file
from promptops.cli.sources.table import Columns, read_table
from promptops.format import parse

_TEXT = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1).map(
    lambda text: UNWRITABLE.sub("", text.replace("\r", "\n"))
)
_LINES = st.lists(st.sampled_from(["", " ", "\t", "a", "  b", "- c", "# d", "e: f", "{{ g }}"]))


@given(_TEXT | _LINES.map("\n".join), _TEXT, _TEXT, st.lists(_TEXT))
def test_a_written_file_reads_back_as_the_same_values(
    text: str, name: str, description: str, tags: list[str]
) -> None:
    written = write_prompt_file(
        name=name, text=text, role="user", description=description, tags=tags
    )
    parsed = parse(written)
    values = parsed.source and (parsed.file.data if parsed.file else None)
    if values is None:  # the values break a rule of prompts, not of YAML
        assert "yaml-syntax" not in {p.code for p in parsed.problems}, (written, parsed.problems)
        return
    assert values["messages"] == [{"role": "user", "content": text}]
    assert values["name"] == name
    assert values.get("description", "") == description
    assert values.get("tags", []) == tags


def test_several_lines_are_written_as_a_block_a_person_can_edit() -> None:
    written = write_prompt_file(name="Two lines", text="Hello,\nyou: {{ name }}", role="user")
    assert written == (
        "name: Two lines\n"
        "messages:\n"
        "  - role: user\n"
        "    content: |-\n"
        "      Hello,\n"
        "      you: {{ name }}\n"
    )


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Ethereum Developer", "ethereum-developer"),
        ("  Ünïcode  Poet (v2)! ", "unicode-poet-v2"),
        ("Großstadt", "grossstadt"),
        ("../../etc/passwd", "etc-passwd"),
        ("小说家", ""),
        ("x" * 200, "x" * 80),
    ],
)
def test_a_title_becomes_a_name(title: str, name: str) -> None:
    assert slug(title) == name


def test_paths_that_differ_only_by_case_get_numbers() -> None:
    paths = Paths()
    assert [paths.take(p) for p in ("a/b", "A/B", "a/b", "a/b-2")] == [
        "a/b",
        "A/B-2",
        "a/b-3",
        "a/b-2-2",
    ]


def _table(tmp_path: Path, text: str, name: str = "prompts.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_a_table_maps_chosen_columns_and_reports_the_others(tmp_path: Path) -> None:
    path = _table(
        tmp_path,
        "\ufefftitle,body,about,labels,price\n"
        'Claim letter,"Dear {{ name }},\nwe regret",A letter,"claims, motor",3\n',
    )
    columns = Columns(name="title", text="body", description="about", tags=("labels",))
    got = read_table(path, columns, role="system", module="claims")
    (found,) = got.found
    assert (found.path, found.origin) == ("claims/claim-letter", "prompts.csv:2")
    file = parse(found.text).file
    assert file is not None
    assert file.tags == ("claims", "motor")
    assert file.data["messages"] == [{"role": "system", "content": "Dear {{ name }},\nwe regret"}]
    assert [loss.what for loss in got.losses] == ["column 'price' is not carried over"]
    assert got.renamed == []
    assert got.errors == []


def test_usual_column_names_need_not_be_chosen(tmp_path: Path) -> None:
    got = read_table(
        _table(tmp_path, "act;prompt\nPoet;Write\n"), Columns(), role="user", module=""
    )
    assert [found.path for found in got.found] == ["poet"]


def test_equal_names_and_names_that_do_not_fit_are_numbered_and_reported(tmp_path: Path) -> None:
    path = _table(tmp_path, "name,text\nPoet,a\nPOET!,b\n小说家,c\n,d\n")
    got = read_table(path, Columns(), role="user", module="m")
    assert [found.path for found in got.found] == ["m/poet", "m/poet-2", "m/prompt-4", "m/prompt-5"]
    assert [(r.origin, r.wanted, r.path) for r in got.renamed] == [
        ("prompts.csv:3", "POET!", "m/poet-2"),
        ("prompts.csv:4", "小说家", "m/prompt-4"),
        ("prompts.csv:5", "", "m/prompt-5"),
    ]


def test_rows_that_cannot_be_used_are_named_by_line(tmp_path: Path) -> None:
    path = _table(tmp_path, 'name,text\nA,"one\ntwo"\nB,\nC,x,y\n')
    got = read_table(path, Columns(), role="user", module="")
    assert [(e["line"], e["message"]) for e in got.errors] == [
        (4, "the column 'text' is empty"),
        (5, "3 values for 2 columns"),
    ]
    with pytest.raises(BadInput, match="2 places"):
        got.refuse_errors("prompts.csv")


def test_control_characters_are_left_out_and_reported(tmp_path: Path) -> None:
    got = read_table(_table(tmp_path, "name,text\nA,be\x07ep\n"), Columns(), role="user", module="")
    assert "content: beep\n" in got.found[0].text
    assert [loss.what for loss in got.losses] == ["1 control character of 'text' left out"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"name,text\nA,\xff\n", "not UTF-8"),
        (b'name,text\nA,"unclosed\n', "not a well-formed table"),
        (b"name,body\nA,b\n", "no column is chosen for the prompt's text"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "prompts.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=says):
        read_table(path, Columns(), role="user", module="")


def test_a_missing_column_lists_those_there_are(tmp_path: Path) -> None:
    path = _table(tmp_path, "name,text\nA,b\n")
    with pytest.raises(BadInput) as refused:
        read_table(path, Columns(text="txt"), role="user", module="")
    assert refused.value.document["remedy"] == "the columns are: name, text"


def test_a_folder_gives_its_prompt_files_with_their_exact_text(tmp_path: Path) -> None:
    file = "# kept\nmessages:\n  - {role: user, content: hi}\n"
    for name in (
        "b.prompt.yaml",
        "claims/motor/triage.prompt.yml",
        "README.md",
        ".git/x.prompt.yml",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)
    got = read_folder(tmp_path, module="shared")
    assert [(f.path, f.extension, f.text) for f in got.found] == [
        ("shared/b", ".prompt.yaml", file),
        ("shared/claims/motor/triage", ".prompt.yml", file),
    ]
    assert [loss.what for loss in got.losses] == ["1 other file left alone"]


def test_file_names_that_are_no_names_are_changed_and_reported(tmp_path: Path) -> None:
    (tmp_path / "My claims").mkdir()
    for name in ("My claims/Tri age.prompt.yml", "twin.prompt.yml", "twin.prompt.yaml"):
        (tmp_path / name).write_text("messages: []\n")
    got = read_folder(tmp_path, module="")
    assert sorted(f.path for f in got.found) == ["My-claims/Tri-age", "twin", "twin-2"]
    assert [(r.wanted, r.path) for r in got.renamed] == [
        ("twin", "twin-2"),
        ("My claims/Tri age", "My-claims/Tri-age"),
    ]


def test_files_that_are_not_text_are_errors_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "a.prompt.yml").write_bytes(b"name: ok\nother: \xff\n")
    got = read_folder(tmp_path, module="")
    assert [(e["file"], e["line"]) for e in got.errors] == [("a.prompt.yml", 2)]
