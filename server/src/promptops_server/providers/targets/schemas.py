"""Bodies of the routes of targets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import to_text
from promptops_server.providers.catalogue.entry import Entry
from promptops_server.providers.model import CredentialKind, Limits
from promptops_server.providers.targets.budget import Month
from promptops_server.providers.targets.credentials import MAX_SECRET, Given
from promptops_server.providers.targets.store import Stored
from promptops_server.providers.targets.values import MAX_BUDGET, MAX_OPTION, MAX_PROJECTS, Wanted


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LimitsIn(_In):
    """What the target may be asked for at most; null means no limit of ours."""

    requests_per_minute: int | None = Field(default=None, ge=1, le=1_000_000)
    tokens_per_minute: int | None = Field(default=None, ge=1, le=10_000_000_000)
    concurrency: int = Field(default=8, ge=1, le=1_000, description="Calls at the same time")


class CredentialIn(_In):
    """Where the secret is: `env` and `file` with a `name`, `sealed` with a `secret`, or `none`."""

    kind: CredentialKind
    name: Line = Field(
        default="",
        max_length=200,
        description="A variable of the server, or a file in its directory",
    )
    secret: SecretStr = Field(
        default=SecretStr(""), max_length=MAX_SECRET, description="Kept sealed; never returned"
    )

    def given(self) -> Given:
        """For the use cases."""
        return Given(self.kind, self.name, self.secret.get_secret_value())


class TargetBody(_In):
    """A model target as it shall be, without its name."""

    provider: Line = Field(min_length=1, max_length=40)
    model: Line = Field(min_length=1, max_length=200, description="The id as the endpoint knows it")
    catalogue_id: Line | None = Field(
        default=None,
        max_length=200,
        description="The catalogue's model it is priced and adapted as; null: `model`",
    )
    base_url: Line | None = Field(
        default=None, max_length=1000, description="null: the provider's own; no secret in it"
    )
    alias: bool | None = Field(
        default=None,
        description="Whether the id may come to mean another model; null: as the id suggests",
    )
    region: Line = Field(default="", max_length=60)
    data_class: Line = Field(
        default="internal", max_length=24, description="The most protected data it may be given"
    )
    projects: list[Annotated[Line, Field(max_length=100)]] | None = Field(
        default=None, max_length=MAX_PROJECTS, description="Those that may use it; null: every one"
    )
    limits: LimitsIn = LimitsIn()
    budget_month: int | None = Field(
        default=None,
        ge=0,
        le=MAX_BUDGET,
        description="Millionths of a US dollar in a month (UTC); null: no budget",
    )
    options: dict[
        Annotated[str, Field(max_length=60)], Annotated[Line, Field(max_length=MAX_OPTION)]
    ] = Field(default={}, max_length=30, description="The provider's own, such as `api_version`")
    enabled: bool = True
    credential: CredentialIn | None = Field(
        default=None,
        description="Without it, the one there is stays, if provider and address do",
    )

    def wanted(self, name: str) -> Wanted:
        """For the use cases."""
        return Wanted(
            name=name,
            provider=self.provider,
            model=self.model,
            catalogue_id=self.catalogue_id,
            base_url=self.base_url,
            alias=self.alias,
            region=self.region,
            data_class=self.data_class,
            projects=None if self.projects is None else tuple(dict.fromkeys(self.projects)),
            limits=Limits(**self.limits.model_dump()),
            budget_month=self.budget_month,
            options=self.options,
            enabled=self.enabled,
        )


class NewTarget(TargetBody):
    """A model target to add."""

    name: Line = Field(min_length=1, max_length=100)


class CheckIn(_In):
    """For which project; without it, it takes the right to manage models."""

    project: Line | None = Field(default=None, max_length=100)


class OptionOut(BaseModel):
    """A setting of a target that only this provider has."""

    name: str
    help: str
    required: bool
    default: str


class ProviderOut(BaseModel):
    """A provider that targets can name."""

    name: str
    title: str
    base_url: str = Field(description="used where the target has none; empty: it must have one")
    needs_credential: bool
    options: list[OptionOut]


class ProviderList(BaseModel):
    """The providers this installation has, and the data classes targets can be given."""

    items: list[ProviderOut]
    data_classes: list[str] = Field(description="from the least to the most protected")


class LimitsOut(BaseModel):
    """What it may be asked for at most."""

    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrency: int


class CredentialOut(BaseModel):
    """Where the secret is; nothing secret."""

    kind: Literal["none", "env", "file", "sealed"]
    name: str
    there: bool = Field(description="Whether a call would find it now")
    missing: str = Field(description="Why it would not; empty when it would")


class MonthOut(BaseModel):
    """What calls have cost this month (UTC), in millionths of a US dollar."""

    month: str
    spent: int
    reserved: int = Field(description="Set aside for calls under way")
    calls: int


class CheckOut(BaseModel):
    """What the last check found; null where it could not be told."""

    at: str
    ok: bool
    problem: str
    remedy: str
    fault: str | None
    reachable: bool | None
    authenticated: bool | None
    model_there: bool | None
    model: str = Field(description="What the endpoint says it is")
    stands_for: str = Field(description="The dated version an alias meant")
    fingerprint: str
    latency_ms: float | None
    first_token_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    cost: int | None = Field(description="Millionths of a US dollar")
    attempts: int
    notes: list[str]
    listed: list[str] = Field(description="Models the endpoint lists, where it was asked")


class TargetOut(BaseModel):
    """A model target, for who manages them."""

    name: str
    provider: str
    model: str
    catalogue_id: str | None
    base_url: str | None
    alias: bool
    region: str
    data_class: str
    projects: list[str] | None
    limits: LimitsOut
    budget_month: int | None
    this_month: MonthOut
    credential: CredentialOut
    options: dict[str, str]
    enabled: bool
    check: CheckOut | None
    created_at: str
    updated_at: str


class TargetPage(BaseModel):
    """A page of targets."""

    items: list[TargetOut]
    next: str | None


class UsableCheck(BaseModel):
    """What the last check found, in short."""

    at: str
    ok: bool
    problem: str
    fault: str | None
    model: str
    stands_for: str


class UsableOut(BaseModel):
    """A model target, for who may use it."""

    name: str
    provider: str
    model: str
    catalogue_id: str | None
    alias: bool
    region: str
    data_class: str
    credential_there: bool = Field(description="Whether a call would find its credential now")
    family: str | None = Field(description="The model's, such as `claude`; null where not known")
    input_price: float | None = Field(
        description="US dollars for a million tokens, nothing cached; null where not known, 0 where it costs nothing"
    )
    output_price: float | None
    check: UsableCheck | None


class UsablePage(BaseModel):
    """A page of targets that a project may use."""

    items: list[UsableOut]
    next: str | None


def target_out(found: Stored, missing: str, spent: Month) -> TargetOut:
    """A target as who manages them sees it."""
    target = found.target
    return TargetOut(
        name=target.name,
        provider=target.provider,
        model=target.model,
        catalogue_id=target.catalogue_id,
        base_url=target.base_url,
        alias=target.alias,
        region=target.region,
        data_class=target.data_class,
        projects=None if target.projects is None else list(target.projects),
        limits=LimitsOut(
            requests_per_minute=target.limits.requests_per_minute,
            tokens_per_minute=target.limits.tokens_per_minute,
            concurrency=target.limits.concurrency,
        ),
        budget_month=target.budget_month,
        this_month=MonthOut(
            month=spent.month, spent=spent.spent, reserved=spent.reserved, calls=spent.calls
        ),
        credential=CredentialOut(
            kind=target.credential.kind,
            name=target.credential.name,
            there=not missing,
            missing=missing,
        ),
        options={name: str(value) for name, value in target.options.items()},
        enabled=target.enabled,
        check=check_out(found),
        created_at=to_text(found.created_at),
        updated_at=to_text(found.updated_at),
    )


def check_out(found: Stored) -> CheckOut | None:
    """The last check, for who manages the target."""
    if found.checked is None or found.checked_at is None:
        return None
    return CheckOut(at=to_text(found.checked_at), **found.checked)


def users_check_out(found: Stored) -> CheckOut | None:
    """The last check, for who only uses the target: where its credential should be is not theirs to know."""
    whole = check_out(found)
    if whole is None or whole.fault != "no_credentials":
        return whole
    hidden = {"problem": "Its credential is not there.", "remedy": "Ask an administrator."}
    return whole.model_copy(update=hidden)


def usable_out(found: Stored, there: bool, entry: Entry | None, *, free: bool = False) -> UsableOut:
    """A target as who may use it sees it: nothing of its address or credential.

    Args:
        entry: what the catalogue knows of its model. Prices shown are those of short inputs, where they differ.
        free: its calls cost nothing, whatever the catalogue says.
    """
    target, check = found.target, users_check_out(found)
    price = None if entry is None else entry.price
    return UsableOut(
        name=target.name,
        provider=target.provider,
        model=target.model,
        catalogue_id=target.catalogue_id,
        alias=target.alias,
        region=target.region,
        data_class=target.data_class,
        credential_there=there,
        family=None if entry is None else entry.family,
        input_price=0.0 if free else None if price is None else float(price.input.base),
        output_price=0.0 if free else None if price is None else float(price.output.base),
        check=None
        if check is None
        else UsableCheck(
            at=check.at,
            ok=check.ok,
            problem=check.problem,
            fault=check.fault,
            model=check.model,
            stands_for=check.stands_for,
        ),
    )
