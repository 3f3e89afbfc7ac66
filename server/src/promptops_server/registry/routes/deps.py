"""What the registry's routes need, and what they share: page parameters, selectors in paths, entity tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel

from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.cursor import DEFAULT_LIMIT
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.http import fingerprint, tag_like
from promptops_server.infra.idempotency import answer_once
from promptops_server.registry.model import Version
from promptops_server.registry.ports import (
    LiveVersion,
    NothingLive,
    ProjectHook,
    VersionStates,
    live_or_draft,
)
from promptops_server.registry.records.agree import Accounts, LimitsOf, PeopleFacts, no_limits
from promptops_server.registry.rendering.limited import LimitedRenderer
from promptops_server.registry.rendering.models import RenderModels


@dataclass(frozen=True, slots=True)
class RegistryDeps:
    """Built by `app`. `live` is answered by `releases`; `on_created` runs in the transaction of a new project.

    `people` and `limits` say what records must agree with. `limited_renderer` is closed by who built it. `models` says
    what would be sent to a model.
    """

    db: Database
    authorise: Authorise
    live: LiveVersion = field(default_factory=NothingLive)
    on_created: Sequence[ProjectHook] = ()
    limited_renderer: LimitedRenderer = field(default_factory=LimitedRenderer)
    states: VersionStates = live_or_draft
    people: PeopleFacts = field(default_factory=Accounts)
    limits: LimitsOf = no_limits
    models: RenderModels = field(default_factory=RenderModels)


LIMIT: int = DEFAULT_LIMIT

R = TypeVar("R")

_TAG = re.compile(r"v([1-9][0-9]{0,8})(?:\..*)?")


def split_selector(path: str) -> tuple[str, str | None]:
    """``module/prompt@7`` as path and selector; None without one."""
    head, at, selector = path.rpartition("@")
    return (head, selector) if at else (path, None)


def tag_of(version: Version) -> str:
    """The entity tag of a prompt: its version."""
    return f'"v{version.number}"'


def parent_version(request: Request) -> int | None:
    """The version named by `If-Match`, None without the header.

    Raises:
        BadRequest: the header is no entity tag of a prompt.
    """
    send = "Send the ETag of the version you changed"
    found = tag_like(request, _TAG, "a prompt", example="v7", send=send)
    return None if found is None else int(found[1])


def unchanged(request: Request, tag: str) -> bool:
    """Whether `If-None-Match` names this entity tag: then the answer is 304."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    tags = {part.strip().removeprefix("W/") for part in given.split(",")}
    return "*" in tags or tag in tags


def version_url(request: Request, version: Version) -> str:
    """The URL path of one version."""
    base = request.url.path.partition("/projects/")[0]
    return f"{base}/projects/{version.project}/versions/{version.path}@{version.number}"


def once(
    deps: RegistryDeps,
    actor: Actor,
    request: Request,
    key: str | None,
    given: BaseModel,
    work: Callable[[Callable[[Transaction, R], None]], R],
    render: Callable[[R], tuple[int, dict[str, Any]]],
) -> tuple[int, dict[str, Any]]:
    """Do a write once per `Idempotency-Key`; see `infra.idempotency.answer_once`."""
    return answer_once(deps.db, actor, key, fingerprint(request, given), work, render)
