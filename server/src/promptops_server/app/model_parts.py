"""Everything about models that one process needs once: the catalogue, calls and their prices."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from promptops.calls.ask import Ask, snake_case
from promptops_server.infra.settings import Settings
from promptops_server.providers.calls import Calls, provider_of
from promptops_server.providers.catalogue.adapt import Adapted, adapt
from promptops_server.providers.catalogue.catalogue import Catalogue
from promptops_server.providers.catalogue.entry import Entry
from promptops_server.providers.model import Target, Usage
from promptops_server.providers.preview import preview
from promptops_server.providers.pricing import cost_of, most_it_can_cost
from promptops_server.providers.targets.ports import TargetDeps
from promptops_server.providers.tokens import count

_LIMITS = frozenset(("max_tokens", "max_completion_tokens", "max_output_tokens"))


class ModelParts:
    """Knows models, reaches their endpoints, prices their calls. `calls` is asked for once per event loop."""

    def __init__(self, settings: Settings, targets: TargetDeps, catalogue: Catalogue) -> None:
        self._settings = settings.models
        self.catalogue = catalogue
        self.providers = targets.kinds
        self.credentials = targets.credentials

    def calls(self) -> Calls:
        """A caller for the running event loop."""
        from promptops_server.providers.wire.http import Http  # memory that an idle server saves

        return Calls(
            Http(self._settings), self.providers, self.credentials.secret_of, adapt=self.adapt
        )

    def entry(self, target: Target) -> Entry | None:
        """What the catalogue knows of a target's model."""
        return self.catalogue.entry(target.catalogue_id or target.model, target.provider)

    def digest(self, target: Target) -> str:
        """The digest of that; empty where nothing is known."""
        found = self.entry(target)
        return "" if found is None else found.digest

    def family(self, target: Target) -> str | None:
        """The family of its model; None where that is not known."""
        found = self.entry(target)
        return None if found is None else found.family

    def adapt(self, ask: Ask, target: Target) -> Adapted:
        """A prompt as the target's model takes it."""
        return adapt(ask, self.entry(target))

    def preview(self, target: Target, ask: Ask) -> Mapping[str, Any]:
        """The exact request, as JSON. Raises CallError."""
        provider = provider_of(self.providers, target)
        shown = preview(provider, target, ask, adapt=self.adapt)
        notes = [dataclasses.asdict(note) for note in shown["notes"]]
        return {**shown, "notes": notes}

    def cost_of(self, target: Target, usage: Usage) -> int | None:
        """What a call cost; None where that is not known."""
        if self._is_free(target):
            return 0
        return cost_of(self.entry(target), usage)

    def most_it_can_cost(
        self, target: Target, input_tokens: int, max_tokens: int | None
    ) -> int | None:
        """The most a call can cost; None where that is not known."""
        if self._is_free(target):
            return 0
        return most_it_can_cost(self.entry(target), input_tokens, max_tokens)

    def most(self, target: Target, ask: Ask) -> int | None:
        """The same for a rendered prompt."""
        model = target.catalogue_id or target.model
        tokens = count(ask, model, target.provider).count
        limits = [
            value
            for name, value in ask.parameters.items()
            if snake_case(name) in _LIMITS and isinstance(value, int)
        ]
        return self.most_it_can_cost(target, tokens, max(limits) if limits else None)

    def _is_free(self, target: Target) -> bool:
        provider = self.providers.get(target.provider)
        return provider is not None and provider.free
