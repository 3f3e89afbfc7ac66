"""The rule `works_on`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from promptops_server.approvals.model import Content, GateFacts, MatrixAsk, Unmet
from promptops_server.approvals.rule import EnvironmentRule, listed
from promptops_server.evaluation.matrix.model import Cell
from promptops_server.evaluation.matrix.verdict import cases_needed, percent
from promptops_server.infra.body_fields import Line

_VERDICTS = {
    "works": "works",
    "needs_tuning": "needs tuning",
    "fails": "fails",
    "untested": "untested",
    "out_of_date": "out of date",
}


class WorksOn(EnvironmentRule):
    """What is published works on these model targets, such as the production target and its fallback: the matrix says
    so of this very content, tested with every suite that belongs to the prompt (or with the one named), and nothing has
    changed since. With `at_least` the lower bound of the share of cases that pass must reach it."""

    name: ClassVar[str] = "works_on"
    targets: tuple[Annotated[Line, Field(min_length=1, max_length=100)], ...] = Field(
        min_length=1, max_length=10
    )
    at_least: float | None = Field(default=None, gt=0, lt=1, examples=[0.6])
    suite: Annotated[Line, Field(min_length=1, max_length=700)] | None = None

    @field_validator("at_least")
    @classmethod
    def _within_reach(cls, share: float | None) -> float | None:
        if share is not None and share > 0.999:
            raise ValueError("a bound above 0.999 takes thousands of cases; ask for less")
        return share

    @field_validator("targets")
    @classmethod
    def _each_once(cls, targets: tuple[str, ...]) -> tuple[str, ...]:
        if len({name.casefold() for name in targets}) < len(targets):
            raise ValueError("a target is named twice")
        return targets

    def words(self) -> str:
        told = f"only what works on {_and(self.targets)}"
        if self.suite is not None:
            told += f", tested with {self.suite}"
        if self.at_least is not None:
            told += f", with a lower bound of at least {self.at_least * 100:g} %"
        return told

    def tested_on(self) -> MatrixAsk:
        return MatrixAsk(self.targets, self.suite)

    def check(self, facts: GateFacts) -> Iterator[Unmet]:
        known = facts.matrix.get(self.tested_on(), {})
        not_working: list[str] = []
        unsure: list[str] = []
        for content in facts.contents:
            for target in self.targets:
                cell = known.get((content.path, target)) or Cell(target, "untested", "no run yet")
                if cell.verdict != "works":
                    not_working.append(_said(content, cell))
                elif self.at_least is not None and (cell.bound or 0.0) < self.at_least:
                    unsure.append(_bound_said(content, cell, self.at_least))
        if not_working:
            yield self.unmet(
                f"{facts.environment} takes only what works on {_and(self.targets)}; "
                f"{listed(not_working)}.",
                self._remedy(facts),
            )
        if unsure and self.at_least is not None:
            yield self.unmet(
                f"{facts.environment} asks for a lower bound of {self.at_least * 100:g} %; {listed(unsure)}.",
                f"Add cases until there are {cases_needed(self.at_least):,} that all pass, and test again.",
            )

    def _remedy(self, facts: GateFacts) -> str:
        path = facts.contents[0].path if len(facts.contents) == 1 else "PROMPT"
        suite = f" --suite {self.suite}" if self.suite else ""
        return (
            f"Test it: `promptops test {facts.project or 'PROJECT'}/{path} --models "
            f"{','.join(self.targets)}{suite}`; where it does not work, change the prompt or give it a variant."
        )


def _said(content: Content, cell: Cell) -> str:
    run = f", run {cell.run}" if cell.run is not None else ""
    return f"{content.address} on {cell.target}: {_VERDICTS[cell.verdict]} ({cell.words}{run})"


def _bound_said(content: Content, cell: Cell, wanted: float) -> str:
    bound = percent(cell.bound or 0.0, under=wanted)
    return (
        f"{content.address} on {cell.target}: {cell.passed} of {cell.cases} pass, lower bound {bound}; "
        f"{wanted * 100:g} % takes {cases_needed(wanted):,} cases that all pass"
    )


def _and(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
