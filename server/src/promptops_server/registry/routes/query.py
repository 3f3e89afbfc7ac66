"""The parameters of a list of prompts, from a request or from a saved view, and what they mean."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import now_us
from promptops_server.infra.problems import NotFound
from promptops_server.registry.facets import PromptState
from promptops_server.registry.finding.wanted import MAX_TAGS, Sort, Wanted, check_wanted, moment
from promptops_server.registry.model import Project
from promptops_server.registry.ports import LiveVersion

Archived = Literal["false", "true", "any"]


class PromptFilters(BaseModel):
    """Which prompts; everything given must hold."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[Line | None, Field(max_length=500, description="Words that must all occur")] = None
    module: Annotated[Line | None, Field(max_length=600, description="Only below this module")] = (
        None
    )
    tag: Annotated[list[Line], Field(max_length=MAX_TAGS, description="All of these")] = []
    owner: Annotated[Line | None, Field(max_length=200)] = None
    model: Annotated[
        Line | None,
        Field(
            max_length=200, description="A model's id, or a family such as `gpt`; of variants too"
        ),
    ] = None
    environment: Annotated[Line | None, Field(max_length=100, description="Live there")] = None
    state: Annotated[
        PromptState | None,
        Field(
            description="`draft`: the newest version is live nowhere; `published`: it is live somewhere;"
            " `behind`: an older version is live somewhere; `suspended` somewhere"
        ),
    ] = None
    changed_since: Annotated[
        Line | None, Field(max_length=60, description="A time, or `30m`, `12h`, `7d`, `2w` ago")
    ] = None
    valid: Annotated[
        bool | None, Field(description="`false`: only prompts that cannot be released")
    ] = None


class PromptQuery(PromptFilters):
    """The same of all prompts or archived ones, and in which order. This is also what a view saves."""

    archived: Annotated[Archived | None, Field(description="`false` if not given")] = None
    sort: Annotated[
        Sort | None,
        Field(description="`path` if not given; with `q` what matches best comes first"),
    ] = None

    def given(self) -> dict[str, Any]:
        """What is asked for, ready for JSON."""
        return {k: v for k, v in self.model_dump().items() if v not in (None, [])}

    def over(self, other: PromptQuery) -> PromptQuery:
        """This query where it says something, else the other."""
        return PromptQuery(**{**other.given(), **self.given()})


class PromptListQuery(PromptQuery):
    """The same with the page and a view to start from."""

    view: Annotated[
        Line | None,
        Field(
            max_length=100,
            description="A saved view, by name or id; the parameters given beside it count first",
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=500, description="Items on a page")] = 50
    cursor: Annotated[str | None, Field(description="`next` of the page before")] = None

    @property
    def query(self) -> PromptQuery:
        """Without view and page."""
        return PromptQuery(**self.model_dump(exclude={"view", "limit", "cursor"}))


ListQuery = Annotated[PromptListQuery, Query()]


def wanted_of(
    conn: Connection, live: LiveVersion, project: Project, query: PromptFilters
) -> Wanted:
    """What the parameters mean; without an order, and of prompts not archived, where these are not among them.

    Raises:
        BadRequest: they cannot be answered, see `check_wanted` and `moment`.
        NotFound: the project has no such environment.
    """
    if query.environment:
        known = live.environments(conn, project.id)
        if query.environment not in known:
            raise NotFound(
                f"There is no environment {query.environment!r} in this project.",
                remedy=f"There are: {', '.join(known) or 'none'}.",
                slug="unknown-environment",
            )
    full = query if isinstance(query, PromptQuery) else PromptQuery()
    archived = full.archived or "false"
    wanted = Wanted(
        q=query.q or "",
        module=(query.module or "").strip("/"),
        tags=tuple(query.tag),
        owner=query.owner or "",
        model=query.model or "",
        environment=query.environment or "",
        state=query.state,
        changed_since=moment(query.changed_since, now_us()) if query.changed_since else None,
        archived=None if archived == "any" else archived == "true",
        valid=query.valid,
        sort=full.sort,
    )
    check_wanted(wanted)
    return wanted
