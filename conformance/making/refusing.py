"""Cases of refusing: the follower keeps what it has, says why, and arrives at the truth when the source tells it again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from making.server import (
    LETTER,
    TRIAGE,
    Case,
    Server,
    artifact,
    case,
    event,
    follows,
    forged,
    key,
    listed,
    nothing_held,
    revoked,
    started,
    step,
    time,
)
from promptops.delivery import header as h


def refuses(
    code: str, about: str, server: Server, steps: list[dict[str, Any]], said: str, **source: Any
) -> Case:
    """The follower at the head is told `said`, refuses it, keeps what it has; then the next release arrives."""
    held = server.at_head(refused=code)
    keys = source.get("keys", server.source()["keys"])
    steps.append(step(about, held, source=server.source(**source), stream=[said]))
    header = server.publish(7)
    steps.append(
        step(
            "The truth arrives.",
            server.at_head(refused=code),
            cut=True,
            source=server.source(keys=keys),
            stream=[server.told(header)],
        )
    )
    return follows(*steps)


def refuses_statement(code: str, about: str, **changed: Any) -> Case:
    """The next statement says something else than it should, signed rightly."""
    server, steps = started()
    twin = forged(server)
    header = twin.publish(3)
    other = twin.signed(dataclasses.replace(header.statement, **changed))
    return refuses(code, about, server, steps, twin.told(other))


@case
def a_changed_statement() -> Case:
    """One character of the signed text was changed on the way."""
    server, steps = started()
    twin = forged(server)
    header = twin.publish(3)
    text = header.statement_text.replace('"version 3"', "").replace(time(3), time(4))
    changed = dataclasses.replace(header, statement_text=text)
    return refuses(
        "wrong-signature", "Another time in the statement.", server, steps, twin.told(changed)
    )


@case
def a_changed_as_of() -> Case:
    """`as_of` is signed too: nobody can make an old head look vouched for."""
    server, steps = started()
    changed = dataclasses.replace(server.head, as_of="2031-01-01T00:00:00.000000Z")
    said = event("as_of", {"header": changed.to_value()})
    return refuses("wrong-signature", "The head with a later as_of.", server, steps, said)


@case
def a_signature_of_another_key_under_the_trusted_ones_name() -> Case:
    """`key_id` names a trusted key, but another signed."""
    server, steps = started()
    twin = forged(server, key=key("stranger"))
    header = twin.publish(3)
    named = dataclasses.replace(header, key_id=server.head.key_id)
    return refuses("wrong-signature", "Signed by a stranger.", server, steps, twin.told(named))


@case
def an_unknown_key() -> Case:
    """Signed rightly, by a key that nobody trusts, and that the server does not list either."""
    server, steps = started()
    twin = forged(server, key=key("stranger"))
    return refuses(
        "unknown-key", "Signed by a stranger.", server, steps, twin.told(twin.publish(3))
    )


@case
def a_listed_key_that_no_trusted_key_signed() -> Case:
    """Being listed makes no key trusted, nor does a signature of itself or a wrong one."""
    server, steps = started()
    stranger = key("stranger")
    twin = forged(server, key=stranger)
    itself = listed(stranger, by=stranger)
    pretended = {**itself, "signed_by": listed(key("one"))["key_id"]}
    keys = {"installation": "inst-1", "keys": [listed(key("one")), itself, pretended]}
    return refuses(
        "unknown-key",
        "Listed, signed by itself.",
        server,
        steps,
        twin.told(twin.publish(3)),
        keys=keys,
    )


@case
def a_key_that_a_trusted_key_signed() -> Case:
    """Rotation: the key document is asked for again, and a chain of two signatures leads to the pinned key."""
    server, steps = started()
    server.key = key("three")
    header = server.publish(3)
    chain = [
        listed(key("three"), by=key("two")),
        listed(key("one")),
        listed(key("two"), by=key("one")),
    ]
    source = server.source(keys={"installation": "inst-1", "keys": chain}, snapshot=None)
    steps.append(
        step(
            "Signed by the third key.",
            server.at_head(),
            source=source,
            stream=[server.told(header)],
        )
    )
    return follows(*steps)


@case
def a_key_that_was_revoked() -> Case:
    """The pinned key was taken back: its successor, found by the pinned key's signature, says so. It counts no more."""
    server = Server(key=key("two"))
    server.publish()
    server.publish(2)
    keys = {
        "installation": "inst-1",
        "keys": [revoked(key("one"), by=key("two")), listed(key("two"), by=key("one"))],
    }
    steps = [
        step(
            "It starts with what the successor signed.",
            server.at_head(),
            source=server.source(keys=keys),
        )
    ]
    twin = forged(server, key=key("one"))
    return refuses(
        "revoked-key",
        "Signed by the key that was taken back.",
        server,
        steps,
        twin.told(twin.publish(3)),
        keys=keys,
    )


