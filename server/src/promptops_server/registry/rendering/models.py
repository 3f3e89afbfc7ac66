"""A rendered prompt as the request a model would get: what `render` answers besides the messages.

Owns which model is meant: an id, a family, or a target of the installation. The request is `providers.resolve`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from promptops.calls.ask import Ask, NoModel, copied, model_to_call
from promptops.errors import CannotExpress
from promptops_server.infra.problems import Invalid, NotFound
from promptops_server.providers.catalogue.catalogue import Catalogue
from promptops_server.providers.model import CallError, Target
from promptops_server.providers.resolve import body_for, resolve

ResolveTarget = Callable[[Connection, str, str], Target | None]
"""The target of this name, if the project of this name may use it."""
Preview = Callable[[Target, Ask], Mapping[str, Any]]
"""`providers.preview`: method, url, headers and body of a request, without sending it.

Raises CannotExpress, or CallError `cannot_express`."""


def no_targets(conn: Connection, project: str, name: str) -> Target | None:
    """For a server without targets."""
    return None


@dataclass(frozen=True, slots=True)
class RenderModels:
    """What rendering asks about models. Filled by `app`; without `preview` a target's body is its family's."""

    catalogue: Catalogue = field(default_factory=Catalogue)
    resolve_target: ResolveTarget = no_targets
    preview: Preview | None = None


def target_of(
    models: RenderModels, conn: Connection, project: str, name: str | None, model: str | None
) -> Target | None:
    """The target asked for, or None when none is.

    Raises:
        Invalid: a model is asked for too.
        NotFound: no such target, or not for this project.
    """
    if name is None:
        return None
    if model is not None:
        raise Invalid("Give `model` or `target`, not both: a target has its model.")
    found = models.resolve_target(conn, project, name)
    if found is None:
        raise NotFound(
            f"The project {project} has no model target {name!r}.",
            remedy="`promptops models list` shows those it may use.",
        )
    return found


def variant_model(target: Target | None, model: str | None) -> str | None:
    """What the variant is chosen by: a deployment's own name says nothing, its catalogue id does."""
    return (target.catalogue_id or target.model) if target is not None else model


def members(
    models: RenderModels, document: Mapping[str, Any], target: Target | None, model: str | None
) -> dict[str, Any]:
    """`request`, `notes`, `tokens`, `cost_estimate`, … for a rendered document; empty when no model is asked for."""
    asked = variant_model(target, model)
    if asked is None:
        return {}
    name = document["address"] or "the prompt"
    refused = ""
    called = asked
    if target is not None:
        called = target.model
    else:
        try:
            called = model_to_call(name, model, document["model"])
        except NoModel as error:
            refused = f"{error.why}: give the id of a model (--model), or the prompt a variant that has one"
    ask = Ask(
        name=name,
        model=called,
        messages=copied(document["messages"]),
        parameters=copied(document["parameters"]),
        tools=copied(document["tools"]),
        response_format=document["responseFormat"],
        json_schema=copied(document["jsonSchema"]),
    )
    if target is not None:
        entry = models.catalogue.of_target(target)
    else:
        entry = models.catalogue.entry(called)
    endpoint: dict[str, Any] = {}

    def body(adapted: Ask) -> Mapping[str, Any]:
        if refused:
            raise CannotExpress(refused)
        if target is None or models.preview is None:
            return body_for(entry)(adapted)
        try:
            shown = models.preview(target, adapted)
        except CallError as error:
            raise CannotExpress(error.detail) from None
        endpoint.update({key: shown.get(key) for key in ("method", "url", "headers")})
        found: Mapping[str, Any] = shown["body"]
        return found

    made = resolve(ask, entry, body).members()
    return {
        **made,
        "target": target.name if target is not None else None,
        "endpoint": endpoint or None,
    }
