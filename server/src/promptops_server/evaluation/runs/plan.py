"""Which calls a run consists of, and what keeps it from being made at all. Pure: everything is given.

A case that cannot be rendered does not refuse a run: its calls end as errors with the reason (`asks`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from promptops_server.evaluation.model import Suite
from promptops_server.evaluation.runs.model import PlannedCall
from promptops_server.infra.problems import Invalid, TooLarge
from promptops_server.providers.model import DATA_CLASSES, Target

MAX_REPEAT = 100
MAX_TARGETS = 50


def planned_calls(
    targets: Sequence[Target], suites: Sequence[Suite], repeat: int, *, most: int
) -> tuple[PlannedCall, ...]:
    """Every target × case × repeat; the repeats of a case stand together.

    Raises:
        Invalid: there is no case, or two suites or two cases of a suite have one name.
        TooLarge: more calls than a run may have.
    """
    _check_names(suites)
    cases = sum(len(suite.cases) for suite in suites)
    if not cases:
        named = ", ".join(suite.name for suite in suites)
        raise Invalid(
            f"There is no case to test with: {named} holds none."
            if named
            else "There is no case to test with.",
            remedy="Give the prompt `testData`, or put a suite file beside it.",
            slug="no-cases",
        )
    count = len(targets) * cases * repeat
    if count > most:
        raise TooLarge(
            f"This run would make {count:,} calls ({len(targets)} targets × {cases} cases × {repeat}); "
            f"a run has at most {most:,} (test_runs.calls).",
            remedy="Test fewer targets, suites or repeats at once.",
        )
    return tuple(_calls(targets, suites, repeat))


def check_data_class(address: str, said: str | None, targets: Sequence[Target]) -> None:
    """Refuse targets that may not be given data as protected as the prompt's record says; all are named.

    Raises:
        Invalid: with an error per target.
    """
    if said not in DATA_CLASSES:
        return
    wanted = DATA_CLASSES.index(said)
    errors = [
        {
            "target": target.name,
            "message": f"{target.name} may be given data up to {target.data_class}; "
            f"{address} works on {said} data",
        }
        for target in targets
        if _rank(target.data_class) < wanted
    ]
    if errors:
        raise Invalid(
            f"{errors[0]['message']}.",
            remedy="Choose targets allowed for that data, or have an administrator raise the target's data class.",
            slug="data-class",
            errors=errors,
        )


def check_prices(most: Mapping[str, int | None], targets: Sequence[Target], capped: bool) -> None:
    """Refuse to promise a limit on cost where a price is unknown; all targets are named.

    Args:
        most: the most one call can cost by target id; None: unknown.
        capped: whether the run itself has a limit.

    Raises:
        Invalid: a limit on cost, of the run or of a target's budget, cannot be kept.
    """
    unknown = [t for t in targets if most.get(t.id, 0) is None]
    errors = [
        {
            "target": target.name,
            "message": f"the price of {target.name} ({target.model}) is unknown, so "
            + ("max_cost" if capped else "its monthly budget")
            + " cannot be kept",
        }
        for target in unknown
        if capped or target.budget_month is not None
    ]
    if errors:
        raise Invalid(
            f"{errors[0]['message'][0].upper()}{errors[0]['message'][1:]}.",
            remedy="Have the model's price put into the catalogue, or test without that limit.",
            slug="unknown-price",
            errors=errors,
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run consists of before anything is sent. `most` is None where a price is unknown.

    `unrenderable` are the cases that will end as errors, with the reason.
    """

    calls: int
    by_target: Mapping[str, TargetEstimate]
    unrenderable: tuple[Mapping[str, str], ...]

    @property
    def most(self) -> int | None:
        """The most the whole run can cost without judges; None where any price is unknown."""
        amounts = [each.most for each in self.by_target.values()]
        known = [amount for amount in amounts if amount is not None]
        return sum(known) if len(known) == len(amounts) else None


@dataclass(frozen=True, slots=True)
class TargetEstimate:
    """Calls of one target and the most they can cost together."""

    name: str
    calls: int
    most: int | None


def _rank(data_class: str) -> int:
    return DATA_CLASSES.index(data_class) if data_class in DATA_CLASSES else 0


def _check_names(suites: Sequence[Suite]) -> None:
    names = [suite.name for suite in suites]
    for name in names:
        if names.count(name) > 1:
            raise Invalid(
                f"Two suites are called {name!r}.", remedy="Rename one of them.", slug="suite-twice"
            )
    for suite in suites:
        seen: set[str] = set()
        for case in suite.cases:
            if case.key in seen:
                raise Invalid(
                    f"Two cases of the suite {suite.name} have the key {case.key!r}.",
                    remedy="Give each case a name of its own.",
                    slug="case-twice",
                )
            seen.add(case.key)


def _calls(
    targets: Sequence[Target], suites: Sequence[Suite], repeat: int
) -> Iterator[PlannedCall]:
    ordinal = 0
    for target in targets:
        for suite in suites:
            for case in suite.cases:
                for number in range(repeat):
                    yield PlannedCall(ordinal, target.id, suite.name, case.key, number)
                    ordinal += 1