@case
def a_revocation_that_no_trusted_key_signed() -> Case:
    """A stranger takes no key back, and neither does a key that is listed as revoked itself."""
    server, steps = started()
    server.key = key("two")
    header = server.publish(3)
    keys = {
        "installation": "inst-1",
        "keys": [
            revoked(key("one"), by=key("stranger")),
            listed(key("two"), by=key("one")),
            listed(key("stranger"), by=key("stranger")),
        ],
    }
    steps.append(
        step(
            "The successor signs.",
            server.at_head(),
            source=server.source(keys=keys, snapshot=None),
            stream=[server.told(header)],
        )
    )
    server.key = key("one")
    header = server.publish(4)
    steps.append(
        step(
            "The key that a stranger says is revoked signs.",
            server.at_head(),
            stream=[server.told(header)],
        )
    )
    return follows(*steps)


@case
def a_header_of_another_environment() -> Case:
    """Signed rightly, for staging: what is live there must not reach production."""
    server, steps = started()
    twin = forged(server, environment="staging", environment_id="env-2")
    return refuses(
        "other-environment", "A release of staging.", server, steps, twin.told(twin.publish(3))
    )


@case
def another_environment_of_the_same_name() -> Case:
    """`environment_id` is never used again: an environment that was deleted and made anew is another one."""
    server, steps = started()
    twin = forged(server, environment_id="env-9")
    return refuses(
        "other-environment", "The id differs.", server, steps, twin.told(twin.publish(3))
    )


@case
def a_snapshot_of_another_environment_at_the_start() -> Case:
    """With nothing held, project and environment asked for decide."""
    server = Server()
    server.publish()
    staging = Server(environment="staging", environment_id="env-2")
    staging.publish(9)
    return follows(
        step(
            "Nothing is held.",
            nothing_held("other-environment"),
            source=server.source(snapshot=staging.snapshot()),
        ),
        step(
            "The right one.",
            server.at_head(refused="other-environment"),
            source=server.source(),
            cut=True,
        ),
    )


@case
def another_installation() -> Case:
    """Signed rightly, by a server that is not the one followed until now."""
    server, steps = started()
    twin = forged(server, installation="inst-2")
    return refuses(
        "other-installation",
        "From another installation.",
        server,
        steps,
        twin.told(twin.publish(3)),
    )


@case
def a_head_that_goes_back() -> Case:
    """A new connection whose head is below the position held: somebody restored something, or replays. The release held stays."""
    server = Server()
    server.publish()
    early = server.source()
    server.publish(2)
    steps = [
        step("It starts at release 2.", server.at_head(), source=server.source()),
        step("The head is release 1.", server.at_head(refused="older"), source=early, cut=True),
    ]
    third = server.publish(3)
    steps.append(
        step(
            "The truth arrives.",
            server.at_head(refused="older"),
            cut=True,
            source=server.source(),
            stream=[server.told(third)],
        )
    )
    return follows(*steps)


