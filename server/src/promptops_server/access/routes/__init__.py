"""`/me`, `/users`, `/tokens`; beside it `grants`, `policies` and `asking`, each with a router of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from promptops_server.access import confirmation, identity, tokens, users
from promptops_server.access.erase import erase_person
from promptops_server.access.model import Token, User
from promptops_server.access.own_account import TOKENS, require_own_account
from promptops_server.access.roles import roles_on
from promptops_server.access.seen import last_seen
from promptops_server.access.sign_in import totp
from promptops_server.infra import cursor as pages
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import from_text, to_text
from promptops_server.infra.database import Database, again_if_taken
from promptops_server.infra.http import ActorDep, problem_responses
from promptops_server.infra.problems import Denied, Invalid, Unavailable


@dataclass(frozen=True, slots=True)
class AccessDeps:
    """What the routes need. `forget` drops remembered tokens after a change."""

    db: Database
    authorise: Authorise
    forget: Callable[[], None]
    prove: Callable[[Actor, str | None], User] | None = None
    """Proves the actor's own password again; without it nobody changes their own."""
    longest_token_days: float | None = None
    carry_out_erasures: Callable[[], int] = lambda: 0
    """Deletes what was asked for beside the audit logs; raises Unavailable when the database role may not."""


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Me(BaseModel):
    """Who the credentials belong to."""

    subject: str
    name: str
    kind: str
    admin: bool
    roles: list[str] = Field(description="`project:role`, with `*` for every project")
    auth_method: str
    person: str = Field(description="The same for all accounts of one human")
    token: TokenScope


class TokenScope(BaseModel):
    """What the token used is narrowed to; null means not narrowed."""

    role: str | None
    project: str | None
    environment: str | None


class UserOut(BaseModel):
    """A person or service account."""

    id: str
    name: str
    display_name: str
    email: str | None
    kind: str
    admin: bool
    active: bool
    created_at: str
    person: str = Field(description="The same for all accounts of one human")
    unconfirmed: bool = Field(
        description="Somebody else changed their sign-in: they sign nothing until it is confirmed"
    )


class UserIn(_In):
    """A new person or service account."""

    name: Line
    display_name: Line | None = Field(default=None, max_length=200)
    email: Line | None = Field(default=None, max_length=320)
    kind: Line = "person"
    admin: bool = False
    password: Line | None = Field(default=None, max_length=1000)


class UserPatch(_In):
    """What can change about a user."""

    active: bool | None = None
    password: Line | None = Field(default=None, max_length=1000)
    old_password: Line | None = Field(
        default=None, max_length=1000, description="Needed to change one's own password"
    )
    same_person_as: Line | None = Field(
        default=None, max_length=100, description="Another account of the same human"
    )
    own_person: Literal[True] | None = Field(
        default=None, description="Undo that; needs a reason, and not for one's own accounts"
    )
    totp: Literal["off"] | None = Field(
        default=None, description="Take a lost authenticator app away; the person enrols again"
    )
    reason: Line | None = Field(default=None, max_length=1000)


class UserListed(UserOut):
    """A user as a table shows them."""

    last_seen_at: str | None = Field(
        description="when a session or token of theirs was last used; null: never"
    )
    second_factor: bool = Field(description="an authenticator app is set up")


class UserPage(BaseModel):
    """A page of users."""

    items: list[UserListed]
    next: str | None


class ErasureIn(_In):
    """On whose request a person is erased."""

    reason: Line = Field(min_length=1, max_length=2000)


class ErasureOut(BaseModel):
    """What is left of a person: a pseudonym. `pending`: the logs' part waits for a database role that may delete."""

    name: str
    pending: bool


class ConfirmationIn(_In):
    """How somebody knows that an account is in its person's hands."""

    reason: Line = Field(min_length=1, max_length=1000)


class EndedOut(BaseModel):
    """How many sessions ended and tokens were revoked."""

    sessions: int
    tokens: int


class TokenIn(_In):
    """A new token. Without `user`, for the caller. An `environment` makes it a delivery token."""

    name: Line = Field(min_length=1, max_length=200)
    user: Line | None = None
    role: Line | None = None
    project: Line | None = Field(default=None, max_length=100)
    environment: Line | None = Field(default=None, max_length=100)
    expires_at: Line | None = Field(default=None, description="RFC 3339")


class TokenOut(BaseModel):
    """A token without its secret."""

    id: str
    user: str
    name: str
    role: str | None
    project: str | None
    environment: str | None
    auth_method: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None


class NewToken(TokenOut):
    """A token with its secret, shown this once."""

    token: str


class TokenPage(BaseModel):
    """A page of tokens."""

    items: list[TokenOut]
    next: str | None


Limit = Annotated[int, Query(ge=1, le=pages.MAX_LIMIT)]


