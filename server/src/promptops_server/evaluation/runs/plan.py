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


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What one call of a target can cost at most; None: unknown, for want of a price or of a longest answer."""

    target: Target
    most: int | None
    priced: bool = False
    judges: bool = False


def check_prices(foreseen: Sequence[Foreseen], capped: bool) -> None:
    """Refuse to promise a limit on cost where it is unknown what a call can cost; all targets are named.

    Args:
        capped: whether the run itself has a limit.

    Raises:
        Invalid: a limit on cost, of the run or of a target's budget, cannot be kept.
    """
    unknown = [
        one
        for one in foreseen
        if one.most is None and (capped or one.target.budget_month is not None)
    ]
    if not unknown:
        return
    errors = [{"target": one.target.name, "message": _unknown(one, capped)} for one in unknown]
    first = unknown[0]
    if first.priced:
        cure = "Give the prompt maxTokens in its modelParameters"
    else:
        cure = (
            "Give the model a price in the installation's own catalogue file, or the target a --catalogue-id "
            "whose price is known"
        )
    drop = (
        "leave out max_cost" if capped else "have an administrator set the target without a budget"
    )
    raise Invalid(
        f"{errors[0]['message'][0].upper()}{errors[0]['message'][1:]}.",
        remedy=f"{cure}; or {drop}.",
        slug="unknown-price",
        errors=errors,
    )


def _unknown(one: Foreseen, capped: bool) -> str:
    what = "longest answer" if one.priced else "price"
    who = f"{one.target.name} ({one.target.model})" + (", which judges," if one.judges else "")
    limit = "max_cost" if capped else "its monthly budget"
    return f"the {what} of {who} is unknown, so {limit} cannot be kept"


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
