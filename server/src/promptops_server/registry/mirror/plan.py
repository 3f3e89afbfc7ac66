"""What to push: which refs of the mirror are made, moved or deleted, and which are left because others moved them. Pure.

The lease: a ref is only moved when the mirror holds what was last pushed there, or something that is contained in what
goes out (then nothing is lost). Anything else has diverged and waits for a person, who overwrites exactly the id that
was shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from promptops_server.registry.mirror.model import BRANCHES, HeldRef


@dataclass(frozen=True, slots=True)
class Update:
    """One ref to create (`old` None), move or delete (`new` None) on the mirror."""

    name: str
    old: str | None
    new: str | None


@dataclass(slots=True)
class Plan:
    """What an attempt does."""

    updates: list[Update] = field(default_factory=list)
    in_step: dict[str, str] = field(default_factory=dict)
    """Refs the mirror has as they are here."""
    gone: set[str] = field(default_factory=set)
    """Refs pushed earlier that exist on neither side any more."""
    diverged: list[HeldRef] = field(default_factory=list)


def plan(
    going: Mapping[str, str],
    deleted: set[str],
    pushed: Mapping[str, str],
    there: Mapping[str, str],
    overwrite: Mapping[str, str],
    contains: Callable[[str, str], bool],
) -> Plan:
    """Compare the project with what the mirror advertises.

    Args:
        going: refs of the project that are mirrored, by name.
        deleted: names that were pushed and do not exist in the project any more.
        pushed: what the mirror was last known to hold from here.
        there: what the mirror holds now.
        overwrite: what somebody allowed to be lost: ref to the id that was shown.
        contains: whether the first commit is known here and reachable from the second.
    """
    out = Plan()
    for name, here in going.items():
        found = there.get(name)
        if found == here:
            out.in_step[name] = here
        elif found is None or _may_move(name, here, found, pushed, overwrite, contains):
            out.updates.append(Update(name, found, here))
        else:
            out.diverged.append(HeldRef(name, "diverged", here, found))
    for name in sorted(deleted):
        found = there.get(name)
        if found is None:
            out.gone.add(name)
        elif found in (pushed.get(name), overwrite.get(name)):
            out.updates.append(Update(name, found, None))
        else:
            out.diverged.append(HeldRef(name, "diverged", None, found))
    return out


def _may_move(
    name: str,
    here: str,
    found: str,
    pushed: Mapping[str, str],
    overwrite: Mapping[str, str],
    contains: Callable[[str, str], bool],
) -> bool:
    if found in (pushed.get(name), overwrite.get(name)):
        return True
    # A first push to a repository this project was imported from, or one whose answer got lost.
    return name.startswith(BRANCHES) and contains(found, here)