@case
def two_statements_at_one_position() -> Case:
    """The first one stays: a server must never sign two."""
    server = Server()
    server.publish()
    twin = forged(server)
    server.publish(2)
    other = twin.publish(8)
    steps = [step("It starts at release 2.", server.at_head(), source=server.source())]
    return refuses("conflicting", "Another release 2.", server, steps, twin.told(other))


@case
def a_chain_that_does_not_fit() -> Case:
    """`previous` is not the hash of the statement held: releases lie between that nobody told."""
    return refuses_statement("broken-chain", "Another release before it.", previous="0" * 64)


@case
def a_root_that_does_not_fit() -> Case:
    """The changes do not lead to the signed root."""
    return refuses_statement("wrong-root", "Another root.", root="0" * 64)


@case
def a_count_that_does_not_fit() -> Case:
    """The count is part of what must agree."""
    return refuses_statement("wrong-root", "Another count.", count=2)


@case
def a_snapshot_whose_entries_were_changed() -> Case:
    """A suspended entry was left out of the snapshot: its header does not cover that."""
    server = Server()
    server.publish()
    server.publish(1, LETTER)
    server.stop(h.SUSPENDED, "Complaint 4711")
    cut = server.snapshot(entries=[list(e) for e in server.tree if e.state == h.LIVE])
    return follows(
        step("Nothing is held.", nothing_held("wrong-root"), source=server.source(snapshot=cut)),
        step("Whole.", server.at_head(refused="wrong-root"), source=server.source(), cut=True),
    )


@case
def an_artifact_that_was_changed() -> Case:
    """The text does not have the signed digest."""
    server, steps = started()
    twin = forged(server)
    header = twin.publish(3)
    digest = header.statement.changes[0].digest
    said = twin.told(header, {digest: twin.artifacts[digest] + " "})
    return refuses("wrong-artifact", "One blank more.", server, steps, said)


@case
def an_artifact_of_another_prompt() -> Case:
    """The digest is right, but the artifact says another path: the text of one prompt must not stand at another's address."""
    server, steps = started()
    twin = forged(server)
    made = artifact(LETTER, 3, "Summarise")
    twin.artifacts[h.digest_of(made)] = made
    header = twin.change(h.Entry(TRIAGE, h.LIVE, 3, 3, h.digest_of(made), ""))
    return refuses("wrong-artifact", "Of letters/summary.", server, steps, twin.told(header))


@case
def a_feature_that_is_not_known() -> Case:
    """`requires` names what some live prompt needs. Half a release is none: it is refused by name."""
    server, steps = started()
    twin = forged(server, requires=("of-2031",))
    return refuses(
        "unknown-feature", "It needs of-2031.", server, steps, twin.told(twin.publish(3))
    )


def malformed(about: str, change: Callable[[str], str]) -> Case:
    server, steps = started()
    twin = forged(server)
    header = twin.publish(3)
    other = twin.signed(change(header.statement_text))
    value = {"header": other.to_value(), "artifacts": {}}
    return refuses("malformed", about, server, steps, event("release", value, "1-3"))


@case
def a_member_given_twice() -> Case:
    """Two readers must not read two things from one signed text."""
    return malformed("Two counts.", lambda text: text.replace('"count":1', '"count":1,"count":1'))


@case
def a_change_of_another_release() -> Case:
    """Every change's release is the statement's own."""
    return malformed(
        "Release 2 inside release 3.", lambda text: text.replace('"live",3,3,', '"live",3,2,')
    )


@case
def a_path_changed_twice() -> Case:
    """A path is changed at most once in a release."""

    def twice(text: str) -> str:
        change = json.dumps(json.loads(text)["changes"][0], separators=(",", ":"))
        return text.replace(f"[{change}]", f"[{change},{change}]")

    return malformed("The same path again.", twice)


@case
def an_event_that_is_no_json() -> Case:
    """The stream goes on."""
    server, steps = started()
    return refuses(
        "malformed", "Half an object.", server, steps, event("release", '{"header":', "1-3")
    )
