"""Releases and environments as the HTTP API says them. Times are RFC 3339 in UTC."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from promptops_server.approvals.rulebook import name_of, to_json
from promptops_server.infra.clock import to_text
from promptops_server.registry.routes.comparison_out import ComparisonOut, comparison_fields
from promptops_server.releases.model import (
    MAX_CHANGES,
    Changed,
    Delivery,
    Environment,
    LiveEntry,
    Outcome,
    Pick,
    Release,
)
from promptops_server.releases.preview import Preview


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EnvironmentIn(_In):
    """A new environment. The publish gate applies unless `approval_required` is false."""

    name: str
    approval_required: bool = True


class PickIn(_In):
    """A prompt to publish; without `version`, its newest."""

    path: str
    version: int | None = Field(default=None, ge=1, le=999_999_999)


class Reasoned(_In):
    """A change with its reason."""

    reason: str = Field(default="", description="3 to 2,000 characters; not needed for a dry run")
    ticket: str | None = Field(default=None, description="for example OPS-1234")


class EmergencyIn(_In):
    """Why it cannot wait."""

    incident: str = Field(max_length=200, description="the incident's number, for example INC-123")


class PublishIn(Reasoned):
    """Versions to make live, in one release."""

    prompts: list[PickIn] = Field(min_length=1, max_length=MAX_CHANGES)
    dry_run: bool = False
    at: str | None = Field(
        default=None, description="a time to publish at (RFC 3339); the versions are pinned now"
    )
    only_if_head: bool = Field(
        default=False, description="with `at`: refuse it then if somebody released here meanwhile"
    )
    emergency: EmergencyIn | None = Field(
        default=None, description="break the glass: wait for no approval; ratified within 72 hours"
    )


class RollbackIn(Reasoned):
    """Either one prompt (`path`; `to_version`, or the version live before), or all as after `to_release`."""

    path: str | None = None
    to_version: int | None = Field(default=None, ge=1, le=999_999_999)
    to_release: int | None = Field(default=None, ge=0, le=2**31 - 1)
    dry_run: bool = False


class StopIn(Reasoned):
    """Prompts to suspend or unpublish."""

    prompts: list[str] = Field(min_length=1, max_length=MAX_CHANGES)


class EnvironmentOut(BaseModel):
    """An environment and its newest release (0: none yet)."""

    name: str
    project: str
    environment_id: str
    position: int
    approval_required: bool
    rules: dict[str, Any] = Field(description="rule to its settings, as PATCH takes them")
    rules_in_words: dict[str, str]
    release: int
    epoch: int
    count: int
    created_at: str


class EnvironmentList(BaseModel):
    """All environments of a project, in the order of promotion."""

    items: list[EnvironmentOut]
    next: str | None = None


class AtOut(BaseModel):
    """The release whose content is shown, and when it was acknowledged."""

    release: int
    acknowledged_at: str


class LiveOut(BaseModel):
    """What stands at one address: `live`, or `suspended` with the reason."""

    path: str
    state: Literal["live", "suspended"]
    version: int
    release: int
    since: str
    digest: str
    reason: str
    actor: str = Field(description="who made that release")


class EnvironmentAt(EnvironmentOut):
    """An environment with a page of what is (or, with `at`, was) live in it."""

    at: AtOut
    items: list[LiveOut]
    next: str | None


class ChangedOut(BaseModel):
    """One prompt of a release; `previous` is the version live before, null if none was."""

    path: str
    state: Literal["live", "suspended", "removed"]
    version: int
    previous: int | None


class SealOut(BaseModel):
    """The signature over a release: which key made it, and the SHA-256 of what was signed, as hex."""

    key: str
    signature: str
    hash: str


class ReleaseOut(BaseModel):
    """A release. `delivery` says whether Redis has it; null in lists. `changed` counts all its prompts: lists show at
    most the first hundred."""

    number: int
    environment: str
    kind: Literal["publish", "rollback", "unpublish", "suspend", "epoch"]
    epoch: int
    commit: str
    acknowledged_at: str
    actor: str
    reason: str
    ticket: str | None
    changed: int
    prompts: list[ChangedOut]
    delivery: Delivery | None
    seal: SealOut | None = Field(default=None, description="of one release alone; null in lists")


class ReleasePage(BaseModel):
    """Releases, newest first."""

    items: list[ReleaseOut]
    next: str | None


class VersionOut(BaseModel):
    """A version by its path and number."""

    path: str
    version: int | None


class KeptOut(BaseModel):
    """A prompt that a rollback of the whole environment left stopped, and why."""

    path: str
    version: int
    why: str


class ReleaseMade(ReleaseOut):
    """The release just made; `unchanged` is what was asked for and was so already."""

    unchanged: list[VersionOut]
    kept: list[KeptOut]


class DifferenceOut(ChangedOut, ComparisonOut):
    """What would change: a unified diff of the file, the keys that differ, and (of at most 200 prompts) the sections."""

    diff: str
    keys: list[str]


class UnmetOut(BaseModel):
    """A condition that is not met, and what would satisfy it."""

    rule: str
    detail: str
    remedy: str


class PreviewOut(BaseModel):
    """What the change would come to on release `on`. Nothing was written."""

    dry_run: Literal[True] = True
    environment: str
    on: int
    allowed: bool
    unmet: list[UnmetOut]
    prompts: list[DifferenceOut]
    unchanged: list[VersionOut]
    kept: list[KeptOut]


def environment_out(project: str, value: Environment) -> EnvironmentOut:
    """An environment."""
    return EnvironmentOut(
        name=value.name,
        project=project,
        environment_id=value.id,
        position=value.position,
        approval_required=value.approval_required,
        rules=to_json(value.rules),
        rules_in_words={name_of(rule): rule.words() for rule in value.rules},
        release=value.head,
        epoch=value.epoch,
        count=value.count,
        created_at=to_text(value.created_at),
    )


def live_out(entry: LiveEntry) -> LiveOut:
    """What stands at one address."""
    assert entry.state != "removed"
    return LiveOut(
        path=entry.path,
        state=entry.state,
        version=entry.version,
        release=entry.release,
        since=to_text(entry.since),
        digest=entry.digest,
        reason=entry.reason,
        actor=entry.actor,
    )


def release_out(value: Release, delivery: Delivery | None) -> ReleaseOut:
    """A release."""
    return ReleaseOut(
        number=value.number,
        environment=value.environment,
        kind=value.kind,
        epoch=value.epoch,
        commit=value.commit,
        acknowledged_at=to_text(value.acknowledged_at),
        actor=value.actor,
        reason=value.reason,
        ticket=value.ticket,
        changed=value.changed,
        prompts=[_changed(line) for line in value.prompts],
        delivery=delivery,
        seal=None
        if value.seal is None
        else SealOut(key=value.seal.key, signature=value.seal.signature, hash=value.seal.hash),
    )


def made_out(outcome: Outcome) -> ReleaseMade:
    """The release just made."""
    return ReleaseMade(
        **release_out(outcome.release, outcome.delivery).model_dump(),
        unchanged=[_version(pick) for pick in outcome.unchanged],
        kept=[KeptOut(path=k.path, version=k.version, why=k.why) for k in outcome.kept],
    )


def preview_out(environment: str, preview: Preview) -> PreviewOut:
    """The answer to a dry run."""
    return PreviewOut(
        environment=environment,
        on=preview.head,
        allowed=not preview.unmet,
        unmet=[UnmetOut(rule=u.rule, detail=u.detail, remedy=u.remedy) for u in preview.unmet],
        prompts=[
            DifferenceOut(
                path=d.path,
                state=d.state,
                version=d.version,
                previous=d.previous,
                diff=d.diff,
                keys=list(d.keys),
                **comparison_fields(d.comparison, d.behaviour_changed, d.record_changed),
            )
            for d in preview.differences
        ],
        unchanged=[_version(pick) for pick in preview.unchanged],
        kept=[KeptOut(path=k.path, version=k.version, why=k.why) for k in preview.kept],
    )


def _changed(line: Changed) -> ChangedOut:
    return ChangedOut(
        path=line.path, state=line.state, version=line.version, previous=line.previous
    )


def _version(pick: Pick) -> VersionOut:
    return VersionOut(path=pick.path, version=pick.version)
