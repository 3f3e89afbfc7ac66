"""The catalogue: an entry by any name, and the list of what is known.

Owns joining the files with the price list, and reading both only when first asked. One per process; safe to ask from
several threads.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from promptops.format.families import family_of
from promptops_server.providers.catalogue import price_list
from promptops_server.providers.catalogue.entry import Contract, Entry, Parameters, Price, Rate
from promptops_server.providers.catalogue.names import matches, names_of, prefix_of, undated
from promptops_server.providers.catalogue.read_file import (
    ContractRow,
    File,
    Match,
    read_content,
    read_path,
)
from promptops_server.providers.model import Target

FILES = ("models.yaml", "contracts.yaml")
_KEPT = 4096
"""Entries kept; ids come from people, so there is an end to it."""
_OF_ALIAS = ("title", "names", "snapshots", "alias")
"""What is said of the name and not of its dated versions."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One line of the list, before its entry is made."""

    id: str
    provider: str
    family: str | None
    words: str

    @property
    def key(self) -> tuple[str, str]:
        """Its place in the list."""
        return self.id, self.provider


@dataclass(frozen=True, slots=True)
class _Tables:
    models: Mapping[str, Mapping[str, Any]]
    by_name: Mapping[str, tuple[str, bool]]
    """A name to the model, and whether it is one of its dated versions."""
    patterns: tuple[tuple[str, str], ...]
    contracts: tuple[ContractRow, ...]


class Catalogue:
    """Answers from the product's files, the installation's own file, and the price list."""

    def __init__(self, own_file: Path | None = None) -> None:
        self._own_file = own_file
        self._own: File | None = None
        self._lock = threading.Lock()
        self._tables: _Tables | None = None
        self._entries: dict[tuple[str, str | None], Entry | None] = {}
        self._listings: tuple[Listing, ...] | None = None

    def check(self) -> None:
        """Read the installation's own file, where there is one; what it says now holds until the next start.

        Raises:
            CatalogueError: it cannot be used; says file, line and what to do.
        """
        if self._own_file is not None:
            self._own = read_path(self._own_file)

    def entry(self, model_id: str, provider: str | None = None) -> Entry | None:
        """The model by its id at the provider; None when not even its family is known.

        Args:
            model_id: as the endpoint, a hub or a person names it.
            provider: as targets name it; without one, whoever the id or the family says.

        Raises:
            CatalogueError: a file cannot be used; not after `check`.
        """
        key = (model_id, provider)
        found = self._entries.get(key)
        if found is not None or key in self._entries:
            return found
        made, changes = self._make(model_id, provider)
        if not changes and len(self._entries) < _KEPT:
            self._entries[key] = made
        return made

    def of_target(self, target: Target) -> Entry | None:
        """The model a target calls: by its `catalogue_id`, else by its model's id."""
        return self.entry(target.catalogue_id or target.model, target.provider)

    def digest_of(self, target: Target) -> str:
        """The digest of a target's entry; empty where there is none."""
        found = self.of_target(target)
        return found.digest if found is not None else ""

    def listings(
        self,
        *,
        q: str = "",
        family: str | None = None,
        provider: str | None = None,
        after: tuple[str, str] | None = None,
        limit: int,
    ) -> list[Listing]:
        """Lines of the list in the order of id and provider, at most `limit`; `q` are words that all occur."""
        words = q.lower().split()
        found: list[Listing] = []
        for line in self._all():
            if after is not None and line.key <= after:
                continue
            if family is not None and line.family != family:
                continue
            if provider is not None and line.provider != provider:
                continue
            if all(word in line.words for word in words):
                found.append(line)
                if len(found) == limit:
                    break
        return found

    def _all(self) -> tuple[Listing, ...]:
        if self._listings is None:
            tables = self._loaded()
            lines: dict[tuple[str, str], Listing] = {}
            for provider, model_id, title in price_list.all_models():
                _add(lines, model_id, provider, family_of(model_id), title)
            for model_id, said in tables.models.items():
                family = said.get("family") or family_of(model_id)
                price = said.get("price")
                house = (
                    price.get("provider") if price else price_list.HOUSES.get(family or "")
                ) or ""
                for name in (model_id, *said.get("snapshots", ())):
                    _add(lines, name, house, family, said.get("title", ""))
            self._listings = tuple(sorted(lines.values(), key=lambda line: line.key))
        return self._listings

    def _loaded(self) -> _Tables:
        with self._lock:
            if self._tables is None:
                here = files(__package__)
                read = [read_content((here / name).read_bytes(), name) for name in FILES]
                if self._own_file is not None:
                    read.append(self._own or read_path(self._own_file))
                self._tables = _tables(read)
            return self._tables

    def _make(self, model_id: str, provider: str | None) -> tuple[Entry | None, bool]:
        tables = self._loaded()
        names = names_of(model_id)
        own, dated = _own(tables, names)
        said: Mapping[str, Any] = tables.models[own] if own else {}
        if dated:
            said = {key: value for key, value in said.items() if key not in _OF_ALIAS}
        family = said.get("family") or family_of(model_id)
        seller = provider.lower() if provider else _seller(model_id, family, said)
        listed = price_list.find(_also(names, own), seller) if seller else None
        if not own and listed is None and family is None:
            return None, False
        shown = (names[-1] if dated else own) or (listed.id if listed else names[0])
        contracts = _contracts(tables, {*names, *((own,) if own else ())}, family, seller)
        price = _price(said.get("price"), seller) or (listed.price if listed else None)
        entry = Entry(
            id=shown,
            family=family,
            provider=seller,
            name=said.get("title") or (listed.title if listed else ""),
            context=_context(said, listed, seller, family),
            max_output=said.get("max_output"),
            modalities=said.get("modalities"),
            parameters=_parameters(said.get("accepted"), contracts),
            price=price,
            alias=False if dated else _alias(names, said),
            deprecated_at=said.get("deprecated_at"),
            retired_at=said.get("retired_at"),
            contracts=contracts,
            source=said.get("source", ""),
            date=said.get("date", ""),
        )
        return entry, bool(listed and listed.changes)


