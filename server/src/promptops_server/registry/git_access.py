"""Who may use a project over Git: answers the remote's `ProjectAccess`.

A push is let in when the actor may write prompts, publish or stop; then each ref is judged on its own, so that a
publisher releases with one commit on ``env/NAME`` and is still refused on ``main``.
"""

from __future__ import annotations

from dataclasses import dataclass

from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import (
    Action,
    Authorise,
    Resource,
    decide_somewhere,
    require,
    require_somewhere,
)
from promptops_server.infra.database import Database
from promptops_server.registry.git.ports import GitAction
from promptops_server.registry.model import Project
from promptops_server.registry.projects import get_project, require_readable

PUSHES: tuple[Action, ...] = ("prompt:write", "release:publish", "release:stop")


@dataclass(frozen=True, slots=True)
class GitAccess:
    """The product's `ProjectAccess`."""

    db: Database
    authorise: Authorise

    def __call__(self, actor: Actor, name: str, action: GitAction) -> Project:
        """Raises NotFound (none such, or not readable) or Denied."""
        require_readable(self.authorise, actor, name)
        resource = Resource(project=name)
        if action == "main":
            require_somewhere(self.authorise, actor, "prompt:write", resource)
        elif action != "push":
            require(self.authorise, actor, action, resource)
        elif not any(
            decide_somewhere(self.authorise, actor, may, resource).allowed for may in PUSHES
        ):
            require(self.authorise, actor, "prompt:write", resource)
        with self.db.read() as conn:
            return get_project(conn, name)
