"""Which ref updates are allowed at all. Pure; what a push means for versions and releases is asked elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from promptops_server.registry.git.names import ref_name_problem
from promptops_server.registry.git.objects import COMMIT
from promptops_server.registry.git.ports import RefUpdate

MAIN = "refs/heads/main"
ENVIRONMENTS = "refs/heads/env/"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a ref stays where it is."""

    reason: str
    """One short line; Git prints it beside the ref."""
    explanation: str = ""
    """What to do; printed above as ``remote: …``."""


def is_environment(name: str) -> bool:
    """Whether the ref belongs to an environment."""
    return name.startswith(ENVIRONMENTS)


def refuse(
    update: RefUpdate,
    current: Mapping[str, str],
    new_kind: int | None,
    is_forward: Callable[[], bool],
) -> Refusal | None:
    """Decide on one update.

    Args:
        update: what the client asks for.
        current: every ref now.
        new_kind: the type of the new object, None when it exists nowhere.
        is_forward: whether the new commit descends from the old one; asked only when it matters.
    """
    name = update.name
    problem = ref_name_problem(name)
    if problem is not None:
        return Refusal(problem)
    now = current.get(name)
    if update.old is None and update.new is None:
        return Refusal("no such ref")
    reserved = _reserved(update)
    if reserved is not None:
        return reserved
    if now != update.old:
        return moved(update, now)
    if update.new is None:
        if name == MAIN:
            return Refusal(
                "main cannot be deleted",
                "main is the line of versions of this project. Archive prompts instead.",
            )
        return None
    if new_kind is None:
        return Refusal("the object is not in the push", "Push again; if it lasts, run git fsck.")
    if name.startswith("refs/heads/") and new_kind != COMMIT:
        return Refusal("a branch points to a commit")
    clash = _clash(name, current) if update.old is None else None
    if clash is not None:
        return Refusal(f"{clash} exists", f"{name} and {clash} cannot exist beside each other.")
    if name == MAIN and update.old is not None and not is_forward():
        return Refusal(
            "forced push to main refused",
            "Versions on main are never rewritten: your commit does not descend from the head. "
            "Run git pull --rebase, then push without force.",
        )
    return None


def moved(update: RefUpdate, now: str | None) -> Refusal:
    """The ref is not where the pusher saw it."""
    if now is None:
        return Refusal(
            "no such ref", f"{update.name} was deleted meanwhile. Run git fetch --prune."
        )
    if update.old is None:
        return Refusal("already exists", f"Somebody else created {update.name}. Run git fetch.")
    return Refusal(
        "fetch first",
        f"Somebody else pushed to {update.name} meanwhile: it is at {now[:12]} now. "
        "Run git pull --rebase, then push again.",
    )


def _reserved(update: RefUpdate) -> Refusal | None:
    folded = update.name.casefold()
    if is_environment(update.name):
        if update.old is None:
            return Refusal(
                "environments are not created by push",
                "An administrator makes one with `promptops env create PROJECT@NAME`; its branch comes with it.",
            )
        if update.new is None:
            return Refusal("the branch of an environment cannot be deleted")
        return None
    if folded == ENVIRONMENTS.rstrip("/") or folded.startswith(ENVIRONMENTS):
        return Refusal("env/ is reserved for environments")
    if folded == MAIN and update.name != MAIN:
        return Refusal("this name differs from main only by case")
    return None


def _clash(name: str, current: Collection[str]) -> str | None:
    """A ref that would have to be a file and a folder at once beside `name`."""
    parts = name.split("/")
    for end in range(3, len(parts)):
        above = "/".join(parts[:end])
        if above in current:
            return above
    below = name + "/"
    return next((other for other in current if other.startswith(below)), None)
