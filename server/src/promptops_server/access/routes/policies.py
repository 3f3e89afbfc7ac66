"""`/policies`: what the installation itself forbids, beside the policies that come with the product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from promptops_server.access.asking import ApprovalOf
from promptops_server.access.cedar import OwnPolicy, schema, shipped
from promptops_server.access.own_policies import store
from promptops_server.access.own_policies.change import (
    check_policy,
    no_such_policy,
    put_policy,
    remove_policy,
)
from promptops_server.access.own_policies.compare import Question, compare
from promptops_server.access.own_policies.validate import MAX_TEXT
from promptops_server.access.policy import Policies
from promptops_server.access.routes.asking import CanOut, answer
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.body_fields import Line, Lines
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Database, again_if_taken
from promptops_server.infra.http import ActorDep, if_match, problem_responses
from promptops_server.infra.problems import BadRequest, Invalid


@dataclass(frozen=True, slots=True)
class PolicyDeps:
    """What the routes need. `reload` brings this process up to date with the database."""

    db: Database
    policies: Policies
    reload: Callable[[], None]
    approval_of: ApprovalOf


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PolicyIn(_In):
    """A policy of the installation: Cedar statements that forbid."""

    text: Lines = Field(min_length=1, max_length=MAX_TEXT)
    comment: Line = Field(
        default="", max_length=500, description="what it is for; told to whoever it refuses"
    )


class PolicyOut(BaseModel):
    """A policy in force."""

    name: str
    text: str
    comment: str
    author: str
    created_at: str
    tag: str = Field(description="of this text, as `If-Match` takes it")


class PolicyList(BaseModel):
    """What is in force: the installation's own policies (at most 100) and the ones that come with the product."""

    items: list[PolicyOut]
    policy_version: str = Field(description="SHA-256 of all texts in force")
    shipped: dict[str, str] = Field(description="file name to Cedar text")
    cedar_schema: str


class PolicyChanged(PolicyOut):
    """A policy as it was put, and the version of all in force since."""

    policy_version: str


class QuestionIn(_In):
    """A sample: may this account do this there?"""

    who: Line = Field(max_length=100)
    action: Line = Field(max_length=100)
    address: Line = Field(default="", max_length=700)
    environment: Line | None = Field(default=None, max_length=100)


class CheckIn(_In):
    """A text to try, and samples to put to it. With the name of a policy in force it stands in its place."""

    text: Lines = Field(min_length=1, max_length=MAX_TEXT)
    name: Line = Field(default="candidate", max_length=64)
    questions: list[QuestionIn] = Field(default=[], max_length=100)


class FaultOut(BaseModel):
    """One thing that is wrong."""

    line: int
    message: str


class EffectOut(BaseModel):
    """What the text would change about one sample."""

    who: str
    changed: bool
    before: CanOut
    after: CanOut


class CheckOut(BaseModel):
    """`valid` says whether it could be put; `effects` follow the samples."""

    valid: bool
    errors: list[FaultOut]
    effects: list[EffectOut]


def router(deps: PolicyDeps) -> APIRouter:
    """The routes of policies."""
    api = APIRouter(tags=["access"], responses=problem_responses(401, 403, 404, 409, 422))
    db, policies = deps.db, deps.policies

    @api.get("/policies", summary="The access policies in force")
    def list_policies(actor: ActorDep) -> PolicyList:
        require(policies, actor, "policy:read", Resource())
        with db.read() as conn:
            found = store.active(conn)
        return PolicyList(
            items=[_out(one) for one in found],
            policy_version=policies.version,
            shipped=dict(shipped()),
            cedar_schema=schema(),
        )

    @api.post("/policies/check", summary="Try a policy without putting it")
    def check(actor: ActorDep, body: CheckIn) -> CheckOut:
        require(policies, actor, "policy:read", Resource())
        policy = OwnPolicy(body.name, body.text)
        try:
            check_policy(policy)
        except Invalid as problem:
            wrong = problem.members.get("errors")
            if wrong is None:
                raise
            return CheckOut(valid=False, errors=[FaultOut(**one) for one in wrong], effects=[])
        questions = [Question(q.who, q.action, q.address, q.environment) for q in body.questions]
        with db.read() as conn:
            effects = compare(conn, policies, deps.approval_of, policy, questions)
        return CheckOut(
            valid=True,
            errors=[],
            effects=[
                EffectOut(
                    who=one.who,
                    changed=one.changed,
                    before=answer(one.action, one.place, one.before),
                    after=answer(one.action, one.place, one.after),
                )
                for one in effects
            ],
        )

    @api.get("/policies/{name}", summary="One policy of the installation")
    def show(actor: ActorDep, name: str, response: Response) -> PolicyOut:
        require(policies, actor, "policy:read", Resource())
        with db.read() as conn:
            found = store.find(conn, name)
        if found is None:
            raise no_such_policy(name)
        response.headers["ETag"] = f'"{found.tag}"'
        return _out(found)

    @api.put(
        "/policies/{name}",
        summary="Add or replace a policy; it takes effect at once",
        description=(
            "`If-Match` names the text the change was made from; `If-None-Match: *` replaces nothing. Without either, "
            "what is there is replaced."
        ),
    )
    def put(actor: ActorDep, name: str, body: PolicyIn, request: Request) -> PolicyChanged:
        may = require(policies, actor, "policy:manage", Resource())
        policy = OwnPolicy(name, body.text, body.comment)
        seen, only_new = if_match(request), _only_new(request)

        def work() -> PolicyChanged:
            with db.write() as tx:
                done = put_policy(
                    tx, actor, policies, policy, rule=may.rule, seen=seen, only_new=only_new
                )
                made = PolicyChanged(
                    name=name,
                    text=body.text,
                    comment=body.comment,
                    author=actor.name,
                    created_at=to_text(tx.now),
                    tag=f"p{tx.now}",
                    policy_version=done.version,
                )
                tx.after_commit(deps.reload)
                return made

        return again_if_taken(work)

    @api.delete("/policies/{name}", status_code=204, summary="Take a policy out of force at once")
    def remove(actor: ActorDep, name: str, request: Request) -> None:
        may = require(policies, actor, "policy:manage", Resource())
        seen = if_match(request)
        with db.write() as tx:
            remove_policy(tx, actor, name, rule=may.rule, seen=seen)
            tx.after_commit(deps.reload)

    return api


def _only_new(request: Request) -> bool:
    """Whether `If-None-Match` is there. Raises BadRequest when it says anything but `*`."""
    value = request.headers.get("if-none-match")
    if value is not None and value.strip() != "*":
        raise BadRequest("If-None-Match is not *.", remedy="Send If-Match to change a policy.")
    return value is not None


def _out(one: store.Stored) -> PolicyOut:
    return PolicyOut(
        name=one.name,
        text=one.text,
        comment=one.comment,
        author=one.author,
        created_at=to_text(one.created_at),
        tag=one.tag,
    )
