"""`/models/catalogue`: what is known about models. Nothing here is secret; whoever is signed in may read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from promptops.format.families import FAMILIES
from promptops_server.infra.cursor import DEFAULT_LIMIT, decode, page
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.infra.problems import BadRequest
from promptops_server.providers.catalogue.catalogue import Catalogue
from promptops_server.providers.catalogue.entry import Entry, Rate

Word = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class CatalogueDeps:
    """What the route needs."""

    catalogue: Catalogue


class RateOut(BaseModel):
    """Dollars for a million tokens."""

    base: float
    tiers: list[tuple[int, float]] = Field(
        description="From more than so many input tokens, for all tokens of the request"
    )


class PriceOut(BaseModel):
    """What text costs at this provider."""

    input: RateOut
    output: RateOut
    cached: RateOut | None
    cache_written: RateOut | None
    source: str
    date: str | None = Field(description="The day the price list speaks of")


class ContractOut(BaseModel):
    """What the provider refuses, and what is done about it."""

    id: str
    rule: str
    settings: dict[str, Any]
    when: dict[str, Any] | None
    unless: dict[str, Any] | None
    why: str
    source: str
    date: str


class EntryOut(BaseModel):
    """A model at a provider; null means that it is not known."""

    id: str
    provider: str | None
    family: str | None
    name: str
    context: int | None
    max_output: int | None
    modalities: list[str] | None
    accepted: list[str] | None
    refused: list[str]
    price: PriceOut | None
    alias: bool | None = Field(description="Whether the id may come to mean another model")
    deprecated_at: str | None
    retired_at: str | None
    contracts: list[ContractOut]
    source: str
    date: str
    digest: str = Field(description="Changes when requests or results come to mean something else")


class EntryPage(BaseModel):
    """A page of the catalogue."""

    items: list[EntryOut]
    next: str | None


def router(deps: CatalogueDeps) -> APIRouter:
    """The route of the catalogue, without prefix."""
    api = APIRouter(tags=["models"])

    @api.get(
        "/models/catalogue",
        summary="List the models that are known",
        responses=problem_responses(400, 401, 422),
    )
    def listing(
        actor: ActorDep,
        q: Annotated[
            Word, Query(description="Words that occur in id, name, provider, family")
        ] = "",
        family: Annotated[Word | None, Query(description="Such as `gpt`, `claude`, `qwen`")] = None,
        provider: Annotated[Word | None, Query(description="Such as `openai`, `groq`")] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> EntryPage:
        if family is not None and family not in FAMILIES:
            raise BadRequest(
                f"There is no family {family!r}.", remedy=f"Families are {', '.join(FAMILIES)}."
            )
        last = decode(cursor, str, str) if cursor else None
        lines = deps.catalogue.listings(
            q=q,
            family=family,
            provider=provider,
            after=(last[0], last[1]) if last else None,
            limit=limit + 1,
        )
        found = page(lines, limit, lambda line: line.key)
        entries = [deps.catalogue.entry(line.id, line.provider or None) for line in found.items]
        return EntryPage(items=[entry_out(e) for e in entries if e is not None], next=found.next)

    return api


def entry_out(entry: Entry) -> EntryOut:
    """An entry as it is answered."""
    price = entry.price
    return EntryOut(
        id=entry.id,
        provider=entry.provider,
        family=entry.family,
        name=entry.name,
        context=entry.context,
        max_output=entry.max_output,
        modalities=list(entry.modalities) if entry.modalities is not None else None,
        accepted=list(entry.parameters.accepted) if entry.parameters.accepted is not None else None,
        refused=list(entry.parameters.refused),
        price=PriceOut(
            input=_rate(price.input),
            output=_rate(price.output),
            cached=_rate(price.cached) if price.cached else None,
            cache_written=_rate(price.cache_written) if price.cache_written else None,
            source=price.source,
            date=price.date or None,
        )
        if price
        else None,
        alias=entry.alias,
        deprecated_at=entry.deprecated_at,
        retired_at=entry.retired_at,
        contracts=[
            ContractOut(**c.as_json(), why=c.why, source=c.source, date=c.date)
            for c in entry.contracts
        ],
        source=entry.source,
        date=entry.date,
        digest=entry.digest,
    )


def _rate(rate: Rate) -> RateOut:
    return RateOut(
        base=float(rate.base), tiers=[(start, float(price)) for start, price in rate.tiers]
    )
