"""One access decision by Cedar, worked out anew and remembered, beside the same rules as a bare Python function."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.row import Row, micros, quantile
from promptops_server.access.policy import Policies
from promptops_server.infra.actor import Actor, Scope
from promptops_server.infra.authorise import Decision, Resource

_OPENS = {
    "author": frozenset({"project:read", "prompt:write", "prompt:archive", "review:comment"}),
    "publisher": frozenset({"project:read", "release:publish", "release:rollback", "release:stop"}),
}


def run(quick: bool) -> list[Row]:
    """Two rows."""
    policies = Policies()
    who = Actor(
        "0192d5f2", "ana", roles=frozenset({"bank/claims:author", "bank@production:publisher"}),
        scope=Scope(project="bank"),
    )  # fmt: skip
    place = Resource("bank", "claims/motor/triage", "production", approval_required=True)
    assert policies(who, "release:publish", place) == policies.uncached(
        who, "release:publish", place
    )
    count = 5_000 if quick else 50_000
    anew = _p50(lambda: policies.uncached(who, "release:publish", place), count)
    known = _p50(lambda: policies(who, "release:publish", place), count)
    floor = _p50(lambda: _bare(who, "release:publish", place), count)
    return [
        Row("access decision, worked out, p50", micros(anew), f"bare Python {micros(floor)}",
            anew / floor, "≤ 150 µs", anew <= 150e-6),
        Row("access decision, remembered, p50", micros(known), f"bare Python {micros(floor)}",
            known / floor, "≤ 150 µs", known <= 150e-6),
    ]  # fmt: skip


def _p50(work: Callable[[], Decision], count: int) -> float:
    for _ in range(200):
        work()
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return quantile(taken, 0.5)


def _bare(who: Actor, action: str, place: Resource) -> Decision:
    """What an ordinary decision needs at least: the token's project, and a grant whose role opens the action."""
    if who.scope.project is not None and who.scope.project != place.project:
        return Decision(False, "scope.project")
    for text in who.roles:
        where, _, role = text.rpartition(":")
        where, _, environment = where.partition("@")
        project, _, module = where.partition("/")
        if (
            project == place.project
            and (not module or (place.path or "").startswith(module + "/"))
            and (not environment or environment == place.environment)
            and action in _OPENS[role]
        ):
            return Decision(True, f"role.{role}")
    return Decision(False, "role.missing")
