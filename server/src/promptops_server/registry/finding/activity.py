"""What happened in a project, for whoever may read it: events of its audit log as small items. Pure.

An item says who did what to which prompts and why. It is made of the fields named here and no others: where an actor
came from, and what was refused to whom, are for auditors (`audit`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SHOWN = 20
"""Prompts named in one item."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "edit": ("prompt.put",),
    "import": ("prompt.import",),
    "push": ("git.push",),
    "restore": ("prompt.restore",),
    "move": ("prompt.move",),
    "copy": ("prompt.copy",),
    "bulk": ("prompt.bulk_edit",),
    "fragment": ("fragment.upgrade",),
    "archive": ("prompt.archive",),
    "publish": ("release.publish",),
    "rollback": ("release.rollback",),
    "unpublish": ("release.unpublish",),
    "suspend": ("release.suspend",),
    "schedule": ("schedule.create", "schedule.cancel", "schedule.fail", "schedule.miss"),
    "environment": ("environment.create", "environment.change"),
    "project": ("project.create",),
    "mirror": ("mirror.set", "mirror.remove", "mirror.overwrite", "mirror.diverged"),
    "view": ("view.create", "view.update", "view.delete"),
    "working_copy": ("working_copy.share", "working_copy.unshare", "working_copy.discard"),
}
"""Kinds of items and the actions they stand for. Any other action is a kind of its own, under its own name."""
NOTED = frozenset(
    {
        *("git.push", "prompt.import", "prompt.move", "prompt.copy", "prompt.bulk_edit"),
        "fragment.upgrade",
    }
)
"""Actions beside which the prompts they touched are noted; those of releases are too."""
_KIND_OF = {action: kind for kind, actions in KINDS.items() for action in actions}

HIDDEN = ("grant.", "token.", "user.", "audit.")
"""Beginnings of actions that say who may do what: not told to readers."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A prompt of an item. `version` is None when it was archived, or taken away from an environment."""

    path: str
    version: int | None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened. At most `SHOWN` of its prompts are named; `prompts_total` counts all, where known."""

    seq: int
    at: str
    actor: str
    kind: str
    action: str
    summary: str
    prompts: tuple[Touched, ...]
    prompts_total: int | None
    environment: str | None
    release: int | None
    commit: str | None
    reason: str | None
    ticket: str | None


def actions_of(kind: str) -> tuple[str, ...]:
    """The actions an item of this kind stands for."""
    return KINDS.get(kind, (kind,))


def names_prompts(action: str) -> bool:
    """Whether the prompts of such an event are noted beside it (`touched`)."""
    return action in NOTED or action.startswith("release.")


def item_of(entry: Mapping[str, Any], project: str, noted: Sequence[Touched]) -> Item:
    """The item of an entry of the log; `noted` are the first of the prompts noted beside it, at least one too many."""
    action = str(entry["action"])
    after = entry.get("after") or {}
    about = entry["object"]
    prompts, total = tuple(noted[:SHOWN]), _total(action, after, noted)
    if about["type"] == "prompt" and not names_prompts(action):
        path = str(about["id"]).removeprefix(f"{project}/")
        prompts, total = (Touched(path, None if after.get("archived") else _number(about)),), 1
    environment = entry.get("environment")
    said = _SUMMARIES.get(action, _generic)
    told = _Told(action, about, after, environment, prompts, total)
    return Item(
        seq=entry["seq"],
        at=entry["recorded_at"],
        actor=entry["actor"]["name"],
        kind=_KIND_OF.get(action, action),
        action=action,
        summary=said(told),
        prompts=prompts,
        prompts_total=total,
        environment=environment,
        release=_whole(after.get("release")),
        commit=_commit(action, after),
        reason=entry.get("reason"),
        ticket=entry.get("ticket"),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What a summary may speak of."""

    action: str
    about: Mapping[str, Any]
    after: Mapping[str, Any]
    environment: str | None
    prompts: tuple[Touched, ...]
    total: int | None

    @property
    def what(self) -> str:
        """`claims/triage @7`, or how many prompts."""
        if self.total == 1 and self.prompts:
            only = self.prompts[0]
            return f"{only.path} @{only.version}" if only.version else only.path
        if self.total is None:
            return f"more than {len(self.prompts)} prompts"
        return _many(self.total, "prompt")


def _release(verb: str, preposition: str) -> Callable[[_Told], str]:
    def summary(told: _Told) -> str:
        return f"{verb} {told.what} {preposition} {told.environment} (r{told.after.get('release')})"

    return summary


def _put(told: _Told) -> str:
    version = _number(told.about)
    return f"{'created' if version == 1 else 'edited'} {told.what}"


