"""What differs between two values of a file, key by key: parameters, schemas, the record.

Owns the walk. Mappings are compared by key and lists by content, so that an item put in front does
not make all others differ. Which values make a section is `diff_sections`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from .diff_sequences import Effort, gaps_between, matching_blocks
from .diff_words import TextDiff, diff_words
from .editor import same
from .problem import KeyPath, key_text

ChangeKind: TypeAlias = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value that differs. `key` is its place in the later file; in the earlier one where it is removed.

    `before` or `after` is None where there is no value. `text` is given where both are texts.
    `moved` is a list in another order.
    """

    key: str
    kind: ChangeKind
    before: Any = None
    after: Any = None
    text: TextDiff | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "kind": self.kind,
            "before": self.before,
            "after": self.after,
            "text": None if self.text is None else self.text.to_json(),
        }


def value_changes(
    before: Any, after: Any, path: KeyPath = (), effort: Effort | None = None
) -> Iterator[ValueChange]:
    """The differences of two values as deep as both have the same shape, in the order of `after`."""
    if same(before, after):
        return
    effort = effort or Effort()
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*after, *(name for name in before if name not in after)]:
            if name not in before:
                yield ValueChange(key_text((*path, name)), "added", None, after[name])
            elif name not in after:
                yield ValueChange(key_text((*path, name)), "removed", before[name], None)
            else:
                yield from value_changes(before[name], after[name], (*path, name), effort)
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        yield from _of_lists(list(before), list(after), path, effort)
    else:
        words = (
            diff_words(before, after, effort)
            if isinstance(before, str) and isinstance(after, str)
            else None
        )
        yield ValueChange(key_text(path), "changed", before, after, words)


def _of_lists(
    before: list[Any], after: list[Any], path: KeyPath, effort: Effort
) -> Iterator[ValueChange]:
    old, new = [form_of(item) for item in before], [form_of(item) for item in after]
    if sorted(old) == sorted(new):
        yield ValueChange(key_text(path), "moved", before, after)
        return
    blocks = matching_blocks(old, new, effort)
    for gap, _ in gaps_between(blocks, len(old), len(new)):
        both = min(gap.a_end - gap.a, gap.b_end - gap.b)
        for step in range(both):
            place = (*path, gap.b + step)
            yield from value_changes(before[gap.a + step], after[gap.b + step], place, effort)
        for index in range(gap.a + both, gap.a_end):
            yield ValueChange(key_text((*path, index)), "removed", before[index], None)
        for index in range(gap.b + both, gap.b_end):
            yield ValueChange(key_text((*path, index)), "added", None, after[index])


def form_of(value: Any) -> str:
    """A text that two values share exactly when they are the same, 1 and 1.0 being different."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=repr)
