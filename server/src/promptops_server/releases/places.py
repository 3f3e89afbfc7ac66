"""Where prompts are live, as `approvals` asks it: the answer to its port `Places`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from promptops_server.releases.environments import list_environments
from promptops_server.releases.tables import environment, live


class LivePlaces:
    """Names of environments, and which of them hold a prompt under approval."""

    def names(self, conn: Connection, project_id: str) -> Mapping[str, str]:
        """The project's environments: row id to name."""
        return {found.id: found.name for found in list_environments(conn, project_id)}

    def gated(self, conn: Connection, project_id: str, path: str) -> Sequence[str]:
        """Names of the environments that ask for approval and in which the prompt is live."""
        rows = conn.execute(
            select(environment.c.name)
            .join(live, live.c.environment_id == environment.c.id)
            .where(
                environment.c.project_id == project_id,
                environment.c.approval_required.is_(True),
                live.c.path == path,
                live.c.to_release.is_(None),
                live.c.state == "live",
            )
            .order_by(environment.c.position, environment.c.name)
        )
        return list(rows.scalars())
