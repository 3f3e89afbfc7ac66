"""The rules without any transport: origin, order, and what is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from publisher import ENVIRONMENT, PROJECT, Publisher

from promptops.delivery import header as h
from promptops.delivery.trust import KeyRing
from promptops.delivery.verify import (
    FollowerState,
    NeedArtifacts,
    NeedSnapshot,
    Refusal,
    Rules,
    accept_as_of,
    accept_snapshot,
    accept_step,
)

NOTHING = FollowerState(PROJECT, ENVIRONMENT)


def rules_of(publisher: Publisher, installation: str | None = None) -> Rules:
    public = publisher.key.public_key().public_bytes_raw()
    return Rules(KeyRing.pinned([public], installation))


def state_of(publisher: Publisher) -> FollowerState:
    decided = accept_snapshot(
        NOTHING,
        publisher.head,
        publisher.tree,
        publisher.live_artifacts(),
        rules_of(publisher),
    )
    assert isinstance(decided, FollowerState)
    return decided


@pytest.fixture
def publisher() -> Publisher:
    made = Publisher()
    made.publish(triage="one", letter="two")
    return made


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"project": "other-bank"}, "other-environment"),
        ({"environment": "staging"}, "other-environment"),
        ({"environment_id": "env-9"}, "other-environment"),
        ({"installation": "inst-9"}, "other-installation"),
    ],
)
def test_the_origin_is_checked_member_by_member(
    publisher: Publisher, changed: dict[str, str], code: str
) -> None:
    held = state_of(publisher)
    statement = replace(publisher.publish(triage="three").statement, **changed)  # type: ignore[arg-type]
    header = publisher.sign(statement)
    decided = accept_step(held, header, publisher.live_artifacts(), rules_of(publisher))
    assert isinstance(decided, Refusal)
    assert decided.code == code
    assert decided.position == (1, 2)


def test_pinned_keys_bind_the_first_header_to_their_installation(publisher: Publisher) -> None:
    decided = accept_snapshot(
        NOTHING,
        publisher.head,
        publisher.tree,
        publisher.live_artifacts(),
        rules_of(publisher, "inst-9"),
    )
    assert isinstance(decided, Refusal)
    assert decided.code == "other-installation"


def test_only_the_artifacts_not_held_are_asked_for(publisher: Publisher) -> None:
    held = state_of(publisher)
    header = publisher.publish(triage="three")
    decided = accept_step(held, header, {}, rules_of(publisher))
    assert decided == NeedArtifacts((header.statement.changes[0].digest,))
    whole = accept_snapshot(held, header, publisher.tree, {}, rules_of(publisher))
    assert whole == decided


def test_content_that_stays_keeps_its_text_when_a_release_names_it_again(
    publisher: Publisher,
) -> None:
    held = state_of(publisher)
    header = publisher.release_versions({"claims/triage": 1})
    decided = accept_step(held, header, {}, rules_of(publisher))
    assert isinstance(decided, FollowerState)
    assert decided.live["claims/triage"].entry.release == 2


def test_a_held_text_does_not_serve_another_version_of_the_same_digest(
    publisher: Publisher,
) -> None:
    held = state_of(publisher)
    digest = held.live["claims/triage"].entry.digest
    header = publisher.release_changes([h.Entry("claims/triage", h.LIVE, 9, 2, digest, "")])
    decided = accept_step(held, header, publisher.artifacts, rules_of(publisher))
    assert isinstance(decided, Refusal)
    assert decided.code == "wrong-artifact"
    assert "says version 1" in decided.sentence


def test_a_gap_and_a_new_epoch_need_a_snapshot(publisher: Publisher) -> None:
    held = state_of(publisher)
    publisher.publish(triage="three")
    far = publisher.publish(triage="four")
    assert isinstance(accept_step(held, far, {}, rules_of(publisher)), NeedSnapshot)
    epoch = publisher.begin_epoch()
    assert isinstance(accept_step(held, epoch, {}, rules_of(publisher)), NeedSnapshot)
    assert isinstance(accept_as_of(held, epoch, rules_of(publisher)), NeedSnapshot)
    assert isinstance(accept_step(NOTHING, epoch, {}, rules_of(publisher)), NeedSnapshot)


def test_a_snapshot_one_release_on_has_to_follow_the_one_held(publisher: Publisher) -> None:
    held = state_of(publisher)
    good = publisher.publish(triage="three").statement
    forked = publisher.sign(replace(good, previous="f" * 64))
    decided = accept_snapshot(
        held, forked, publisher.tree, publisher.live_artifacts(), rules_of(publisher)
    )
    assert isinstance(decided, Refusal)
    assert decided.code == "broken-chain"


def test_an_older_as_of_of_the_same_statement_changes_nothing(publisher: Publisher) -> None:
    held = state_of(publisher)
    earlier = h.sign_header(
        publisher.key, publisher.head.statement_text, "2020-01-01T00:00:00.000000Z"
    )
    assert accept_as_of(held, earlier, rules_of(publisher)) is held


def test_a_refusal_leaves_the_state_as_it_was(publisher: Publisher) -> None:
    held = state_of(publisher)
    before = (held.header, held.tree.root, dict(held.live))
    header = publisher.publish(triage="three", letter="four")
    wrong = {digest: text + " " for digest, text in publisher.live_artifacts().items()}
    assert isinstance(accept_step(held, header, wrong, rules_of(publisher)), Refusal)
    assert (held.header, held.tree.root, dict(held.live)) == before
