"""The rules by which a follower moves: what it accepts, what it asks for, what it refuses and why.

Owns the protocol's list "What a follower checks", in its order, over plain values. No I/O, no
clock, no threads: `follower` fetches, swaps and reports. A refusal is a value, so that a wrong
header can never become an exception in an application.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from promptops.delivery import strict
from promptops.delivery.entries import EntryTree
from promptops.delivery.header import (
    LIVE,
    REMOVED,
    Entry,
    Header,
    Position,
    digest_of,
    signature_is_right,
)
from promptops.delivery.trust import KeyRing

_REMOVALS_REMEMBERED = 1000


class Live(NamedTuple):
    """One live prompt: its entry and its artifact's exact text."""

    entry: Entry
    text: str


@dataclass(frozen=True)
class Rules:
    """What a follower brings to every decision: whom it trusts and which features it knows.

    `oldest`: a head last signed before then (as the protocol writes times) is not taken while nothing
    is held, for it may be an old value that somebody put back. Empty takes any.
    """

    keys: KeyRing
    features: frozenset[str] = frozenset()
    oldest: str = ""


@dataclass(frozen=True)
class FollowerState:
    """One environment as held, whole and verified. `header` is None while nothing was accepted yet.

    `removed` keeps why prompts were unpublished, as far as this follower saw it: for messages only.
    """

    project: str
    environment: str
    header: Header | None = None
    tree: EntryTree = field(default_factory=EntryTree.empty)
    live: Mapping[str, Live] = field(default_factory=dict)
    removed: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def position(self) -> Position | None:
        """The position held, or None."""
        return None if self.header is None else self.header.position


@dataclass(frozen=True)
class NeedArtifacts:
    """The release is right so far; these artifacts have to be fetched before it can be taken over."""

    digests: tuple[str, ...]


@dataclass(frozen=True)
class NeedSnapshot:
    """The header cannot be reached in one step from the state held; fetch the snapshot."""

    sentence: str


@dataclass(frozen=True)
class Refusal:
    """A header or its content was not accepted; the state held stays. `code` is stable.

    Codes: `unknown-key`, `revoked-key`, `stale`, `wrong-signature`, `other-environment`, `other-installation`, `older`,
    `conflicting`, `unknown-feature`, `broken-chain`, `wrong-root`, `wrong-artifact`, `malformed`.
    """

    code: str
    sentence: str
    position: Position | None = None


Decision = FollowerState | NeedArtifacts | NeedSnapshot | Refusal


def accept_step(
    state: FollowerState, header: Header, artifacts: Mapping[str, str], rules: Rules
) -> Decision:
    """Decide about one release that should follow the state held, with the artifacts at hand."""
    refusal = _origin(state, header, rules)
    if refusal is not None:
        return refusal
    held = state.header
    if held is None:
        return NeedSnapshot("nothing is held yet")
    order = _order(held, header)
    if isinstance(order, Refusal):
        return order
    if order == 0:
        return _take_as_of(state, held, header)
    unknown = _unknown_features(header, rules)
    if unknown is not None:
        return unknown
    if not _is_next(held, header):
        return NeedSnapshot(f"release {header.position} is not the one after {held.position}")
    broken = _chain(held, header)
    if broken is not None:
        return broken
    statement = header.statement
    tree = state.tree.apply(statement.changes)
    wrong = _root(header, tree)
    if wrong is not None:
        return wrong
    found = _artifacts(state, (c for c in statement.changes if c.state == LIVE), artifacts, header)
    if not isinstance(found, dict):
        return found
    live = dict(state.live)
    removed = dict(state.removed)
    for change in statement.changes:
        live.pop(change.path, None)
        removed.pop(change.path, None)
        if change.state == REMOVED:
            removed[change.path] = change
    live.update(found)
    surplus = max(0, len(removed) - _REMOVALS_REMEMBERED)
    for path in list(islice(removed, surplus)):
        del removed[path]
    return replace(state, header=header, tree=tree, live=live, removed=removed)


