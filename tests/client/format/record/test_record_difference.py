"""What differs between two records, and how large a change is: the author may say more, never less."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.format import parse
from promptops.format.record import (
    Examined,
    change_class,
    examine,
    read_defaults,
    record_diff,
)
from promptops.format.record.operation_fields import CHANGES
from support.record_files import DEFAULTS, MODULE, PROMPT, TYPED

HIGHER = (
    TYPED
    + """\
  controls: [staff read every answer, weekly sample]
  prohibited_outputs: [advice on money]
  oversight: {mode: in_the_loop, reviewer: staff, triggers: [a complaint]}
"""
)


def judged(text: str, defaults: str = DEFAULTS) -> Examined:
    file = parse(text).file
    assert file is not None
    layers = [
        read_defaults("record-defaults.yml", defaults),
        read_defaults("branches/record-defaults.yml", MODULE),
    ]
    return examine(file, defaults=layers)


def changed(old: str, new: str, text: str = PROMPT + HIGHER) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (changed("gpt-4o-2024-08-06", "gpt-4o-2024-11-20"), "another model"),
        (changed("When is", "Tell me when"), "other instructions"),
        (changed("trust: trusted", "trust: untrusted"), "other variables"),
        (PROMPT + "tools: [{name: find}]\n" + HIGHER, "other tools"),
        (PROMPT + "responseFormat: json_object\n" + HIGHER, "another output schema"),
        (changed("record:\n", "record:\n  scope: {audience: [everybody]}\n"), "another audience"),
        (
            changed("record:\n", "record:\n  scope: {jurisdictions: [SG, MY]}\n"),
            "another jurisdiction",
        ),
        (changed(", weekly sample", ""), "safeguard removed: control 'weekly sample'"),
        (changed("in_the_loop", "over_the_loop"), "safeguard removed: oversight was in the loop"),
        (
            changed("  prohibited_outputs: [advice on money]\n", ""),
            "safeguard removed: prohibited output 'advice on money'",
        ),
    ],
)
def test_a_significant_change_is_found(text: str, reason: str) -> None:
    found = change_class(judged(PROMPT + HIGHER), judged(text))
    assert (found.name, reason in found.reasons) == ("significant", True), found.reasons


def test_a_lower_tier_is_a_significant_change() -> None:
    high = DEFAULTS.replace("impact: {score: 1", "impact: {score: 3")
    found = change_class(judged(PROMPT + TYPED, high), judged(PROMPT + TYPED))
    assert "tier medium lowered to low" in found.reasons
    assert change_class(judged(PROMPT + TYPED), judged(PROMPT + TYPED, high)).name == "major"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (PROMPT + "modelParameters: {temperature: 0}\n" + HIGHER, "major"),
        (changed("record:\n", "record:\n  io_retention: {days: 30}\n"), "major"),
        (PROMPT + "description: Opening hours\ntags: [hours]\n" + HIGHER, "minor"),
        (changed("First version for staff", "Second version for staff"), "minor"),
    ],
)
def test_lesser_changes_are_told_apart(text: str, name: str) -> None:
    assert change_class(judged(PROMPT + HIGHER), judged(text)).name == name


@given(st.sampled_from(CHANGES), st.sampled_from([*CHANGES, None, "tiny"]))
def test_what_counts_is_never_less_than_either_says(name: str, said: str | None) -> None:
    from promptops.format.record import ChangeClass

    counts = ChangeClass(name, ()).counts_as(said)
    assert CHANGES.index(counts) >= CHANGES.index(name)
    if said in CHANGES:
        assert CHANGES.index(counts) >= CHANGES.index(said)


def test_values_are_told_with_where_each_comes_from() -> None:
    own = changed("record:\n", "record:\n  io_retention: {days: 30}\n")
    found = record_diff(judged(PROMPT + HIGHER), judged(own)).to_json()
    assert found["fields"] == [
        {
            "id": "D33",
            "key": "io_retention.days",
            "before": {"value": 90, "from": "project", "file": "record-defaults.yml"},
            "after": {"value": 30, "from": "record", "file": None},
        }
    ]
    assert (found["tier_before"], found["tier_after"]) == ("low", "low")
    assert found["change"] == {
        "class": "major",
        "reasons": ["another answer to io_retention"],
        "stated": "minor",
        "counts_as": "major",
    }


def test_a_value_on_one_side_only_has_none_on_the_other() -> None:
    found = record_diff(judged(PROMPT + TYPED), judged(PROMPT + HIGHER))
    oversight: dict[str, Any] = {f.key: f for f in found.fields}
    assert oversight["oversight.mode"].before is None
    assert oversight["oversight.mode"].after.value == "in_the_loop"


def test_a_record_does_not_differ_from_itself() -> None:
    one = judged(PROMPT + HIGHER)
    found = record_diff(one, judged(PROMPT + HIGHER))
    assert (found.fields, found.change.name, found.change.reasons) == ((), "minor", ())
