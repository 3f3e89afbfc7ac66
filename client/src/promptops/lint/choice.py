"""Which findings are wanted: `--select` and `--ignore`.

Owns the meaning of ids: a rule, `parse/CODE`, or `parse` for all that only the parser knows.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from .registry import all_rules

_PARSE = re.compile(r"parse(?:/(?:\*|[a-z0-9-]+))?")


class UnknownRule(ValueError):
    """There is no such rule; the message names it and the nearest one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The rules selected (none named: all of them) and those ignored.

    A file that cannot be read hides every other finding: why it cannot be read is reported unless
    it is ignored by name, whatever is selected.
    """

    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()

    def wants(self, rule: str, *, unreadable: bool = False) -> bool:
        """Whether findings of a rule are wanted."""
        if _named(rule, self.ignore):
            return False
        return unreadable or not self.select or _named(rule, self.select)


def choose(select: Iterable[str], ignore: Iterable[str]) -> Choice:
    """The choice of these ids. Raises UnknownRule."""
    return Choice(frozenset(map(known, select)), frozenset(map(known, ignore)))


def known(id: str) -> str:
    """The id, if there is such a rule. Raises UnknownRule."""
    ids = [rule.id for rule in all_rules()]
    if id in ids or _PARSE.fullmatch(id):
        return id
    near = difflib.get_close_matches(id, ids, n=1)
    hint = f": did you mean {near[0]!r}?" if near else ""
    raise UnknownRule(f"there is no rule {id[:60]!r}{hint}")


def _named(rule: str, ids: frozenset[str]) -> bool:
    if rule in ids:
        return True
    return rule.startswith("parse/") and not ids.isdisjoint(("parse", "parse/*"))