def _add(
    lines: dict[tuple[str, str], Listing], name: str, provider: str, family: str | None, title: str
) -> None:
    words = f"{name} {title} {provider} {family or ''}".lower()
    lines.setdefault((name, provider), Listing(name, provider, family, words))


def _tables(read: list[File]) -> _Tables:
    """The files as one, a later one over an earlier one."""
    models: dict[str, dict[str, Any]] = {}
    contracts: dict[str, ContractRow] = {}
    for file in read:
        for row in file.models:
            models[row.id] = {**models.get(row.id, {}), **row.said}
        for contract in file.contracts:
            contracts[contract.id] = contract
    by_name: dict[str, tuple[str, bool]] = {}
    patterns: list[tuple[str, str]] = []
    for model_id, said in models.items():
        by_name[model_id] = (model_id, False)
        for name in said.get("snapshots", ()):
            by_name[name] = (model_id, True)
        for name in said.get("names", ()):
            if "*" in name:
                patterns.append((name, model_id))
            else:
                by_name[name] = (model_id, False)
    kept = tuple(row for row in contracts.values() if row.contract is not None)
    return _Tables(models, by_name, tuple(patterns), kept)


def _own(tables: _Tables, names: tuple[str, ...]) -> tuple[str | None, bool]:
    """The model of our table, and whether the name is one of its dated versions."""
    for name in names:
        if name in tables.by_name:
            return tables.by_name[name]
    for name in names:
        for pattern, model_id in tables.patterns:
            if matches((name,), (pattern,)):
                return model_id, False
    for name in names:
        short = undated(name)
        if short is not None and short in tables.by_name:
            return tables.by_name[short][0], True
    return None, False


def _also(names: tuple[str, ...], own: str | None) -> tuple[str, ...]:
    shorter = tuple(short for name in names if (short := undated(name)) is not None)
    return (*names, *((own,) if own else ()), *shorter)


def _seller(model_id: str, family: str | None, said: Mapping[str, Any]) -> str | None:
    """Whose price and contracts count where no provider is named."""
    prefix = prefix_of(model_id)
    if prefix is not None and price_list.has_provider(prefix):
        return prefix
    if said.get("price"):
        named = said["price"].get("provider")
        return str(named) if named else None
    if family == "gpt" and "oss" in model_id.lower():
        return None  # open weights: their maker does not serve them
    return price_list.HOUSES.get(family or "")


def _price(given: Mapping[str, Any] | None, seller: str | None) -> Price | None:
    """The price in a file, where it is for this seller."""
    if not given or (given.get("provider") and given["provider"] != seller):
        return None
    rates: dict[str, Any] = {
        key: Rate(given[key])
        for key in ("input", "output", "cached", "cache_written")
        if key in given
    }
    return Price(provider=seller or "", source=given["source"], date=given["date"], **rates)


def _context(
    said: Mapping[str, Any],
    listed: price_list.Listed | None,
    seller: str | None,
    family: str | None,
) -> int | None:
    """A host may give open weights less room than they have; a model's own maker is known better to our table."""
    own: int | None = said.get("context")
    theirs = listed.context if listed else None
    if seller in (None, price_list.HOUSES.get(family or "")):
        return own or theirs
    return theirs or own


def _contracts(
    tables: _Tables, names: set[str], family: str | None, provider: str | None
) -> tuple[Contract, ...]:
    return tuple(
        row.contract
        for row in tables.contracts
        if row.contract is not None and _is_for(row.match, names, family, provider)
    )


def _is_for(match: Match, names: set[str], family: str | None, provider: str | None) -> bool:
    if match.families and family not in match.families:
        return False
    if match.models and not matches(names, match.models):
        return False
    if match.not_models and matches(names, match.not_models):
        return False
    if match.providers and provider not in match.providers:
        return False
    return not (match.not_providers and provider in match.not_providers)


def _parameters(accepted: tuple[str, ...] | None, contracts: tuple[Contract, ...]) -> Parameters:
    """Refused is what is refused whatever else a request says; what is taken with some values counts as accepted."""
    refused = {
        name
        for contract in contracts
        if contract.rule == "refuse_parameters" and not contract.when and not contract.unless
        for name in contract.settings["parameters"]
    }
    return Parameters(accepted, tuple(sorted(refused - set(accepted or ()))))


def _alias(names: tuple[str, ...], said: Mapping[str, Any]) -> bool | None:
    if "alias" in said:
        return bool(said["alias"])
    if any(name.endswith("-latest") for name in names):
        return True
    return False if any(undated(name) for name in names) else None
