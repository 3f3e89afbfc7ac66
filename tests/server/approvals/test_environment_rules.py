"""The rules of an environment: what each refuses, with which words, and that none keeps people from stopping."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from promptops_server.approvals.gate import gate
from promptops_server.approvals.model import Content, GateFacts, Kind, Standing, Unmet
from promptops_server.approvals.paperwork import Paperwork
from promptops_server.approvals.rule import EnvironmentRule
from promptops_server.approvals.rulebook import all_rules, from_text, to_json
from promptops_server.approvals.workflow.demands import PRODUCT
from promptops_server.approvals.workflow.progress import Progress
from promptops_server.infra.authorise import Decision

MINUTE = 60_000_000
NOW = int(datetime.fromisoformat("2026-12-03T10:00:00+08:00").timestamp()) * 1_000_000  # Thursday
A, B = Content("a", 3, None, None), Content("m/b", 1, None, None)
APPROVED = Paperwork("low", "low", demands=PRODUCT["low"], request=1, progress=Progress("approved"))

SETTINGS: dict[str, Any] = {
    "only_from": {"environment": "staging"},
    "min_minutes_in": {"environment": "staging", "minutes": 60},
    "windows": {
        "open": [
            {
                "days": ["mon", "tue", "wed"],
                "from": "09:00",
                "to": "17:00",
                "zone": "Asia/Singapore",
            }
        ]
    },
    "freeze": {"periods": [{"until": "2027-01-05T00:00:00+08:00", "reason": "Year-end"}]},
    "ticket_required": {"pattern": r"OPS-\d+"},
    "max_prompts": {"prompts": 1},
    "max_tier": {"tier": "low"},
    "works_on": {"targets": ["gpt", "claude"], "at_least": 0.6},
}


def rule(name: str, **settings: Any) -> EnvironmentRule:
    return all_rules()[name].model_validate(settings or SETTINGS[name])


def asked(*rules: EnvironmentRule, kind: Kind = "publish", **facts: Any) -> tuple[Unmet, ...]:
    given = {"contents": (A, B), "now": NOW, **facts}
    return gate(
        GateFacts("production", False, kind, Decision(True, "r"), rules=rules, **given)
    ).unmet


def staging(**standing: tuple[int, int]) -> dict[str, dict[str, Standing]]:
    """Path (with `__` for a slash) to version and minutes since it is live in staging."""
    return {
        "staging": {
            path.replace("__", "/"): Standing(version, NOW - minutes * MINUTE)
            for path, (version, minutes) in standing.items()
        }
    }


def test_every_rule_has_an_example_here_documentation_and_survives_storing() -> None:
    assert set(SETTINGS) == set(all_rules())
    stored = from_text(json.dumps(SETTINGS))
    assert to_json(stored) == SETTINGS
    assert all(type(r).__doc__ and r.words() for r in stored)


@pytest.mark.parametrize("kind", ["unpublish", "suspend", "rollback"])
def test_no_rule_stands_in_the_way_of_stopping_and_going_back(kind: Kind) -> None:
    everything = [rule(name) for name in SETTINGS]
    assert asked(*everything, kind=kind) == ()
    assert {u.rule for u in asked(*everything)} == {f"rule.{name}" for name in SETTINGS}


def test_only_from_takes_the_version_that_is_live_there_and_no_other() -> None:
    assert not asked(rule("only_from"), elsewhere=staging(a=(3, 1), m__b=(1, 1)))
    (unmet,) = asked(rule("only_from"), elsewhere=staging(a=(2, 1)))
    assert unmet.rule == "rule.only_from"
    assert "a@3 (@2 is), m/b@1" in unmet.detail
    assert "Publish it to staging first" in unmet.remedy


def test_soak_time_counts_from_when_the_version_went_live() -> None:
    assert not asked(rule("min_minutes_in"), elsewhere=staging(a=(3, 60), m__b=(1, 90)))
    early, absent = asked(rule("min_minutes_in"), elsewhere=staging(a=(3, 12)))[::-1]
    assert "a@3 for 12" in early.detail
    assert early.remedy == "Publish it after 2026-12-03T02:48:00.000000Z."
    assert "m/b@1" in absent.detail


def test_a_closed_window_says_when_the_next_one_opens() -> None:
    (unmet,) = asked(rule("windows"))
    assert "mon-wed 09:00-17:00 Asia/Singapore" in unmet.detail
    assert "opens at 2026-12-07T09:00+08:00" in unmet.remedy
    assert not asked(rule("windows"), now=NOW + 4 * 24 * 60 * MINUTE)


def test_a_freeze_holds_from_its_start_until_before_its_end() -> None:
    frozen = rule(
        "freeze",
        periods=[
            {
                "from": "2026-12-03T10:00:00+08:00",
                "until": "2026-12-03T11:00:00+08:00",
                "reason": "Audit",
            },
            {"from": "2027-01-01T00:00:00Z", "reason": "Migration"},
        ],
    )
    (unmet,) = asked(frozen)
    assert "(Audit)" in unmet.detail
    assert "Publish after 2026-12-03T11:00:00+08:00" in unmet.remedy
    assert not asked(frozen, now=NOW - 1)
    assert not asked(frozen, now=NOW + 60 * MINUTE)
    assert asked(frozen, now=NOW + 60 * 24 * 60 * MINUTE)[0].remedy == "Have the freeze lifted."


def test_a_ticket_is_asked_for_and_matched_whole() -> None:
    assert not asked(rule("ticket_required"), ticket="OPS-12")
    assert "none is named" in asked(rule("ticket_required"))[0].detail
    assert r"matches OPS-\d+" in asked(rule("ticket_required"), ticket="OPS-12 and more")[0].remedy
    assert not asked(all_rules()["ticket_required"].model_validate({}), ticket="anything")


def test_max_prompts_counts_what_goes_live() -> None:
    assert "2 prompts would go live" in asked(rule("max_prompts"))[0].detail
    assert not asked(rule("max_prompts"), contents=(A,))


def test_everything_unmet_is_told_at_once_the_role_first() -> None:
    facts = GateFacts(
        "production",
        True,
        "publish",
        Decision(False, "role.missing", "ada may not.", "Ask."),
        (A, B),
        rules=tuple(rule(name) for name in ("freeze", "ticket_required")),
        now=NOW,
        papers={(content.path, content.version): APPROVED for content in (A, B)},
    )
    assert [u.rule for u in gate(facts).unmet] == [
        "gate.role",
        "rule.freeze",
        "rule.ticket_required",
    ]


def test_what_was_suspended_after_a_schedule_was_made_is_not_lifted_by_it_whoever_made_it() -> None:
    stopped = Content("a", 3, None, None, suspended_since=15)
    (unmet,) = asked(contents=(stopped, B))
    assert unmet.rule == "gate.suspended"
    assert "(r15) after a@3 was scheduled" in unmet.detail


def test_a_rule_this_server_does_not_know_lets_nothing_pass() -> None:
    rules = from_text('{"four_eyes": {"people": 2}, "max_prompts": {"prompts": "many"}}')
    assert [u.rule for u in asked(*rules)] == ["rule.unknown", "rule.unknown"]
    assert to_json(rules) == {"four_eyes": {"people": 2}, "max_prompts": {"prompts": "many"}}


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("only_from", {"environment": "main"}),
        ("only_from", {"environment": "abc"}),  # all hexadecimal
        ("only_from", {}),
        ("min_minutes_in", {"environment": "staging", "minutes": 0}),
        ("windows", {"open": []}),
        ("windows", {"open": [{"days": ["mon"], "from": "9:00", "to": "17:00", "zone": "UTC"}]}),
        ("windows", {"open": [{"days": ["mon"], "from": "09:00", "to": "24:01", "zone": "UTC"}]}),
        ("windows", {"open": [{"days": ["mon"], "from": "09:00", "to": "09:00", "zone": "UTC"}]}),
        (
            "windows",
            {"open": [{"days": ["mon"], "from": "09:00", "to": "10:00", "zone": "Mars/X"}]},
        ),
        (
            "windows",
            {"open": [{"days": ["mon"], "from": "09:00", "to": "10:00", "zone": "../etc"}]},
        ),
        ("windows", {"open": [{"days": ["mo"], "from": "09:00", "to": "10:00", "zone": "UTC"}]}),
        ("freeze", {"periods": [{"until": "2027-01-05T00:00:00", "reason": "no offset"}]}),
        ("freeze", {"periods": [{"until": "2027-01-05T00:00:00Z", "reason": ""}]}),
        (
            "freeze",
            {
                "periods": [
                    {
                        "from": "2027-01-05T00:00Z",
                        "until": "2027-01-04T00:00Z",
                        "reason": "backwards",
                    }
                ]
            },
        ),
        ("freeze", {"periods": [{"from": "0001-01-01T00:00:00+14:00", "reason": "too early"}]}),
        ("ticket_required", {"pattern": "(OPS)+"}),
        ("max_prompts", {"prompts": 0}),
        ("max_prompts", {"prompts": 5, "people": 2}),
    ],
)
def test_settings_that_mean_nothing_are_refused(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        all_rules()[name].model_validate(settings)


def test_max_tier_looks_at_what_remains_after_controls_and_refuses_the_unknown() -> None:
    def papers(residual: Any) -> dict[tuple[str, int], Paperwork]:
        return {("a", 3): Paperwork("high", residual), ("m/b", 1): Paperwork("low", "low")}

    assert asked(rule("max_tier", tier="low"), papers=papers("low")) == ()
    assert asked(rule("max_tier", tier="medium"), papers=papers("medium")) == ()
    (unmet,) = asked(rule("max_tier", tier="low"), papers=papers("medium"))
    assert unmet.rule == "rule.max_tier"
    assert "a@3 (medium)" in unmet.detail
    assert "m/b" not in unmet.detail
    (unmet,) = asked(rule("max_tier", tier="medium"), papers=papers(None))
    assert "unknown: a@3" in unmet.detail
    with pytest.raises(ValidationError):
        rule("max_tier", tier="high")
