"""Check a model target by one real, small call, keep what it found, and count what it cost."""

from __future__ import annotations

import structlog
from starlette.concurrency import run_in_threadpool

from promptops.calls.ask import Ask
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.providers.model import CallError, Delta, Target
from promptops_server.providers.targets import budget, store
from promptops_server.providers.targets.address import origin_of
from promptops_server.providers.targets.budget import Reservation
from promptops_server.providers.targets.change import existing, no_target
from promptops_server.providers.targets.checked import Checked, of_fault, of_reply
from promptops_server.providers.targets.ports import CheckDeps, Endpoints, TargetDeps
from promptops_server.providers.targets.store import Stored

MAX_TOKENS = 512
"""Enough for a model that thinks before it answers; a plain one uses three or four."""
_QUESTION = "Reply with the one word: ready"
_QUESTION_TOKENS = 64
_ASKED_FOR_LIST = ("not_found", "permission")

log = structlog.get_logger(__name__)


async def check_target(
    deps: TargetDeps, calls: CheckDeps, actor: Actor, name: str, project: str | None = None
) -> Stored:
    """Call the target once and keep the result, which `Stored.checked` then holds.

    Args:
        project: for whoever may run tests there; without it, it takes the right to manage models.

    Raises:
        Denied: the actor may neither manage models nor run tests in the project.
        NotFound: no such project, no such target, or the project may not use it.
    """
    found, rule = await run_in_threadpool(_allowed, deps, actor, name, project)
    checked = await call_once(deps, calls, found.target)
    return await run_in_threadpool(_keep, deps, actor, found, checked, project, rule)


async def call_once(deps: TargetDeps, calls: CheckDeps, target: Target) -> Checked:
    """The call and what it says about the target. Never raises for what an endpoint does."""
    kind = deps.kinds.get(target.provider)
    if kind is None:
        detail = f"No provider {target.provider} is installed here any more."
        return _failed(deps, target, CallError("cannot_express", detail))
    missing = await run_in_threadpool(deps.credentials.missing, target)
    if missing:
        return _failed(deps, target, CallError("no_credentials", missing))
    prices = calls.prices
    most = prices.most_it_can_cost(target, _QUESTION_TOKENS, MAX_TOKENS) if prices else None
    try:
        held = await run_in_threadpool(budget.reserve, deps.db, target, most or 0)
    except CallError as error:
        return _failed(deps, target, error)
    spent: int | None = None  # what was set aside, unless it is known better
    try:
        async with calls.endpoints() as endpoints:
            try:
                reply = await endpoints.caller.call(
                    target, _ask(target), deadline=calls.seconds, on_delta=_ignore
                )
            except CallError as error:
                spent = None if error.may_have_cost else 0
                listed = await _listed(endpoints, target, error)
                return _failed(deps, target, error, listed)
        spent = prices.cost_of(target, reply.usage) if prices else None
        return of_reply(target, reply, spent)
    finally:
        await run_in_threadpool(_settle, deps, held, spent)


def _ask(target: Target) -> Ask:
    return Ask(
        name=f"the check of {target.name}",
        model=target.model,
        messages=[{"role": "user", "content": _QUESTION}],
        parameters={"maxTokens": MAX_TOKENS},
        tools=[],
        response_format=None,
        json_schema=None,
    )


def _ignore(_: Delta) -> None:
    """Streaming is asked for to learn when the first token comes."""


async def _listed(endpoints: Endpoints, target: Target, error: CallError) -> tuple[str, ...]:
    if error.fault not in _ASKED_FOR_LIST:
        return ()
    try:
        return await endpoints.listed(target)
    except CallError as unlisted:
        log.info("models_not_listed", target=target.name, fault=unlisted.fault)
        return ()


def _failed(
    deps: TargetDeps, target: Target, error: CallError, listed: tuple[str, ...] = ()
) -> Checked:
    return of_fault(target, error, place=_place(deps, target), listed=listed)


def _place(deps: TargetDeps, target: Target) -> str:
    """Scheme, host and port, as a sentence names the endpoint."""
    kind = deps.kinds.get(target.provider)
    try:
        scheme, host, port = origin_of(kind.url_of(target, stream=True) if kind else "")
    except Exception:  # a plug-in's own way to refuse options
        host = ""
    if not host:
        return target.base_url or target.provider
    shown = f"[{host}]" if ":" in host else host
    usual = (scheme, port) in (("https", 443), ("http", 80))
    return f"{scheme}://{shown}" + ("" if usual else f":{port}")


def _allowed(deps: TargetDeps, actor: Actor, name: str, project: str | None) -> tuple[Stored, str]:
    if project is None:
        rule = require(deps.authorise, actor, "model:manage", Resource()).rule
    else:
        deps.projects.require_readable(actor, project)
        rule = require(deps.authorise, actor, "test:run", Resource(project=project)).rule
    with deps.db.read() as conn:
        found = existing(store.by_name(conn, name), name)
    if project is not None and not found.target.may_be_used_by(project):
        raise no_target(name)
    return found, rule


def _settle(deps: TargetDeps, held: Reservation, spent: int | None) -> None:
    budget.settle(deps.db, held, spent)


def _keep(
    deps: TargetDeps,
    actor: Actor,
    found: Stored,
    checked: Checked,
    project: str | None,
    rule: str,
) -> Stored:
    target = found.target
    with deps.db.write() as tx:
        store.keep_check(tx.conn, target.id, target.revision, checked.document(), tx.now)
        after = {"ok": checked.ok, "fault": checked.fault, "model": checked.model}
        record(
            tx,
            AuditEvent(
                "model.check",
                AuditObject("model", target.name),
                actor,
                project=project,
                outcome="ok" if checked.ok else "failed",
                after=after,
                rule=rule,
            ),
        )
        at = tx.now
    return Stored(
        target,
        found.created_at,
        found.created_by,
        found.updated_at,
        checked_at=at,
        checked=checked.document(),
    )
