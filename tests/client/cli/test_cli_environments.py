"""Rules, promotion and schedules from the command line: what is typed, what is sent, what is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from promptops.cli import environment_rules, times
from promptops.cli.failures import BadInput
from support.cli import Cli, prompt_text
from support.server import RunningServer


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-thu", ["mon", "tue", "wed", "thu"]),
        ("sat,sun", ["sat", "sun"]),
        ("fri-mon", ["fri", "sat", "sun", "mon"]),
        ("MON,mon-tue", ["mon", "tue"]),
    ],
)
def test_days_are_ranges_and_lists(text: str, days: list[str]) -> None:
    found = environment_rules.window(f"{text} 09:00-17:00 Asia/Singapore")
    assert found == {"days": days, "from": "09:00", "to": "17:00", "zone": "Asia/Singapore"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("..2027-01-05T00:00Z Year-end", {"until": "2027-01-05T00:00Z", "reason": "Year-end"}),
        (".. Incident 7", {"reason": "Incident 7"}),
        ("2026-12-15T00:00Z.. Long", {"from": "2026-12-15T00:00Z", "reason": "Long"}),
    ],
)
def test_a_freeze_is_a_period_and_a_reason(text: str, expected: dict[str, Any]) -> None:
    assert environment_rules.freeze(text) == expected


def test_a_span_is_days_hours_and_minutes() -> None:
    assert [times.minutes(t) for t in ("60m", "2h30m", "1d", "1d1h1m")] == [60, 150, 1440, 1501]
    assert environment_rules.soak("staging=2h") == {"environment": "staging", "minutes": 120}


def test_a_time_has_an_offset_or_is_a_span_from_now() -> None:
    assert times.moment("2026-12-01T09:00+08:00") == "2026-12-01T09:00+08:00"
    ahead = datetime.fromisoformat(times.moment("+2h")) - datetime.now(UTC)
    assert 7190 < ahead.total_seconds() <= 7200


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: times.moment("2026-12-01T09:00"), "time zone"),
        (lambda: times.moment("tomorrow 09:00"), "is no time"),
        (lambda: times.moment("+soon"), "span"),
        (lambda: times.minutes(""), "span"),
        (lambda: environment_rules.window("always"), "no window"),
        (lambda: environment_rules.window("mo 09:00-17:00 UTC"), "no day"),
        (lambda: environment_rules.freeze("2027-01-05T00:00Z Year-end"), "no freeze"),
        (lambda: environment_rules.soak("60m"), "no soak time"),
        (lambda: environment_rules.on_or_off("yes"), "neither on nor off"),
    ],
)
def test_what_is_none_of_these_is_bad_input(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        call()


@pytest.mark.usefixtures("open_production")
def test_rules_are_set_shown_and_obeyed(
    signed_in: Cli, project: str, put: Callable[..., int]
) -> None:
    production = f"{project}@production"
    put(f"{project}/claims/triage", prompt_text("1"))
    done = signed_in(
        *("env", "set", production, "--only-from", "staging", "--soak", "staging=60m"),
        *("--window", "mon-sun 00:00-24:00 UTC", "--ticket-required", r"OPS-\d+"),
    )
    assert done.code == 0, done.err
    assert "only_from:" in done.out
    assert "only versions live in staging for 60 minutes" in done.out
    assert "only mon-sun 00:00-24:00 UTC" in done.out
    signed_in("env", "set", production, "--freeze", "..2999-01-05T00:00+08:00 Year-end")
    both = signed_in(
        "env", "set", production, "--freeze", "2999-03-01T00:00Z.. Audit", "--json"
    ).json
    assert [p["reason"] for p in both["rules"]["freeze"]["periods"]] == ["Year-end", "Audit"]
    shown = signed_in("env", "show", production)
    assert "freeze: frozen until 2999-01-05T00:00:00+08:00 (Year-end), and from" in shown.err
    publish = ("publish", f"{project}/claims/triage", "--to", "production", "--reason", "Try it")
    refused = signed_in(*publish)
    assert refused.code == 1
    for rule in ("rule.freeze", "rule.only_from", "rule.min_minutes_in", "rule.ticket_required"):
        assert rule in refused.err
    cleared = signed_in(
        *("env", "set", production, "--unfreeze", "--clear", "only-from", "--clear", "windows"),
        *("--clear", "min-minutes-in"),
    )
    assert cleared.code == 0, cleared.err
    assert signed_in(*publish, "--ticket", "OPS-4").code == 0
    moved = signed_in(
        "env", "set", production, "--position", "1", "--approval", "on", "--json"
    ).json
    assert (moved["position"], moved["approval_required"]) == (1, True)
    nothing = signed_in("env", "set", production)
    assert nothing.code == 2
    assert signed_in("env", "set", production, "--clear", "rainbow").code == 2


@pytest.mark.usefixtures("open_production")
def test_everything_in_staging_is_promoted(
    signed_in: Cli, project: str, put: Callable[..., int]
) -> None:
    for path in ("claims/triage", "claims/letter", "other"):
        put(f"{project}/{path}", prompt_text("1"))
    assert signed_in("publish", project, "--to", "staging", "--reason", "All").code == 0
    assert (
        signed_in("suspend", f"{project}/other", "--in", "staging", "--reason", "Stop it").code == 0
    )
    dry = signed_in("promote", project, "--from", "staging", "--to", "production", "--dry-run")
    assert dry.code == 0, dry.err
    assert [line.split("\t")[0] for line in dry.out.splitlines()] == [
        "claims/letter",
        "claims/triage",
    ]
    assert "from staging r2" in dry.err
    assert "left out: other@1 (suspended there: Stop it)" in dry.err
    one = signed_in(
        "promote", f"{project}/claims/triage", "--to", "production", "--reason", "Only this"
    )
    assert "claims/triage nothing → @1: goes live" in one.out
    rest = signed_in(
        *("promote", project, "--module", "claims", "--to", "production", "--reason", "The rest"),
        "--json",
    )
    assert rest.code == 0, rest.err
    assert rest.json["promoted_from"]["release"] == 2
    again = signed_in("promote", project, "--to", "production", "--reason", "Again")
    assert again.code == 1
    assert "Nothing differs" in again.err
    for wrong in (
        ("promote", f"{project}/claims/triage@1", "--to", "production", "--reason", "No"),
        ("promote", project, "--to", "production"),
        ("promote", project, "--to", "production", "--reason", "No", "--only-if-head"),
    ):
        assert signed_in(*wrong).code == 2


@pytest.mark.usefixtures("open_production")
def test_a_schedule_from_making_to_its_end(
    signed_in: Cli, project: str, put: Callable[..., int]
) -> None:
    put(f"{project}/a", prompt_text("1"))
    production = f"{project}@production"
    signed_in("env", "set", production, "--ticket-required", "any")
    publish = ("publish", f"{project}/a", "--to", "production", "--reason", "Tonight")
    made = signed_in(*publish, "--at", "+2h")
    assert made.code == 0, made.err
    assert "1 prompt (" in made.out
    assert "would be refused as things stand now: rule.ticket_required" in made.err
    (item,) = signed_in("schedule", "list", project, "--json").json["items"]
    listed = signed_in("schedule", "list", production, "--state", "scheduled").out
    assert listed.split("\t")[0] == item["id"]
    shown = signed_in("schedule", "show", production, item["id"]).out
    assert "a\t@1\tgoes live" in shown
    refused = signed_in("schedule", "run", production, item["id"])
    assert refused.code == 1
    assert "rule.ticket_required" in refused.err
    ended = signed_in("schedule", "cancel", production, item["id"])
    assert "will not" in ended.out
    second = signed_in(
        *publish, "--ticket", "OPS-1", "--at", "+1d", "--only-if-head", "--json"
    ).json
    assert second["only_if_head"] == 0
    ran = signed_in("schedule", "run", production, second["id"])
    assert "Release r1 of production" in ran.out
    assert signed_in("schedule", "run", production, second["id"]).code == 1
    assert signed_in("schedule", "show", production, "nothing").code == 2
    assert signed_in("schedule", "list", f"{project}@").code == 2
    late = signed_in(*publish, "--at", "2020-01-01T00:00Z")
    assert (late.code, "not in the future" in late.err) == (2, True)


def test_a_period_that_is_there_is_not_added_again() -> None:
    present = {"freeze": {"periods": [{"until": "2999-01-05T00:00:00+08:00", "reason": "Audit"}]}}
    given = ["..2999-01-04T16:00Z Audit", "..2999-01-04T16:00Z Year-end"]
    found = environment_rules.with_period(present, given)["periods"]
    assert [period["reason"] for period in found] == ["Audit", "Year-end"]


def test_a_freeze_somebody_adds_in_between_is_kept(
    signed_in: Cli, server: RunningServer, token: str, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"{project}@staging"
    address = f"/projects/{project}/environments/staging"
    theirs = {"periods": [{"until": "2999-01-05T00:00:00Z", "reason": "Theirs"}]}
    ours = environment_rules.with_period

    def beside(rules: Mapping[str, Any], given: Sequence[str]) -> dict[str, Any]:
        if not rules:
            with server.api(token) as http:
                assert http.patch(address, json={"rules": {"freeze": theirs}}).is_success
        return ours(rules, given)

    monkeypatch.setattr(environment_rules, "with_period", beside)
    done = signed_in("env", "set", place, "--freeze", "..2999-02-01T00:00Z Ours", "--json")
    assert done.code == 0, done.err
    assert [p["reason"] for p in done.json["rules"]["freeze"]["periods"]] == ["Theirs", "Ours"]
    lifted = signed_in("env", "set", place, "--unfreeze", "--freeze", ".. Again", "--json")
    assert lifted.code == 1
    assert "have changed since you read them" in lifted.err
