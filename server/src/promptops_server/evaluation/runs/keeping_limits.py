"""Before a run begins: whether the limits on its cost can be kept, by the prices of what is called and of what judges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from promptops.calls.ask import Ask
from promptops_server.evaluation.checks import asked_by
from promptops_server.evaluation.model import Suite
from promptops_server.evaluation.runs.asks import Asks, CannotAsk
from promptops_server.evaluation.runs.model import Contents
from promptops_server.evaluation.runs.plan import Foreseen, check_prices
from promptops_server.evaluation.runs.ports import RunDeps
from promptops_server.infra.problems import ProblemError
from promptops_server.providers.model import Target, Usage

_ONE_TOKEN = Usage(input=1, output=1)


def check_limits_can_be_kept(
    deps: RunDeps,
    conn: Connection,
    project: str,
    contents: Contents,
    targets: Sequence[Target],
    *,
    capped: bool,
) -> None:
    """Refuse a limit on cost, the run's or a target's budget, where a price is unknown. Renders one case per target.

    Raises:
        Invalid: naming the targets.
    """
    asks = Asks(contents.artifact, deps.limited)
    found: dict[tuple[str, bool], Foreseen] = {}
    for target in targets:
        if capped or target.budget_month is not None:
            ask = _first(asks, target, contents.suites)
            if ask is not None:
                found[target.id, False] = _foreseen(deps, target, ask)
    for target, ask in _judges(deps, conn, project, contents.suites):
        key = (target.id, True)
        if (capped or target.budget_month is not None) and key not in found:
            found[key] = _foreseen(deps, target, ask, judges=True)
    check_prices(list(found.values()), capped)


def _foreseen(deps: RunDeps, target: Target, ask: Ask, *, judges: bool = False) -> Foreseen:
    most = deps.prices.most(target, ask)
    priced = most is not None or deps.prices.cost_of(target, _ONE_TOKEN) is not None
    return Foreseen(target, most, priced=priced, judges=judges)


def _first(asks: Asks, target: Target, suites: Sequence[Suite]) -> Ask | None:
    """A case as this target is asked; None where no case can be rendered: then none is called."""
    for suite in suites:
        for case in suite.cases:
            try:
                return asks.of(target, case)
            except CannotAsk:
                continue
    return None


def _judges(
    deps: RunDeps, conn: Connection, project: str, suites: Sequence[Suite]
) -> Iterator[tuple[Target, Ask]]:
    """Each model that judges. One that is not there is left out: the checks that want it say so."""
    asked: dict[str, Ask] = {}
    for suite in suites:
        for checks in (suite.checks, *(case.checks for case in suite.cases)):
            for check in checks:
                wanted = asked_by(check)
                if wanted is not None:
                    asked.setdefault(*wanted)
    for name, ask in asked.items():
        try:
            yield deps.targets.named(conn, project, [name])[0], ask
        except ProblemError:
            continue
