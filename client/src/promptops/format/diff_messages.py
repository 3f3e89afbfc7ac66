"""What differs between two lists of messages: which were added, removed, moved, and how the others changed.

Owns which message became which. Equal messages are matched first; of the others, those of the same
role or with similar words are taken as one message that changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .diff_sequences import Effort, Gap, gaps_between, matching_blocks
from .diff_values import ChangeKind, ValueChange, form_of, value_changes
from .diff_words import TextDiff, diff_words, words_of
from .model import AnyMessage, Message, Placeholder
from .problem import KeyPath, key_text

_MOST_PAIRS = 400
"""Pairs of messages whose words are compared to find out which became which; beyond, roles decide."""
_SIMILAR = 0.5
_SAME_ROLE = 1.0

PLACEHOLDER = "placeholder"
"""The role told for a placeholder; its name is its text."""


@dataclass(frozen=True, slots=True)
class MessageChange:
    """One message that differs.

    `before` and `after` are its places in the two lists, its roles and (`text`) what changed in its
    words, all of them for one added or removed. `changes` are its other members: parts that are no
    text, tool calls, names.
    """

    key: str
    kind: ChangeKind
    before: int | None
    after: int | None
    role_before: str | None
    role_after: str | None
    text: TextDiff | None
    changes: tuple[ValueChange, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "kind": self.kind,
            "before": self.before,
            "after": self.after,
            "role_before": self.role_before,
            "role_after": self.role_after,
            "text": None if self.text is None else self.text.to_json(),
            "changes": [change.to_json() for change in self.changes],
        }


def diff_messages(
    before: Sequence[AnyMessage],
    after: Sequence[AnyMessage],
    path: KeyPath = ("messages",),
    effort: Effort | None = None,
) -> tuple[MessageChange, ...]:
    """The messages that differ, in the order of `after`, each removed one where it stood."""
    effort = effort or Effort()
    old = [form_of(message.to_json()) for message in before]
    new = [form_of(message.to_json()) for message in after]
    gaps = [gap for gap, _ in gaps_between(matching_blocks(old, new, effort), len(old), len(new))]
    moved = _moves(old, new, gaps)
    gone = set(moved.values())
    found: list[MessageChange] = []
    for gap in gaps:
        left = [i for i in range(gap.a, gap.a_end) if i not in gone]
        right = [i for i in range(gap.b, gap.b_end) if i not in moved]
        became = _pairs([before[i] for i in left], [after[i] for i in right])
        pairs = {right[y]: left[x] for x, y in became}
        kept = set(pairs.values())
        found += (_change(before[i], None, i, None, path, effort) for i in left if i not in kept)
        for i in range(gap.b, gap.b_end):
            source = moved.get(i, pairs.get(i))
            old_message = None if source is None else before[source]
            found.append(_change(old_message, after[i], source, i, path, effort))
    return tuple(found)


def _moves(old: Sequence[str], new: Sequence[str], gaps: Sequence[Gap]) -> dict[int, int]:
    """Where in the old list a message of the new one stood, for those that are the same elsewhere."""
    free: dict[str, list[int]] = {}
    for gap in gaps:
        for i in range(gap.a, gap.a_end):
            free.setdefault(old[i], []).append(i)
    return {
        i: free[new[i]].pop(0) for gap in gaps for i in range(gap.b, gap.b_end) if free.get(new[i])
    }


def _pairs(old: Sequence[AnyMessage], new: Sequence[AnyMessage]) -> list[tuple[int, int]]:
    """Which of the old messages became which of the new ones, in the order of both."""
    if not old or not new:
        return []
    if len(old) * len(new) > _MOST_PAIRS:
        blocks = matching_blocks([role_of(m) for m in old], [role_of(m) for m in new])
        return [(b.a + i, b.b + i) for b in blocks for i in range(b.size)]
    words_old, words_new = _words(old), _words(new)
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    like = [
        [_likeness(words_old[x], words_new[y], old[x], new[y]) for y in range(len(new))]
        for x in range(len(old))
    ]
    for x in range(len(old) - 1, -1, -1):
        for y in range(len(new) - 1, -1, -1):
            both = like[x][y] + best[x + 1][y + 1] if like[x][y] else 0.0
            best[x][y] = max(both, best[x + 1][y], best[x][y + 1])
    pairs: list[tuple[int, int]] = []
    x = y = 0
    while x < len(old) and y < len(new):
        if like[x][y] and best[x][y] == like[x][y] + best[x + 1][y + 1]:
            pairs.append((x, y))
            x, y = x + 1, y + 1
        elif best[x][y] == best[x + 1][y]:
            x += 1
        else:
            y += 1
    return pairs


def _words(messages: Sequence[AnyMessage]) -> list[frozenset[str]]:
    return [frozenset(w for w in words_of(_plain(m)) if not w.isspace()) for m in messages]


def _likeness(a: frozenset[str], b: frozenset[str], old: AnyMessage, new: AnyMessage) -> float:
    """0 for two messages that have nothing to do with each other."""
    shared = 2 * len(a & b) / (len(a) + len(b)) if a or b else 1.0
    if role_of(old) == role_of(new):
        return _SAME_ROLE + shared
    return shared if shared >= _SIMILAR else 0.0


def _change(
    old: AnyMessage | None,
    new: AnyMessage | None,
    before: int | None,
    after: int | None,
    path: KeyPath,
    effort: Effort,
) -> MessageChange:
    place: KeyPath = (*path, after if after is not None else before or 0)
    kind: ChangeKind = "added" if old is None else "removed" if new is None else "changed"
    if old is not None and new is not None and form_of(old.to_json()) == form_of(new.to_json()):
        return MessageChange(
            key_text(place), "moved", before, after, role_of(old), role_of(new), None
        )
    text: TextDiff | None = None
    old_text, new_text = _text(old), _text(new)
    if (old is None or old_text is not None) and (new is None or new_text is not None):
        text = diff_words(old_text or "", new_text or "", effort)
    return MessageChange(
        key_text(place),
        kind,
        before,
        after,
        None if old is None else role_of(old),
        None if new is None else role_of(new),
        text,
        tuple(value_changes(_others(old, text), _others(new, text), place, effort)),
    )


def role_of(message: AnyMessage) -> str:
    """The role, `placeholder` for a placeholder."""
    return PLACEHOLDER if isinstance(message, Placeholder) else message.role


def _text(message: AnyMessage | None) -> str | None:
    """The words of a message that is one text."""
    if isinstance(message, Placeholder):
        return message.name
    if isinstance(message, Message) and isinstance(message.content, str):
        return message.content
    return None


def _others(message: AnyMessage | None, text: TextDiff | None) -> dict[str, Any]:
    """The members of a message beside its role and, where `text` tells about it, its content."""
    if message is None or isinstance(message, Placeholder):
        return {}
    told = ("role",) if text is None else ("role", "content")
    return {k: v for k, v in message.to_json().items() if k not in told and v is not None}


def _plain(message: AnyMessage) -> str:
    text = _text(message)
    return form_of(message.to_json()) if text is None else text