def router(deps: AccessDeps) -> APIRouter:
    """The routes of people and tokens."""
    api = APIRouter(tags=["access"], responses=problem_responses(401, 403, 404, 409, 422))
    db = deps.db

    def manage(actor: Actor) -> None:
        require(deps.authorise, actor, "user:manage", Resource())

    @api.get("/me", summary="Who am I?")
    def me(actor: ActorDep) -> Me:
        return Me(
            subject=actor.subject,
            name=actor.name,
            kind=actor.kind,
            admin=actor.admin,
            roles=sorted(actor.roles),
            auth_method=actor.auth_method,
            person=actor.identity,
            token=TokenScope(
                role=actor.scope.role,
                project=actor.scope.project,
                environment=actor.scope.environment,
            ),
        )

    @api.get("/users", summary="List users")
    def list_users(
        actor: ActorDep,
        q: Annotated[
            str, Query(max_length=200, description="begins the name, or a word of the display name")
        ] = "",
        kind: Literal["", "person", "service"] = "",
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> UserPage:
        manage(actor)
        with db.read() as conn:
            page = users.list_users(conn, limit, cursor, q=q, kind=kind)
            seen = last_seen(conn, [u.id for u in page.items])
            enrolled = totp.enrolled_among(conn, [u.id for u in page.items])
        items = [
            UserListed(
                **_user(u).model_dump(),
                last_seen_at=to_text(seen[u.id]) if u.id in seen else None,
                second_factor=u.id in enrolled,
            )
            for u in page.items
        ]
        return UserPage(items=items, next=page.next)

    @api.post("/users", status_code=201, summary="Add a person or service account")
    def create_user(actor: ActorDep, body: UserIn) -> UserOut:
        manage(actor)

        def make() -> User:
            with db.write() as tx:
                return users.create_user(
                    tx,
                    actor,
                    body.name,
                    display_name=body.display_name,
                    email=body.email,
                    kind=body.kind,
                    admin=body.admin,
                    password=body.password,
                )

        return _user(again_if_taken(make))

    @api.patch("/users/{name}", summary="Deactivate, set the password, link accounts of one person")
    def patch_user(actor: ActorDep, name: str, body: UserPatch) -> UserOut:
        is_own = name.casefold() == actor.name.casefold()
        if not is_own or not body.model_fields_set <= {"password", "old_password"}:
            manage(actor)
        own = is_own and body.password is not None and _prove_own(deps, actor, body.old_password)
        with db.write() as tx:
            if body.active is not None:
                users.set_active(tx, actor, name, body.active, body.reason)
            if body.password is not None:
                users.set_password(tx, actor, name, body.password, own=own)
            if body.totp == "off":
                account = users.get_user(tx.conn, name)
                if account.id == actor.subject:
                    raise Denied(
                        "Nobody resets their own second factor this way.",
                        rule="sign-in.own",
                        remedy="Use POST /api/v1/me/totp/off, or ask another administrator.",
                    )
                totp.remove(tx, actor, account, by_other=True, reason=body.reason)
            if body.same_person_as is not None:
                identity.link(
                    tx, actor, name, body.same_person_as, body.reason, linked=confirmation.note_link
                )
            if body.own_person:
                identity.unlink(tx, actor, name, body.reason)
            found = users.get_user(tx.conn, name)
        deps.forget()
        return _user(found)

    @api.post(
        "/users/{name}/confirmation",
        summary="Confirm that a person has their account back after somebody else changed their sign-in",
    )
    def confirm_user(actor: ActorDep, name: str, body: ConfirmationIn) -> UserOut:
        manage(actor)
        with db.write() as tx:
            confirmation.confirm(tx, actor, name, body.reason)
            return _user(users.get_user(tx.conn, name))

    @api.delete("/users/{name}/sessions", summary="End all sessions of a user")
    def end_sessions(
        actor: ActorDep,
        name: str,
        tokens: Annotated[bool, Query(description="Revoke all their tokens too")] = False,
    ) -> EndedOut:
        manage(actor)
        with db.write() as tx:
            ended, revoked = users.end_access(tx, actor, name, tokens=tokens)
        deps.forget()
        return EndedOut(sessions=ended, tokens=revoked)

    @api.post(
        "/users/{name}/erasure", summary="Erase a person's data, here and beside the audit logs"
    )
    def erase_user(actor: ActorDep, name: str, body: ErasureIn) -> ErasureOut:
        manage(actor)
        with db.write() as tx:
            pseudonym = erase_person(tx, actor, name, body.reason)
        deps.forget()
        try:
            deps.carry_out_erasures()
        except Unavailable:
            return ErasureOut(name=pseudonym, pending=True)
        return ErasureOut(name=pseudonym, pending=False)

    @api.get("/tokens", summary="List my tokens (administrators: of everybody with all=true)")
    def list_tokens(
        actor: ActorDep,
        all: bool = False,
        limit: Limit = pages.DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> TokenPage:
        if all:
            manage(actor)
        else:
            require_own_account(actor)
        with db.read() as conn:
            page = tokens.list_tokens(
                conn, holder=None if all else actor.subject, limit=limit, after=cursor
            )
        return TokenPage(items=[_token(t) for t in page.items], next=page.next)

    @api.post("/tokens", status_code=201, summary="Make a token; its secret is shown this once")
    def create_token(actor: ActorDep, body: TokenIn) -> NewToken:
        _check_mint(deps.authorise, actor, body)
        with db.write() as tx:
            holder = users.get_user(tx.conn, body.user or actor.name)
            if holder.id != actor.subject and holder.kind != "service":
                raise Denied(
                    "Nobody makes tokens for another person.",
                    rule="token.own",
                    remedy="Let them make it themselves, or use a service account.",
                )
            made, secret = tokens.mint(
                tx,
                actor,
                holder,
                name=body.name,
                role=body.role,
                project=body.project,
                environment=body.environment,
                expires_at=_time(body.expires_at),
                longest_days=deps.longest_token_days,
                no_later_than=_end_of_maker(tx.conn, actor, holder, body),
                # Else an operator's token would turn into a person's, whose decisions count.
                auth_method="operator" if actor.auth_method == "operator" else "token",
            )
        return NewToken(**_token(made).model_dump(), token=secret)

    @api.delete("/tokens/{token_id}", status_code=204, summary="Revoke a token at once")
    def revoke_token(actor: ActorDep, token_id: str) -> None:
        manages = deps.authorise(actor, "user:manage", Resource()).allowed
        if not manages and token_id != actor.session:  # a token may always end itself
            require_own_account(actor)
        with db.write() as tx:
            tokens.revoke(tx, actor, token_id, holder=None if manages else actor.subject)
        deps.forget()

    return api


def _prove_own(deps: AccessDeps, actor: Actor, old_password: str | None) -> bool:
    """Whether the person themself changes their password, with the old one; a stolen token must not become a sign-in."""
    if actor.auth_method == "password" and actor.session is None and old_password is None:
        return True  # HTTP Basic has just proved it
    if actor.auth_method == "operator":
        require(deps.authorise, actor, "user:manage", Resource())
        return False  # somebody else chose it
    if deps.prove is None:
        raise Denied("Passwords are not changed here.", rule="sign-in.own")
    deps.prove(actor, old_password)
    return True


def _check_mint(authorise: Authorise, actor: Actor, body: TokenIn) -> None:
    """A token never opens more than its maker may do."""
    scope = actor.scope
    if scope.environment is not None:
        raise Denied("A delivery token cannot make tokens.", rule="scope.delivery")
    if (
        scope.role is not None
        and scope.role != "admin"
        and body.role not in (scope.role, "delivery")
    ):
        raise Denied(
            f"This token has the role {scope.role}; it cannot make one with another role.",
            rule="scope.role",
        )
    if scope.project is not None and body.project != scope.project:
        raise Denied(f"This token is bound to project {scope.project}.", rule="scope.project")
    if body.user is not None and body.user.casefold() != actor.name.casefold():
        require(authorise, actor, "user:manage", Resource())
    if body.environment is not None:
        require(
            authorise,
            actor,
            "delivery:read",
            Resource(project=body.project, environment=body.environment),
        )
    elif (
        body.role is not None
        and not actor.admin
        and body.role not in roles_on(actor.roles, body.project, anywhere=True)
    ):
        raise Denied(
            f"{actor.name} does not hold the role {body.role}"
            f"{' on ' + body.project if body.project else ' on every project'}.",
            rule="token.role",
            remedy="Make a token with a role you hold.",
        )


def _end_of_maker(conn: Connection, actor: Actor, holder: User, body: TokenIn) -> int | None:
    """When a token made with a token ends at the latest: one that leaks must not renew itself.

    Tokens for an environment and for service accounts are meant to stay when a person's own token ends.
    """
    if actor.auth_method not in TOKENS or holder.id != actor.subject or body.environment:
        return None
    return tokens.expiry_of(conn, actor.session)


def _time(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return from_text(text)
    except ValueError:
        raise Invalid(
            f"expires_at {text!r} is no RFC 3339 time.", remedy="For example 2027-01-31T00:00:00Z."
        ) from None


def _user(u: User) -> UserOut:
    return UserOut(
        id=u.id,
        name=u.name,
        display_name=u.display_name,
        email=u.email,
        kind=u.kind,
        admin=u.admin,
        active=u.active,
        created_at=to_text(u.created_at),
        person=u.person or u.id,
        unconfirmed=u.reset_at is not None,
    )


def _token(t: Token) -> TokenOut:
    return TokenOut(
        id=t.id,
        user=t.user,
        name=t.name,
        role=t.role,
        project=t.project,
        environment=t.environment,
        auth_method=t.auth_method,
        created_at=to_text(t.created_at),
        expires_at=to_text(t.expires_at) if t.expires_at else None,
        revoked_at=to_text(t.revoked_at) if t.revoked_at else None,
        last_used_at=to_text(t.last_used_at) if t.last_used_at else None,
    )
