"""The record's rules: fields, tier, inheritance, completeness. Units, and properties over any record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.format import dump, parse
from promptops.format.record import (
    BY_KEY,
    EVIDENCE,
    FIELDS,
    RULES,
    TIERS,
    Defaults,
    Examined,
    Facts,
    Layer,
    Tier,
    defaults_paths,
    examine,
    fields_for,
    read_defaults,
    resolve,
    tier_of,
)
from promptops.format.record.consistency import is_pinned
from promptops.format.record.shapes import is_placeholder, na_reason
from support.record_files import DEFAULTS, MODULE, PROMPT, TYPED


def defaults(**files: str) -> list[Defaults]:
    return [read_defaults(path, text) for path, text in files.items()]


LAYERS = [
    read_defaults("record-defaults.yml", DEFAULTS),
    read_defaults("branches/record-defaults.yml", MODULE),
]


def judge(text: str, under: list[Defaults] | None = None, **more: Any) -> Examined:
    parsed = parse(text)
    assert parsed.file is not None, parsed.errors
    return examine(parsed.file, parsed.source, LAYERS if under is None else under, **more)


def with_record(**changed: Any) -> str:
    """The low-tier prompt with other values in its record; None removes one."""
    record = dict(parse(PROMPT + TYPED).file.record)  # type: ignore[union-attr]
    record.update(changed)
    return PROMPT + dump({"record": {k: v for k, v in record.items() if v is not None}})


def found(examined: Examined) -> set[tuple[str, str]]:
    return {(f.key, f.code) for f in examined.findings if f.severity == "error"}


def test_an_author_of_a_low_tier_prompt_types_three_things() -> None:
    examined = judge(PROMPT + TYPED)
    assert examined.findings == ()
    assert (examined.complete, examined.tier.tier) == (True, "low")
    typed = {path for path, layer in examined.resolved.origins.items() if layer.kind == "record"}
    assert typed == {("intent",), ("fairness_notes",), ("change", "reason")}
    for key in ("intent", "fairness_notes", "change"):
        assert not judge(with_record(**{key: None})).complete, key


def test_what_each_version_says_for_itself_has_no_default() -> None:
    [read] = defaults(
        x="intent: "
        + "a purpose " * 9
        + "\nchange:\n  class: minor\n  reason: As agreed with all\n"
    )
    assert [(p.key, p.code, p.line) for p in read.errors] == [
        ("intent", "not-inherited", 1),
        ("change.reason", "not-inherited", 4),
    ]
    assert read.layer().record == {}
    examined = judge(PROMPT + TYPED, [read])
    assert ("unreadable-defaults", "x", 1) in [(f.code, f.file, f.line) for f in examined.findings]


def test_defaults_are_checked_with_lines_and_may_be_partial() -> None:
    [read] = defaults(
        x="scope: {jurisdictions: [SG]}\nreliance: {score: 4}\nowner: tbd\nownr: me\n- a"
    )
    assert read.errors
    [read] = defaults(
        x="scope: {jurisdictions: [SG]}\nreliance: {score: 4}\nowner: tbd\nbackupp: me\n"
    )
    assert [(p.key, p.code, p.severity, p.line) for p in read.problems] == [
        ("reliance.score", "not-allowed", "error", 2),
        ("owner", "placeholder", "error", 3),
        ("backupp", "unknown-key", "warning", 4),
    ]
    assert read.problems[2].fix == "did you mean backup?"
    assert defaults(x="[a]")[0].errors[0].code == "wrong-type"
    assert defaults(x="")[0].problems == ()


def test_the_nearest_defaults_win_and_mappings_merge() -> None:
    assert defaults_paths("a/b/c") == [
        "record-defaults.yml",
        "a/record-defaults.yml",
        "a/b/record-defaults.yml",
    ]
    layers = [
        Layer(
            "project", "p", {"model": {"hosting": "external", "opaque": True}, "sector": ["phi"]}
        ),
        Layer("module", "m", {"model": {"opaque": False}, "sector": ["none"], "owner": None}),
        Layer("record", "", {"disclosure": {"n/a": "nobody is addressed by it"}}),
    ]
    resolved = resolve(layers)
    assert resolved.record == {
        "model": {"hosting": "external", "opaque": False},
        "sector": ["none"],
        "disclosure": {"n/a": "nobody is addressed by it"},
    }
    names = {path: layer.file for path, layer in resolved.origins.items()}
    assert names == {
        ("model",): "p",
        ("model", "opaque"): "m",
        ("sector",): "m",
        ("disclosure",): "",
    }
    assert layers[0].record["model"] == {"hosting": "external", "opaque": True}


def test_a_value_over_a_mapping_forgets_where_its_members_came_from() -> None:
    layers = [
        Layer("project", "p", {"privacy": {"basis": "a"}}),
        Layer("module", "m", {"privacy": {"basis": "b"}}),
        Layer("record", "", {"privacy": "n/a: there is no personal data here"}),
    ]
    assert {p: la.file for p, la in resolve(layers).origins.items()} == {("privacy",): ""}


@pytest.mark.parametrize("known", FIELDS, ids=lambda f: f.key)
def test_each_field_accepts_its_own_example_and_refuses_placeholders(known: Any) -> None:
    assert list(known.shape.faults(known.example, "high")) == []
    assert known.question.endswith("?")
    assert known.help
    for nothing in ("tbd", "-", " ", "N/A"):
        assert list(known.shape.faults(nothing, "low")), nothing


def test_the_catalogue_has_every_authored_field_and_the_evidence() -> None:
    authored = {f.id for f in FIELDS}
    evidence = {e.id for e in EVIDENCE}
    assert authored | evidence == {f"D{n:02}" for n in range(1, 39)}
    assert authored & evidence == {"D08", "D34"}
    assert len(BY_KEY) == len(FIELDS)
    assert {f.need.tier for f in fields_for("low")} == {"low"}
    assert (
        len(fields_for("low")) < len(fields_for("medium")) < len(fields_for("high")) == len(FIELDS)
    )
    starred = {f.id for f in FIELDS if f.na != "with_reason"}
    assert {"D03", "D06", "D11", "D13", "D14", "D21", "D26", "D34"} <= starred


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"intent": "tbd"}, ("intent", "placeholder")),
        ({"intent": "too short"}, ("intent", "too-short")),
        ({"intent": "x" * 2001}, ("intent", "too-long")),
        ({"intent": ["a"]}, ("intent", "wrong-type")),
        ({"intent": None}, ("intent", "missing")),
        ({"human_standard": "n/a"}, ("human_standard", "not-applicable")),
        ({"human_standard": "n/a: nobody"}, ("human_standard", "not-applicable")),
        ({"residual_tier": "n/a: it has no tier of its own"}, ("residual_tier", "not-applicable")),
        ({"backup": "maria.lopez"}, ("backup", "inconsistent")),
        ({"scope": {"channels": []}}, ("scope.channels", "too-short")),
        ({"io_retention": {"days": 0}}, ("io_retention.days", "not-allowed")),
        ({"io_retention": {"days": True}}, ("io_retention.days", "wrong-type")),
        ({"residual_tier": "high"}, ("residual_tier", "inconsistent")),
        ({"decision_role": "automate"}, ("reliance.score", "inconsistent")),
        ({"variables": [{"name": "other"}]}, ("variables[0].name", "inconsistent")),
        ({"variables": []}, ("variables", "inconsistent")),
        ({"model": {"name": "gpt-4.1"}}, ("model.name", "inconsistent")),
        ({"tool_effects": {"pay": "moves_money"}}, ("tool_effects.pay", "inconsistent")),
        ({"affects_people": True}, ("recourse", "missing")),
        ({"data_class": "personal"}, ("privacy", "missing")),
        ({"model": {"hosting": "external"}}, ("third_party", "missing")),
        ({"sector": "phi"}, ("privacy", "missing")),
        (
            {"monitoring": [{"metric": "m", "amber": 3, "red": 1}]},
            ("monitoring[0].amber", "inconsistent"),
        ),
        (
            {"affected_groups": ["staff"], "harms_benefits": [{"group": "customers"}]},
            ("harms_benefits", "inconsistent"),
        ),
        ({"impact": {"score": 3}, "reliance": {"score": 3}}, ("oversight", "missing")),
    ],
)
def test_what_is_missing_or_wrong_is_told(
    changed: Mapping[str, Any], wanted: tuple[str, str]
) -> None:
    examined = judge(with_record(**changed))
    assert wanted in found(examined)
    assert not examined.complete
    told = next(f for f in examined.findings if (f.key, f.code) == wanted)
    assert told.message
    assert told.fix
    assert told.line >= 1
    assert told.id == BY_KEY[wanted[0].split(".")[0].split("[")[0]].id


@pytest.mark.parametrize(
    "changed",
    [
        {"human_standard": "n/a: it judges nobody and answers staff only"},
        {"human_standard": {"n/a": "it judges nobody and answers staff only"}},
        {
            "monitoring": [
                {
                    "metric": "m",
                    "trips": "below",
                    "amber": 3,
                    "red": 1,
                    "cadence": "weekly",
                    "owner": "me",
                }
            ]
        },
        {"variables": [{"name": "branch", "source": "sheet", "trust": "trusted", "pii": False}]},
        {"change": {"reason": "First version for staff", "ticket": 4711}},
    ],
)
def test_what_is_right_is_accepted(changed: Mapping[str, Any]) -> None:
    examined = judge(with_record(**changed))
    assert examined.findings == ()
    assert examined.complete


def test_a_starred_field_is_never_not_applicable_at_tier_high() -> None:
    text = with_record(oversight="n/a: nobody needs to look at opening hours")
    assert ("oversight", "not-applicable") not in found(judge(text, tier="medium"))
    assert ("oversight", "not-applicable") in found(judge(text, tier="high"))
    assert ("fairness_notes", "too-short") in found(judge(text, tier="high"))


def test_a_finding_says_the_file_and_the_line_it_is_in() -> None:
    examined = judge(PROMPT + TYPED.replace("First version for staff", "short"))
    [one] = examined.findings
    assert (one.key, one.file, one.line, one.column) == ("change.reason", "", 12, 20)
    shared = read_defaults(
        "record-defaults.yml", DEFAULTS.replace("residual_tier: low", "residual_tier: medium")
    )
    [one] = judge(PROMPT + TYPED, [shared, LAYERS[1]]).findings
    assert (one.key, one.file, one.line) == ("residual_tier", "record-defaults.yml", 9)


def test_an_unknown_key_is_a_warning_and_leaves_the_record_complete() -> None:
    examined = judge(with_record(use_case="x"))
    [one] = examined.findings
    assert (one.severity, one.code, one.key) == ("warning", "unknown-key", "use_case")
    assert examined.complete


def test_a_model_is_pinned_from_tier_medium_on() -> None:
    floating = (PROMPT + TYPED).replace("gpt-4o-2024-08-06", "gpt-4o")
    assert judge(floating).complete
    assert ("model.version", "inconsistent") in found(judge(floating, tier="medium"))
    pinned = floating + "  model: {version: 2024-08-06}\n"
    assert ("model.version", "inconsistent") not in found(judge(pinned, tier="medium"))
    alias = floating + "  model: {version: latest}\n"
    assert ("model.version", "inconsistent") in found(judge(alias, tier="medium"))
    variant = pinned + "variants: {claude: {model: anthropic/claude-sonnet-4-5}}\n"
    assert ("model.variant_versions", "inconsistent") in found(judge(variant, tier="medium"))
    named = variant.replace("08-06}", "08-06, variant_versions: {claude: '20250929'}}")
    assert ("model.variant_versions", "inconsistent") not in found(judge(named, tier="medium"))


@pytest.mark.parametrize(
    ("name", "pinned"),
    [
        ("gpt-4o", False),
        ("gpt-4o-latest", False),
        ("gpt-4o-2024-08-06", True),
        ("anthropic/claude-sonnet-4-5-20250929", True),
        ("gpt-4-0613", True),
        ("gemini-1.5-pro-002", True),
        ("meta/llama@sha256:ab12", True),
        ("claude-sonnet-4-5", False),
        ("qwen3-32b", False),
        ("llama:latest", False),
    ],
)
def test_which_names_are_pinned(name: str, pinned: bool) -> None:
    assert is_pinned(name) is pinned


@pytest.mark.parametrize(
    ("facts", "tier"),
    [
        (Facts(1, 1, 1, ("none",), (), False), "low"),
        (Facts(1, 1, 2, ("none",), (), False), "low"),
        (Facts(1, 1, 2, ("none",), (), True), "medium"),
        (Facts(2, 2, 2, ("none",), (), False), "medium"),
        (Facts(3, 2, 2, ("none",), (), False), "high"),
        (Facts(1, 1, 1, ("claims",), (), False), "medium"),
        (Facts(1, 1, 3, ("claims",), (), False), "high"),
        (Facts(1, 1, 1, ("none",), ("moves_money",), False), "high"),
        (Facts(1, 1, 1, ("none",), ("writes_system_of_record",), False), "high"),
        (Facts(1, 1, 1, ("none",), ("writes",), False), "low"),
        (Facts(tool_effects=("moves_money",)), "high"),
        (Facts(1, 1, None, ("none",), (), False), None),
        (Facts(1, 2, 1, ("none",), (), None), "low"),
        (Facts(1, 1, 1, ("none",), (), None), None),
    ],
)
def test_the_tier_and_its_floors(facts: Facts, tier: Tier | None) -> None:
    result = tier_of(facts)
    assert result.tier == tier
    assert result.reasons or result.missing


def test_an_unknown_tier_says_what_is_missing() -> None:
    examined = judge(PROMPT, [])
    assert examined.tier.tier is None
    assert examined.tier.missing == (
        *("impact", "complexity", "reliance", "decision_kinds", "model.hosting"),
    )
    assert not examined.complete


_score = st.integers(1, 3)
_kinds = st.lists(st.sampled_from(("none", "other", "claims", "hiring")), min_size=1).map(tuple)
_effects = st.lists(st.sampled_from(("none", "reads", "writes", "moves_money"))).map(tuple)
_facts = st.builds(Facts, _score, _score, _score, _kinds, _effects, st.booleans())


@given(_facts, _facts)
def test_the_tier_never_falls_when_an_answer_gets_worse(a: Facts, b: Facts) -> None:
    worse = Facts(
        max(a.impact or 0, b.impact or 0),
        max(a.complexity or 0, b.complexity or 0),
        max(a.reliance or 0, b.reliance or 0),
        (*(a.decision_kinds or ()), *(b.decision_kinds or ())),
        (*(a.tool_effects or ()), *(b.tool_effects or ())),
        a.opaque_third_party or b.opaque_third_party,
    )
    below, above = tier_of(a).tier, tier_of(worse).tier
    assert below is not None
    assert above is not None
    assert TIERS.index(above) >= TIERS.index(below)


_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ("n/a", "n/a: because it is so and not otherwise", "low", "automate", "tbd", "external")
    ),
    st.text("ab -/", max_size=60),
)
_keys = st.sampled_from(
    (*BY_KEY, "score", "reason", "name", "group", "n/a", "amber", "red", "hosting", "zzz")
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(_keys, _values, max_size=8),
    st.dictionaries(_keys, _values, max_size=4),
    st.sampled_from((None, *TIERS)),
)
def test_no_record_makes_the_check_fail(
    record: dict[str, Any], shared: dict[str, Any], tier: Tier | None
) -> None:
    tools = "tools: [{name: pay}]\n"
    text = PROMPT + tools + dump({"record": record})
    parsed = parse(text)
    assert parsed.file is not None
    examined = examine(
        parsed.file, parsed.source, [read_defaults("record-defaults.yml", dump(shared))], tier=tier
    )
    lines = len(text.splitlines())
    assert all(f.message and f.code for f in examined.findings)
    assert all(f.line <= lines for f in examined.findings if not f.file)


@given(
    st.lists(st.tuples(_keys, _values), max_size=5), st.lists(st.tuples(_keys, _values), max_size=5)
)
def test_every_value_of_a_resolved_record_has_an_origin(a: list[Any], b: list[Any]) -> None:
    layers = [Layer("project", "p", dict(a)), Layer("record", "", dict(b))]
    resolved = resolve(layers)
    assert all(resolved.origin((key,)) is not None for key in resolved.record)
    assert all(value is not None for value in resolved.record.values())
    assert resolve([*layers, layers[1]]).record == resolved.record


@pytest.mark.parametrize("text", ["tbd", "None", "-", "—", "n/a", "TODO!", "...", "(none)", " "])
def test_placeholders(text: str) -> None:
    assert is_placeholder(text)


def test_the_reason_of_an_na() -> None:
    assert na_reason("n/a: no people") == "no people"
    assert na_reason("N/A - no people") == "no people"
    assert na_reason("n/a") == ""
    assert na_reason("n/abc") is None
    assert na_reason({"n/a": 4}) == ""
    assert na_reason({"n/a": "x", "b": 1}) is None


def test_rules_carry_a_number_that_changes_with_them() -> None:
    """What servers keep is made again once `RULES` is raised: raise it, then write the new fingerprint here."""
    words = ("question", "help", "example")
    rules = [{k: v for k, v in f.to_json().items() if k not in words} for f in FIELDS]
    told = json.dumps(rules, sort_keys=True).encode()
    assert (RULES, hashlib.sha256(told).hexdigest()[:16]) == (1, "1b1e45be1ed12e86")
