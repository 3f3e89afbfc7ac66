"""Converters: the contract each must keep, tables, folders."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from format_samples import TEXTS
from hypothesis import given
from hypothesis import strategies as st

from promptops.format import check_path, convert, parse
from promptops.format.convert import BadOption, CannotConvert, Conversion, converters, read
from promptops.format.naming import Namer, slug, stand_in, valid_name

CSV = """\
act,prompt,for_devs,type
Ethereum Developer,"You are {{ role }}, write ""{{Your Name}}""
on two lines ",TRUE,"TEXT, long"
ethereum-developer,Other,FALSE,
Émile Zola!,Écris. ,FALSE,TEXT
小红书,Text,TRUE,
"""


def texts(conversion: Conversion) -> list[Any]:
    found = []
    for prompt in conversion.prompts:
        file = parse(prompt.text).file
        assert file is not None
        found.append(file.messages[0].to_json()["content"])
    return found


@pytest.mark.parametrize("name", sorted(converters()))
def test_every_converter_keeps_the_contract(name: str) -> None:
    converter = converters()[name]
    assert converter.name == name
    assert converter.summary.endswith(".")
    assert all(e == e.lower() and "/" not in e for e in converter.extensions)
    assert list(inspect.signature(converter.read).parameters) == ["source", "options"]
    with pytest.raises(BadOption, match="surely-not-an-option"):
        converter.read(_sample(name), {"surely-not-an-option": 1})
    with pytest.raises(CannotConvert):
        converter.read(b"", {})


def _sample(name: str) -> Any:
    return Path(__file__).parent if name == "directory" else CSV.encode()


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadOption, match="csv, directory, dotprompt"):
        read("docx", b"")


def test_a_converter_is_found_by_file_name(tmp_path: Path) -> None:
    table = convert.converter_for(Path("a/Prompts.CSV"))
    folder = convert.converter_for(tmp_path)
    assert table is not None
    assert folder is not None
    assert (table.name, folder.name) == ("csv", "directory")
    assert convert.converter_for(Path("a.docx")) is None


def test_rows_become_prompts_with_their_text_exactly() -> None:
    got = read("csv", CSV, {"tags_columns": ["for_devs", "type"]})
    assert got.losses == ()
    assert texts(got) == [
        'You are {{ role }}, write "{{Your Name}}"\non two lines ',
        *("Other", "Écris. ", "Text"),
    ]
    assert [p.name for p in got.prompts] == [
        *("ethereum-developer", "ethereum-developer-2", "emile-zola"),
        stand_in("小红书"),
    ]
    file = parse(got.prompts[0].text).file
    assert file is not None
    assert (file.name, file.tags) == ("Ethereum Developer", ("for_devs", "TEXT", "long"))
    assert [len(p.notes) for p in got.prompts] == [2, 1, 0, 1]
    assert "role" in got.prompts[0].notes[0]
    assert "'ethereum-developer' is taken" in got.prompts[1].notes[0]


def test_columns_role_and_module_can_be_chosen() -> None:
    table = "a;b;c\nName;Text;About\n"
    options = {"name_column": "a", "text_column": "b", "description_column": "c"}
    got = read("csv", table, {**options, "delimiter": ";", "role": "system", "module": "x/y"})
    file = parse(got.prompts[0].text).file
    assert file is not None
    assert (got.prompts[0].name, file.description) == ("x/y/name", "About")
    assert file.messages[0].to_json() == {"role": "system", "content": "Text"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name_column": "nope"}, "no column 'nope'"),
        ({"tags_columns": "type, nope"}, "no column 'nope'"),
        ({"role": "boss"}, "role"),
        ({"module": "a b"}, "module"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"delimiter": ";"}, "choose name_column"),
    ],
)
def test_a_bad_option_is_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(BadOption, match=says):
        read("csv", CSV, options)


def test_a_row_that_cannot_be_carried_is_a_loss_with_its_number() -> None:
    table = "name,prompt\na,\n\n,text\nb,x,y\nc,bad \x07 bell\nd,{{> old/partial }}\ne,good\n"
    got = read("csv", table)
    assert [p.name for p in got.prompts] == ["e"]
    assert [loss.where for loss in got.losses] == ["row 2", "row 4", "row 5", "row 6", "row 7"]
    assert "U+0007" in got.losses[3].reason


@pytest.mark.parametrize(
    "table", ["", " \n", b"\xff\xfe", 'name,prompt\na,"open\n', "name,name\na,b\n"]
)
def test_what_is_no_table_is_refused(table: Any) -> None:
    with pytest.raises(CannotConvert):
        read("csv", table)


@given(st.lists(TEXTS.filter(lambda t: bool(t.strip()) and "{{>" not in t), max_size=4))
def test_any_text_in_a_table_is_kept(cells: list[str]) -> None:
    import csv
    import io

    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows([("name", "prompt"), *(("n", cell) for cell in cells)])
    assert texts(read("csv", out.getvalue().encode())) == cells


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "claims/Triage.prompt.yml": "# kept\nmessages: [{role: user, content: hi}]\n",
        "claims/other.prompt.yaml": "messages: [{role: user, content: ho}]\r\n",
        "claims/broken.prompt.yml": "messages: []\n",
        "my notes/First Idea!.md": "# Idea\n\nDo {{ x }}.\n",
        "triage.txt": "  text with space \n",
        "claims/triage.txt": "twin",
        "blank.txt": " \n",
        "README.md": "about",
        "image.png": "x",
        ".git/config.txt": "hidden",
        ".hidden.txt": "hidden",
        "小红书.txt": "t",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    (tmp_path / "latin.txt").write_bytes(b"\xe9")
    (tmp_path / "link.txt").symlink_to(tmp_path / "triage.txt")
    return tmp_path


def test_a_folder_keeps_prompt_files_and_turns_texts_into_prompts(folder: Path) -> None:
    got = read("directory", folder)
    by_name = {p.name: p for p in got.prompts}
    assert by_name["claims/Triage"].text == "# kept\nmessages: [{role: user, content: hi}]\n"
    assert by_name["claims/other"].extension == ".prompt.yaml"
    assert by_name["claims/other"].text.endswith("\r\n")
    assert "not valid" in by_name["claims/broken"].notes[0]
    assert set(by_name) == {
        *("claims/Triage", "claims/other", "claims/broken", "claims/triage-2"),
        *("my-notes/First-Idea", "triage", stand_in("小红书")),
    }
    assert "is taken" in by_name["claims/triage-2"].notes[0]
    assert "not a valid name" in by_name["my-notes/First-Idea"].notes[0]
    file = parse(by_name["triage"].text).file
    assert file is not None
    assert file.messages[0].to_json()["content"] == "  text with space \n"
    assert {loss.where for loss in got.losses} == {
        *("blank.txt", "image.png", "latin.txt", "link.txt")
    }


def test_a_folder_goes_below_a_module(folder: Path) -> None:
    got = read("directory", folder, {"module": "imported"})
    assert all(p.name.startswith("imported/") for p in got.prompts)


@given(st.text(max_size=120))
def test_made_names_are_valid(title: str) -> None:
    for name in (slug(title) or stand_in(title), valid_name(title) or stand_in(title)):
        assert check_path(name) == name


@given(st.lists(st.sampled_from(["a", "A", "a-2", "b", "x" * 100, "m/" + "x" * 100]), max_size=12))
def test_no_two_made_names_are_case_twins(wanted: list[str]) -> None:
    namer = Namer()
    made = [namer.take(name) for name in wanted]
    assert len({name.lower() for name in made}) == len(made)
    assert [check_path(name) for name in made] == made


DATA = Path(__file__).parents[4] / "shared" / "data"


@pytest.mark.skipif(not DATA.is_dir(), reason="the collection of real prompts is not here")
def test_real_collections_arrive_whole() -> None:
    import csv

    table = DATA / "awesome-chatgpt-prompts.csv"
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    got = read("csv", table, {"tags_columns": ["for_devs", "type"]})
    assert got.losses == ()
    assert texts(got) == [row["prompt"] for row in rows]
    assert len(rows) == 961
    published = read("directory", DATA / "github-prompt-files")
    assert len(published.prompts) == 4
    assert [p.notes for p in published.prompts] == [()] * 4
    assert [parse(p.text).problems for p in published.prompts] == [()] * 4
