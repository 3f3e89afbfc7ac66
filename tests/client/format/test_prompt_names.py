"""Names, paths and addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.format import (
    Address,
    InvalidAddress,
    InvalidName,
    Selector,
    check_environment,
    check_name,
    check_path,
    file_path_of,
    fold,
    parse_address,
    parse_selector,
    prompt_path_of,
)

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
PATHS = st.lists(NAMES, min_size=1, max_size=6).map("/".join)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("retail-bank", Address("retail-bank")),
        ("retail-bank/claims", Address("retail-bank", "claims")),
        ("p/claims/motor/triage", Address("p", "claims/motor/triage")),
        ("p/a@7", Address("p", "a", Selector(version=7))),
        ("p/a@1234567", Address("p", "a", Selector(version=1234567))),
        ("p/a@production", Address("p", "a", Selector(environment="production"))),
        ("p/a@3f9c2ab", Address("p", "a", Selector(commit="3f9c2ab"))),
        ("p/a@3F9C2AB", Address("p", "a", Selector(commit="3f9c2ab"))),
        ("p/a@" + "a" * 40, Address("p", "a", Selector(commit="a" * 40))),
        ("p/a@cafe-eu", Address("p", "a", Selector(environment="cafe-eu"))),
        ("p@staging", Address("p", "", Selector(environment="staging"))),
        ("p/a@0123456", Address("p", "a", Selector(commit="0123456"))),
        ("p/a@1234567890", Address("p", "a", Selector(commit="1234567890"))),
    ],
)
def test_an_address_names_project_path_and_selector(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("@7", "empty"),
        ("p//a", "empty part"),
        ("p/", "path is empty"),
        ("/a", "the name is empty"),
        ("p/a b", "contains ' '"),
        ("p/ä", "contains 'ä'"),
        ("p/.hidden", "starts with '.'"),
        ("p/..", "starts with '.'"),
        ("p/" + "x" * 101, "101 characters"),
        ("p/a@", "nothing follows"),
        ("p/a@0", "count from 1"),
        ("p/a@007", "without leading zeros"),
        ("p/a@" + "9" * 5000, "too large"),
        ("p/a@main", "line of versions"),
        ("p/a@cafe", "7 to 40"),
        ("p/a@" + "a" * 41, "7 to 40"),
        ("p/a@1@2", "more than one '@'"),
        ("p/" + "/".join("a" * 17), "17 parts"),
    ],
)
def test_a_bad_address_is_refused_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(InvalidAddress, match=says):
        parse_address(text)


@given(PATHS, st.none() | st.integers(1, 10**9 - 1).map(lambda n: Selector(version=n)))
def test_an_address_reads_back_as_it_is_written(path: str, selector: Selector | None) -> None:
    address = Address("project", path, selector)
    assert parse_address(str(address)) == address


@given(PATHS)
def test_a_prompt_path_and_its_file_path_belong_together(path: str) -> None:
    for extension in (".prompt.yml", ".prompt.yaml"):
        assert prompt_path_of(file_path_of(path, extension)) == path


@pytest.mark.parametrize("path", ["README.md", "a/notes.yml", "a/b.prompt.json", "prompt.yml", ""])
def test_other_files_are_not_prompts(path: str) -> None:
    assert prompt_path_of(path) is None


@pytest.mark.parametrize(
    "path", [".prompt.yml", "a/.prompt.yml", "a b/c.prompt.yml", "/a.prompt.yml"]
)
def test_a_prompt_file_with_a_bad_name_is_refused(path: str) -> None:
    with pytest.raises(InvalidName):
        prompt_path_of(path)


def test_a_file_extension_is_one_of_the_two() -> None:
    with pytest.raises(InvalidName, match=r"\.prompt\.yml"):
        file_path_of("a", ".yml")


@pytest.mark.parametrize("name", ["main", "MAIN", "cafe", "123", "a" * 101, "", "-x"])
def test_environments_cannot_be_called(name: str) -> None:
    with pytest.raises(InvalidName):
        check_environment(name)


@given(st.text(max_size=8).filter(lambda name: "/" not in name and "@" not in name))
def test_a_name_that_passes_is_an_address_of_its_own(name: str) -> None:
    try:
        check_name(name)
    except InvalidName:
        with pytest.raises(InvalidAddress):
            parse_address(f"p/{name}@1")
    else:
        assert parse_address(f"p/{name}@1").path == name


def test_case_twins_fold_to_one_key() -> None:
    assert fold("Claims/Triage") == fold("claims/tRIAGE") != fold("claims/triage2")
    assert check_path("Claims/Triage") == "Claims/Triage"


def test_seven_to_nine_digits_may_be_a_version_or_a_commit() -> None:
    may = {text: parse_selector(text).maybe_commit for text in ("999999", "1234567", "0a1b2c3")}
    assert may == {"999999": None, "1234567": "1234567", "0a1b2c3": "0a1b2c3"}
    sure = {text: parse_selector(text).number for text in ("999999", "1234567", "0a1b2c3")}
    assert sure == {"999999": 999_999, "1234567": None, "0a1b2c3": None}
