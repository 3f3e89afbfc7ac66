"""Questions about access put by people: an action in a short word, a place as an address, and the answer in full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, get_args

from sqlalchemy import Connection

from promptops.format.names import InvalidAddress, parse_address
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Action, Authorise, Resource
from promptops_server.infra.problems import Invalid

ApprovalOf = Callable[[Connection, str, str], bool]
"""Whether an environment of a project asks for approval; raises NotFound. Answered by `releases`."""

ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
VERBS: Final[dict[str, Action]] = {
    "read": "project:read",
    "write": "prompt:write",
    "archive": "prompt:archive",
    "retire": "prompt:retire",
    "publish": "release:publish",
    "promote": "release:publish",
    "rollback": "release:rollback",
    "suspend": "release:stop",
    "unpublish": "release:stop",
    "stop": "release:stop",
    "request": "review:request",
    "comment": "review:comment",
    "review": "review:review",
    "validate": "review:validate",
    "approve": "review:approve",
    "revoke": "review:revoke",
    "ratify": "emergency:ratify",
    "break-glass": "emergency:invoke",
    "accept": "exception:accept",
    "redact": "redaction:request",
    "export": "audit:export",
}


def action_of(text: str) -> Action:
    """The action a person means: its name, or a short verb.

    Raises:
        Invalid: no such action.
    """
    for action in ACTIONS:
        if text == action:
            return action
    if text in VERBS:
        return VERBS[text]
    raise Invalid(
        f"There is no action {text[:100]!r}.",
        remedy=f"Say one of {', '.join(VERBS)}; or by name: {', '.join(ACTIONS)}.",
    )


def place_of(
    conn: Connection,
    actor: Actor,
    authorise: Authorise,
    approval_of: ApprovalOf,
    address: str,
    environment: str | None,
) -> Resource:
    """The place an address means, for this actor. A module ends with a slash; without an address, the installation.

    Of a project that the actor may not read nothing is looked up, so that the answer tells nothing about it either.

    Raises:
        Invalid: the address breaks the grammar, or names a version, or an environment goes without a project.
        NotFound: the project is readable and has no such environment.
    """
    if not address:
        if environment:
            raise Invalid("An environment belongs to a project.", remedy="Give the address too.")
        return Resource()
    module = address.endswith("/")
    try:
        parsed = parse_address(address.rstrip("/") if module else address)
    except InvalidAddress as error:
        raise Invalid(
            f"{address[:200]!r} is no address: {error}.", remedy="Write project/module/prompt."
        ) from None
    if parsed.selector is not None:
        if parsed.selector.environment is None or environment:
            raise Invalid(
                "Access does not depend on a version.",
                remedy="Write project/module/prompt, and the environment apart.",
            )
        environment = parsed.selector.environment
    path = parsed.path + ("/" if module and parsed.path else "")
    readable = authorise(actor, "project:read", Resource(parsed.project)).allowed
    gated = bool(environment)
    if environment and readable:
        gated = approval_of(conn, parsed.project, environment)
    return Resource(parsed.project, path or None, environment, approval_required=gated)
