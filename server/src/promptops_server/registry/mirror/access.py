"""Who may see and who may manage a mirror."""

from __future__ import annotations

from sqlalchemy import Connection

from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.problems import Conflict
from promptops_server.registry.mirror import store
from promptops_server.registry.mirror.errors import no_mirror
from promptops_server.registry.mirror.model import Mirror
from promptops_server.registry.model import Project
from promptops_server.registry.projects import require_readable


def may_manage(authorise: Authorise, actor: Actor, project: str) -> None:
    """Administrators manage mirrors: a mirror takes a whole project out of this installation.

    Raises:
        NotFound: no such project, or none this actor may read.
        Denied: it may be read only.
    """
    require_readable(authorise, actor, project)
    require(authorise, actor, "mirror:manage", Resource(project=project))


def existing(conn: Connection, project: Project) -> Mirror:
    """The project's mirror. Raises NotFound."""
    found = store.mirror_of(conn, project.id)
    if found is None:
        raise no_mirror(project.name)
    return found


def unchanged_since(mirror: Mirror | None, seen: int | None) -> None:
    """Refuse a change that was made from another state of the mirror than there is.

    Args:
        seen: the revision named by `If-Match`; ``None`` without it.

    Raises:
        Conflict: the mirror is at another revision, or gone.
    """
    if seen is not None and seen != (mirror.revision if mirror is not None else 0):
        raise Conflict(
            "The mirror was changed by somebody else.",
            remedy="Look at it again: promptops mirror show PROJECT",
            current=f"m{mirror.revision}" if mirror is not None else None,
        )
