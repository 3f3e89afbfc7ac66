"""The JSON form of a prompt file, there and back."""

from __future__ import annotations

from typing import Any

import pytest
from bank import TRIAGE
from hypothesis import given
from hypothesis import strategies as st

from promptops.format.yaml_text import dump
from promptops_server.infra.problems import BadRequest, Invalid
from promptops_server.registry.errors import NotAcceptable
from promptops_server.registry.json_form import json_of, read_json, text_of

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text("ab: #-'\n", max_size=8)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_leaves=8,
)
files = st.dictionaries(st.sampled_from(["name", "messages", "tags", "own"]), values, min_size=1)


@given(files, files)
def test_text_made_from_another_text_reads_as_what_was_sent(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert json_of(text_of(after, dump(before))) == after


@given(files)
def test_what_did_not_change_stays_byte_for_byte(data: dict[str, Any]) -> None:
    text = "# mine\n" + dump(data)
    assert text_of(json_of(text), text) == text


def test_one_changed_value_is_a_change_of_one_line() -> None:
    data = dict(json_of(TRIAGE))
    data["messages"] = [{**data["messages"][0], "content": "Sort."}, data["messages"][1]]
    assert text_of(data, TRIAGE) == TRIAGE.replace("Sort the claim.", "Sort.")


def test_a_text_that_is_no_yaml_is_written_anew() -> None:
    assert text_of({"name": "x"}, "messages: [") == "name: x\n"
    with pytest.raises(NotAcceptable):
        json_of("messages: [")
    with pytest.raises(NotAcceptable):
        json_of("- a list\n")


@pytest.mark.parametrize("body", [b"", b"{", b"[NaN]", b"[Infinity]", b"[" * 100_000, b"\xff"])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_json(body)


def test_values_without_a_form_in_yaml_are_refused() -> None:
    with pytest.raises(Invalid):
        text_of({"name": "a\x00b"}, None)
