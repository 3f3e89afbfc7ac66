"""What decisions come to, against a plain model, and at the edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.approvals.workflow.demands import (
    PRODUCT,
    Demands,
    Tightening,
    demands_of,
)
from promptops_server.approvals.workflow.model import (
    CLOSED,
    Binding,
    Decision,
    Request,
    Tier,
)
from promptops_server.approvals.workflow.progress import Progress, progress

BOUND = Binding("b", "r", "high")
OTHERS = [Binding("x", "r", "high"), Binding("b", "x", "high"), Binding("b", "r", "low")]
LAPSE = 1000
PEOPLE = "abcdefg"
FOR = ("review", "validate", "approve")

decision_st = st.builds(
    Decision,
    verdict=st.sampled_from(
        [*FOR * 4, "request_changes", "request_changes", "reject", "withdraw", "revoke"]
    ),
    identity=st.sampled_from(PEOPLE),
    name=st.just("n"),
    role=st.sampled_from(["approver", "risk"]),
    at=st.just(1),
    binding=st.sampled_from([BOUND] * 6 + OTHERS),
    signed=st.booleans(),
)
decisions_st = st.lists(decision_st, max_size=14)
authors_st = st.frozensets(st.sampled_from(PEOPLE), max_size=3)
demands_st = st.sampled_from([*PRODUCT.values(), Demands(2, 1, 3, 2, True, False, True)])


def judge(
    decisions: Sequence[Decision],
    demands: Demands,
    authors: frozenset[str] = frozenset(),
    now: int = 2,
    **request: Any,
) -> Progress:
    return progress(
        Request(1, BOUND, "z", 0, **request),
        decisions,
        now_bound_to=BOUND,
        authors=authors,
        demands=demands,
        now=now,
        lapse_us=LAPSE,
    )


def model(decisions: Sequence[Decision], demands: Demands, authors: frozenset[str]) -> str:
    """The same by the book: each person holds one opinion, which their next objection takes away."""
    opinion: dict[str, Decision] = {}
    objecting: set[str] = set()
    for made in decisions:
        if made.verdict in ("reject", "withdraw", "revoke"):
            last = [d for d in decisions if d.verdict in ("reject", "withdraw", "revoke")][-1]
            return {"reject": "rejected", "withdraw": "withdrawn", "revoke": "revoked"}[
                last.verdict
            ]
        if made.verdict == "request_changes":
            opinion.pop(made.identity, None)
            objecting.add(made.identity)
        else:
            objecting.discard(made.identity)
            usable = made.binding == BOUND and made.identity not in authors
            if usable and (made.signed or not demands.signatures):
                opinion.setdefault(made.identity, made)
    if objecting:
        return "changes_requested"
    count = {step: sum(d.verdict == step for d in opinion.values()) for step in FOR}
    risk = sum(d.verdict == "approve" and d.role == "risk" for d in opinion.values())
    reviewed = count["review"] >= demands.reviews and count["validate"] >= demands.validations
    if not reviewed:
        return "in_review"
    if count["approve"] < demands.approvals or risk < demands.from_risk:
        return "reviewed" if demands.reviews or demands.validations else "in_review"
    return "approved"


@given(decisions_st, demands_st, authors_st)
def test_the_state_is_the_models(
    decisions: list[Decision], demands: Demands, authors: frozenset[str]
) -> None:
    assert judge(decisions, demands, authors).state == model(decisions, demands, authors)


@given(decisions_st, demands_st, authors_st)
def test_approved_means_as_many_distinct_humans_as_the_tier_asks_and_no_author_among_them(
    decisions: list[Decision], demands: Demands, authors: frozenset[str]
) -> None:
    found = judge(decisions, demands, authors)
    people = [d.identity for d in found.counted]
    assert len(people) == len(set(people))
    assert not authors.intersection(people)
    assert all(d.binding == BOUND for d in found.counted)
    if demands.signatures:
        assert all(d.signed for d in found.counted)
    if found.state == "approved":
        assert len(people) >= demands.reviews + demands.validations + demands.approvals
        approvals = [d for d in found.counted if d.verdict == "approve"]
        assert sum(d.role == "risk" for d in approvals) >= demands.from_risk
        assert not found.missing
    elif found.state in ("in_review", "reviewed"):
        assert found.missing
        assert found.next_steps


@given(decisions_st, decisions_st, demands_st)
def test_what_is_closed_no_later_opinion_opens(
    before: list[Decision], after: list[Decision], demands: Demands
) -> None:
    if judge(before, demands).state in CLOSED:
        assert judge([*before, *after], demands).state in CLOSED


def opinion(who: str, verdict: Any, at: int = 1, **more: Any) -> Decision:
    return Decision(verdict, who, who, more.pop("role", "approver"), at, BOUND, **more)


def test_an_objection_takes_back_for_good_what_the_same_person_said_before() -> None:
    medium = PRODUCT["medium"]
    said = [opinion("a", "review"), opinion("a", "request_changes"), opinion("a", "approve")]
    found = judge(said, medium)
    assert [d.verdict for d in found.counted] == ["approve"]
    assert [m.step for m in found.missing] == ["review"]


def test_both_reviews_and_validations_are_taken_while_either_lacks() -> None:
    assert judge([], PRODUCT["high"]).next_steps == ("review", "validate")
    assert judge([], PRODUCT["low"]).next_steps == ("approve",)


def test_an_approval_lapses_at_its_time_to_the_microsecond() -> None:
    said = [opinion("a", "approve", at=50)]
    low = PRODUCT["low"]
    assert judge(said, low, now=50 + LAPSE - 1).state == "approved"
    assert judge(said, low, now=50 + LAPSE).state == "lapsed"
    assert judge(said, low, now=10 * LAPSE, used_at=60).state == "approved"
    assert judge(said, low, now=10 * LAPSE, used_at=60).lapses_at is None
    assert judge(said, low, now=50 + LAPSE, renewed_at=70).lapses_at == 70 + LAPSE


@given(
    st.sampled_from(["low", "medium", "high"]),
    st.lists(st.sampled_from(["gxp", "phi", "safety"])),
    st.dictionaries(st.sampled_from(["low", "medium", "high"]), st.integers(-5, 10)),
    st.dictionaries(st.sampled_from(["low", "medium", "high"]), st.integers(-5, 10)),
    st.sampled_from(["low", "medium", "high"]),
)
def test_an_installation_never_asks_for_less_than_the_product(
    tier: Tier, sectors: list[str], reviews: dict[str, int], approvals: dict[str, int], sign: Tier
) -> None:
    base = PRODUCT[tier]
    asked = demands_of(tier, tuple(sectors), Tightening(30, reviews, approvals, sign))
    assert asked.reviews >= base.reviews
    assert asked.validations == base.validations
    assert asked.approvals >= base.approvals
    assert asked.from_risk == base.from_risk
    assert asked.signatures >= base.signatures
    assert asked.publisher_is_no_approver >= base.publisher_is_no_approver
    assert asked.mapped_authors >= base.mapped_authors
    assert asked.signatures or "gxp" not in sectors


@pytest.mark.parametrize(
    ("sign", "signed"), [("low", "low medium high"), ("medium", "medium high"), ("high", "high")]
)
def test_signatures_are_asked_from_a_tier_upwards(sign: Tier, signed: str) -> None:
    tiers: tuple[Tier, ...] = ("low", "medium", "high")
    found = [t for t in tiers if demands_of(t, (), Tightening(signatures_from=sign)).signatures]
    assert " ".join(found) == signed
