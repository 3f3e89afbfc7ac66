"""Whether a target that a run was planned with may still be called, as it is configured now."""

from __future__ import annotations

from typing import Any

from promptops_server.providers.model import Fault, Target


def usable(
    before: Target, now: Target | None, project: str
) -> tuple[Target, tuple[Fault, str] | None]:
    """The target to call, with its limits of now; or why it is not called."""
    if now is None:
        return before, ("not_found", f"The target {before.name} was removed.")
    if not now.may_be_used_by(project):
        return now, ("not_found", f"The target {now.name} is disabled, or not for {project}.")
    if _identity(before) != _identity(now):
        return before, (
            "not_found",
            f"The target {now.name} was changed since this run was planned: start a new run.",
        )
    return now, None


def _identity(target: Target) -> tuple[Any, ...]:
    return (target.provider, target.model, target.catalogue_id, target.base_url, target.data_class)
