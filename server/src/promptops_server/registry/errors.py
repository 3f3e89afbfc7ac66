"""Refusals only the registry makes; the rest are `infra.problems`."""

from __future__ import annotations

from promptops_server.infra.problems import Conflict, Invalid, ProblemError


class NotAcceptable(ProblemError):
    """The content exists but not in the form asked for."""

    status = 406
    slug = "not-acceptable"
    title = "Not available in this form"


class UnsupportedBody(ProblemError):
    """The request body is in a form this resource does not read."""

    status = 415
    slug = "unsupported-media-type"
    title = "Send YAML or JSON"


class RefusedPrompts(Conflict):
    """An edit of many prompts cannot be done to some of them; `errors` has each with its reason. Nothing was changed."""

    slug = "refused-prompts"
    title = "Cannot be edited"


class CannotRender(Invalid):
    """A prompt has no messages for these inputs; `input` names the one at fault, `limit` the setting."""

    slug = "cannot-render"
    title = "The prompt cannot be rendered"