def accept_snapshot(
    state: FollowerState,
    header: Header,
    entries: Iterable[Entry],
    artifacts: Mapping[str, str],
    rules: Rules,
) -> FollowerState | NeedArtifacts | Refusal:
    """Decide about a whole environment. At the position held it counts as a renewed `as_of` only."""
    refusal = _origin(state, header, rules)
    if refusal is not None:
        return refusal
    held = state.header
    if held is not None:
        order = _order(held, header)
        if isinstance(order, Refusal):
            return order
        if order == 0:
            return _take_as_of(state, held, header)
    elif header.as_of < rules.oldest:
        return Refusal(
            "stale",
            f"release {header.position} was last signed as the newest at {header.as_of}, and nothing is "
            "held to compare it with: it may be an old value that was put back. By the clock of this "
            f"machine, what was signed before {rules.oldest} is too old: see that it is right, bring the "
            "server to sign again, or allow an older start with max_start_age",
            header.position,
        )
    unknown = _unknown_features(header, rules)
    if unknown is not None:
        return unknown
    if held is not None and _is_next(held, header):
        broken = _chain(held, header)
        if broken is not None:
            return broken
    tree = EntryTree.of(entries)
    wrong = _root(header, tree)
    if wrong is not None:
        return wrong
    found = _artifacts(state, (e for e in tree if e.state == LIVE), artifacts, header)
    if not isinstance(found, dict):
        return found
    removed = {path: entry for path, entry in state.removed.items() if path not in tree}
    for change in header.statement.changes:
        if change.state == REMOVED:
            removed[change.path] = change
    return replace(state, header=header, tree=tree, live=found, removed=removed)


def accept_as_of(
    state: FollowerState, header: Header, rules: Rules
) -> FollowerState | NeedSnapshot | Refusal:
    """Decide about a header that says "this is the head": at the position held, take its `as_of`.

    A higher position answers `NeedSnapshot`: the caller catches up by steps or by a snapshot.
    """
    refusal = _origin(state, header, rules)
    if refusal is not None:
        return refusal
    held = state.header
    if held is None:
        return NeedSnapshot("nothing is held yet")
    order = _order(held, header)
    if isinstance(order, Refusal):
        return order
    if order == 0:
        return _take_as_of(state, held, header)
    return NeedSnapshot(f"the head is {header.position}, {held.position} is held")


def _origin(state: FollowerState, header: Header, rules: Rules) -> Refusal | None:
    """Rules 1 and 2: who signed, and for which environment."""
    statement, position = header.statement, header.position
    public = rules.keys.public_of(header.key_id)
    if public is None and header.key_id in rules.keys.revoked:
        return Refusal(
            "revoked-key",
            f"the header is signed by key {header.key_id}, which was revoked at "
            f"{rules.keys.revoked[header.key_id]}",
            position,
        )
    if public is None:
        return Refusal(
            "unknown-key",
            f"the header is signed by key {header.key_id}, which is not trusted here; "
            "give the server's key as trust_key if that is expected",
            position,
        )
    if not signature_is_right(header, public):
        return Refusal(
            "wrong-signature",
            f"the signature of key {header.key_id} does not cover this header: it was changed on "
            "the way, or signed by somebody else",
            position,
        )
    if (statement.project, statement.environment) != (state.project, state.environment):
        return Refusal(
            "other-environment",
            f"the header is for {statement.project}/{statement.environment}, "
            f"but {state.project}/{state.environment} was asked for",
            position,
        )
    held = None if state.header is None else state.header.statement
    if held is not None and statement.environment_id != held.environment_id:
        return Refusal(
            "other-environment",
            f"the header is for another environment that has the same name (its id is "
            f"{strict.show(statement.environment_id)}, held is {strict.show(held.environment_id)}); "
            "remove the copy on disk and restart if the environment was created anew",
            position,
        )
    known = held.installation if held is not None else rules.keys.installation
    if known is not None and statement.installation != known:
        return Refusal(
            "other-installation",
            f"the header is from installation {strict.show(statement.installation)}, "
            f"but {strict.show(known)} is followed here",
            position,
        )
    return None