def _import(told: _Told) -> str:
    counts = [
        f"{told.after[name]} {name}"
        for name in ("created", "updated", "unchanged", "skipped", "refused")
        if told.after.get(name)
    ]
    return f"imported prompts: {', '.join(counts) or 'none'}"


def _push(told: _Told) -> str:
    refs = [str(ref).removeprefix("refs/heads/") for ref in told.after.get("refs") or {}]
    where = ", ".join(refs[:3]) + (" and others" if len(refs) > 3 else "")
    if not told.total:
        return f"pushed to {where}"
    return f"pushed to {where}: {told.what}"


def _environment(told: _Told) -> str:
    return f"created the environment {told.environment}"


def _environment_change(told: _Told) -> str:
    return f"changed the {' and '.join(sorted(told.after))} of the environment {told.environment}"


def _schedule(words: str) -> Callable[[_Told], str]:
    def summary(told: _Told) -> str:
        at = told.after.get("at")
        return f"{words} {told.environment}" + (f" at {at}" if at else "")

    return summary


def _project(_told: _Told) -> str:
    return "created the project"


def _archive(told: _Told) -> str:
    return f"archived {told.what}"


def _restore(told: _Told) -> str:
    return f"restored {told.what}"


def _transfer(verb: str) -> Callable[[_Told], str]:
    def summary(told: _Told) -> str:
        count = _whole(told.after.get("count"))
        what = f" ({_many(count, 'prompt')})" if count is not None and count > 1 else ""
        return f"{verb} to {told.after.get('address')}{what}"

    return summary


def _bulk(told: _Told) -> str:
    return f"edited {_many(_whole(told.after.get('changed')) or 0, 'prompt')} at once"


def _upgrade(told: _Told) -> str:
    fragment = str(told.about.get("id") or "").partition("/")[2]
    count = _whole(told.after.get("count")) or 0
    return f"moved the references of {_many(count, 'prompt')} to {fragment} @{_number(told.about)}"


def _generic(told: _Told) -> str:
    thing, _, verb = told.action.partition(".")
    words = f"{verb} {thing}".replace("_", " ").strip()
    return f"{words} {str(told.about.get('id') or '')[:200]}".strip()


def _view(verb: str) -> Callable[[_Told], str]:
    def summary(told: _Told) -> str:
        return f"{verb} the view {str(told.about['id']).rpartition('/')[2]}"

    return summary


_SUMMARIES: Mapping[str, Callable[[_Told], str]] = {
    "prompt.put": _put,
    "prompt.import": _import,
    "prompt.archive": _archive,
    "prompt.restore": _restore,
    "prompt.move": _transfer("moved"),
    "prompt.copy": _transfer("copied"),
    "prompt.bulk_edit": _bulk,
    "fragment.upgrade": _upgrade,
    "git.push": _push,
    "release.publish": _release("published", "to"),
    "release.rollback": _release("rolled back", "in"),
    "release.unpublish": _release("unpublished", "from"),
    "release.suspend": _release("suspended", "in"),
    "schedule.create": _schedule("scheduled a release to"),
    "schedule.cancel": _schedule("cancelled a scheduled release to"),
    "schedule.fail": _schedule("could not carry out a scheduled release to"),
    "schedule.miss": _schedule("missed the time of a scheduled release to"),
    "environment.create": _environment,
    "environment.change": _environment_change,
    "project.create": _project,
    "view.create": _view("shared"),
    "view.update": _view("changed"),
    "view.delete": _view("removed"),
}


def _total(action: str, after: Mapping[str, Any], noted: Sequence[Touched]) -> int | None:
    if len(noted) <= SHOWN:
        return len(noted) if names_prompts(action) else None
    touched = _whole(after.get("touched"))  # a move touches two addresses per prompt
    if touched is not None:
        return touched
    if action == "git.push":
        return _whole(after.get("prompts"))
    if action == "prompt.bulk_edit":
        return _whole(after.get("changed"))
    if action == "fragment.upgrade":
        return _whole(after.get("count"))
    if action == "prompt.import":
        return sum(_whole(after.get(name)) or 0 for name in ("created", "updated"))
    changed = _whole(after.get("changed"))
    return changed if changed is not None else len(after.get("prompts") or ()) or None


def _commit(action: str, after: Mapping[str, Any]) -> str | None:
    if action == "git.push":
        refs = after.get("refs") or {}
        found = refs.get("refs/heads/main") or (next(iter(refs.values()), None) if refs else None)
    else:
        found = after.get("commit")
    return str(found) if found else None


def _number(about: Mapping[str, Any]) -> int | None:
    version = str(about.get("version") or "")
    return int(version) if version.isdigit() else None


def _whole(value: Any) -> int | None:
    return value if type(value) is int else None


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