def _order(held: Header, header: Header) -> int | Refusal:
    """Rule 3: 1 for a higher position, 0 for the same statement, else a refusal."""
    if header.position > held.position:
        return 1
    if header.position < held.position:
        return Refusal(
            "older",
            f"the header is of release {header.position}, but {held.position} is held: "
            "a follower never goes back; after a restore the server has to begin a new epoch",
            header.position,
        )
    if header.statement_text != held.statement_text:
        return Refusal(
            "conflicting",
            f"two different statements are signed as release {header.position}; the first one stays",
            header.position,
        )
    return 0


def _take_as_of(state: FollowerState, held: Header, header: Header) -> FollowerState:
    return replace(state, header=header) if header.as_of > held.as_of else state


def _unknown_features(header: Header, rules: Rules) -> Refusal | None:
    unknown = [name for name in header.statement.requires if name not in rules.features]
    if not unknown:
        return None
    return Refusal(
        "unknown-feature",
        f"release {header.position} needs {', '.join(unknown)}, which this client does not have: "
        f"install it (promptops-client[{unknown[0]}]) or a newer client",
        header.position,
    )


def _is_next(held: Header, header: Header) -> bool:
    return header.position == (held.position.epoch, held.position.release + 1)


def _chain(held: Header, header: Header) -> Refusal | None:
    if header.statement.previous == held.hash:
        return None
    return Refusal(
        "broken-chain",
        f"release {header.position} names another release before it than the {held.position} held",
        header.position,
    )


def _root(header: Header, tree: EntryTree) -> Refusal | None:
    statement = header.statement
    if tree.root == statement.root and tree.count == statement.count:
        return None
    return Refusal(
        "wrong-root",
        f"the entries of release {header.position} are not the signed ones: {tree.count} with root "
        f"{tree.root[:12]}…, signed are {statement.count} with root {statement.root[:12]}…",
        header.position,
    )


def _artifacts(
    state: FollowerState, entries: Iterable[Entry], given: Mapping[str, str], header: Header
) -> dict[str, Live] | NeedArtifacts | Refusal:
    """Rule 5: every live entry's artifact, at hand and right. What is held already stays as it is."""
    found: dict[str, Live] = {}
    missing: list[str] = []
    for entry in entries:
        held = state.live.get(entry.path)
        if held is not None and _same_content(held.entry, entry):
            found[entry.path] = held if held.entry == entry else Live(entry, held.text)
            continue
        text = given.get(entry.digest)
        if text is None:
            missing.append(entry.digest)
            continue
        problem = _wrong_with(text, entry, state.project)
        if problem is not None:
            return Refusal(
                "wrong-artifact",
                f"the artifact of {entry.path} version {entry.version} in release "
                f"{header.position} {problem}",
                header.position,
            )
        found[entry.path] = Live(entry, text)
    return NeedArtifacts(tuple(dict.fromkeys(missing))) if missing else found


def _same_content(one: Entry, other: Entry) -> bool:
    return one.digest == other.digest and one.version == other.version


def _wrong_with(text: str, entry: Entry, project: str) -> str | None:
    try:
        if digest_of(text) != entry.digest:
            return f"does not have the signed digest {entry.digest[:19]}…: its content was changed"
        # The digest is signed, so this only has to find what the signer wrote.
        members = strict.mapping(json.loads(text), "artifact")
    except (ValueError, RecursionError) as error:
        return f"cannot be read: {error}"
    for name, wanted in (("project", project), ("path", entry.path), ("version", entry.version)):
        value = members.get(name)
        if value != wanted or type(value) is not type(wanted):
            return f"says {name} {strict.show(value)}, but {strict.show(wanted)} is signed"
    return None
