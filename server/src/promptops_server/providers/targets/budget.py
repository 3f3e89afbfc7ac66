"""What a target may cost in a month: reserved before a call is sent, settled when its cost is known.

A month is UTC's. One SQL statement both asks whether the money is there and takes it, so two processes at once never go
over. Each reservation is a row of its own beside the month's sum. When a crash leaves one unsettled, the endpoint may
have charged for the call: it counts as spent when its time is up, or earlier when its run is resumed (`settle_left`).

Amounts are millionths of a US dollar.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from promptops.money import dollars
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.ids import new_id
from promptops_server.providers.model import CallError, NoRoomYet, Target
from promptops_server.providers.tables import model_reservation as held
from promptops_server.providers.tables import model_spend as spend

LEASE_SECONDS = 900.0
"""How long a reservation is believed to belong to a living call; longer than any call's deadline."""


_THIS = (spend.c.target_id == bindparam("of"), spend.c.month == bindparam("in_month"))
_TAKE = (
    update(spend)
    .where(*_THIS, spend.c.spent + spend.c.reserved + bindparam("amount") <= bindparam("budget"))
    .values(reserved=spend.c.reserved + bindparam("amount"))
)
_ADD = (
    update(spend)
    .where(*_THIS)
    .values(
        reserved=spend.c.reserved + bindparam("more_reserved"),
        spent=spend.c.spent + bindparam("more_spent"),
        calls=spend.c.calls + bindparam("more_calls"),
    )
)
_HOLD = insert(held)
_LET_GO = delete(held).where(held.c.id == bindparam("reservation"))


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money set aside for one call, or for several that are settled together.

    `id` is None where the target has no budget: nothing was set aside, what it costs is counted all the same.
    """

    id: str | None
    target_id: str
    month: str
    amount: int


@dataclass(frozen=True, slots=True)
class Month:
    """What a target has cost in one month. `reserved` belongs to calls under way."""

    month: str
    spent: int = 0
    reserved: int = 0
    calls: int = 0


def month_of(us: int) -> str:
    """`2026-11`, in UTC."""
    return f"{datetime.fromtimestamp(us // 1_000_000, UTC):%Y-%m}"


def reserve(
    db: Database,
    target: Target,
    amount: int | None,
    *,
    holder: str = "",
    seconds: float = LEASE_SECONDS,
) -> Reservation:
    """Set aside what a call can cost at most, in a transaction of its own. See `reserve_in`."""
    if target.budget_month is None:
        return Reservation(None, target.id, month_of(now_us()), 0)
    with db.write() as tx:
        return reserve_in(tx, target, amount, holder=holder, seconds=seconds)


def reserve_in(
    tx: Transaction,
    target: Target,
    amount: int | None,
    *,
    holder: str = "",
    seconds: float = LEASE_SECONDS,
) -> Reservation:
    """Set aside what a call can cost at most, right before it is sent.

    Args:
        amount: None where the price is unknown.
        holder: the run it is for.
        seconds: after which it counts as spent if nobody settled it.

    Raises:
        NoRoomYet: only what calls under way may come to is, or was a moment ago, in the way.
        CallError: `budget`: it would go over the target's budget of the month, or a price is needed to tell.
    """
    month = month_of(tx.now)
    budget = target.budget_month
    if budget is None:
        return Reservation(None, target.id, month, 0)
    if amount is None:
        raise CallError(
            "budget",
            f"The price of {target.model} is not known, so the budget of {target.name} cannot be kept. "
            "Give the price in the catalogue's own table, or set the target without a budget.",
        )
    if not _take(tx.conn, target.id, month, amount, budget):
        # Rarely: the month's first call, or reservations whose time is up.
        _make_row(tx.conn, target.id, month)
        settle_expired(tx, target.id)
        if not _take(tx.conn, target.id, month, amount, budget):
            raise _over(tx.conn, target, month, amount, budget)
    made = Reservation(new_id(), target.id, month, amount)
    tx.conn.execute(
        _HOLD,
        [
            {
                "id": made.id,
                "target_id": target.id,
                "month": month,
                "amount": amount,
                "holder": holder,
                "until": tx.now + int(seconds * 1_000_000),
            }
        ],
    )
    return made


def settle(db: Database, reservation: Reservation, spent: int | None, *, calls: int = 1) -> None:
    """Say what it came to, in a transaction of its own. See `settle_in`."""
    with db.write() as tx:
        settle_in(tx, reservation, spent, calls=calls)


def settle_in(
    tx: Transaction, reservation: Reservation, spent: int | None, *, calls: int = 1
) -> None:
    """Turn a reservation into what was spent, once; a second time does nothing.

    Args:
        spent: 0 for a call that was never sent; None when nobody knows: then all that was set aside counts.
        calls: how many calls it was for.
    """
    amount = reservation.amount if spent is None else spent
    if reservation.id is None:
        _add(tx.conn, reservation.target_id, reservation.month, spent=amount, calls=calls)
        return
    gone = tx.conn.execute(_LET_GO, {"reservation": reservation.id})
    if gone.rowcount == 1:
        _add(
            tx.conn,
            reservation.target_id,
            reservation.month,
            spent=amount,
            calls=calls,
            reserved=-reservation.amount,
        )


def settle_left(tx: Transaction, holder: str) -> int:
    """What a run that crashed left unsettled counts as spent from now on; returns how many reservations that were.

    For whoever resumes the run, before it calls anything.
    """
    rows = tx.conn.execute(select(held).where(held.c.holder == holder)).all()
    return _spend_all(tx.conn, [Reservation(r.id, r.target_id, r.month, r.amount) for r in rows])


def settle_expired(tx: Transaction, target_id: str | None = None) -> int:
    """The same for reservations whose time is up, of one target or all."""
    query = select(held).where(held.c.until <= tx.now).order_by(held.c.id).limit(1000)
    if target_id is not None:
        query = query.where(held.c.target_id == target_id)
    rows = tx.conn.execute(query).all()
    return _spend_all(tx.conn, [Reservation(r.id, r.target_id, r.month, r.amount) for r in rows])


def months_of(conn: Connection, target_ids: Iterable[str], month: str) -> dict[str, Month]:
    """What these targets have cost in a month, by id; those that cost nothing are left out."""
    ids = list(target_ids)
    rows = conn.execute(
        select(spend).where(spend.c.target_id.in_(ids), spend.c.month == month)
    ).all()
    return {r.target_id: Month(month, r.spent, r.reserved, r.calls) for r in rows}


def _take(conn: Connection, target_id: str, month: str, amount: int, budget: int) -> bool:
    asked = {"of": target_id, "in_month": month, "amount": amount, "budget": budget}
    return conn.execute(_TAKE, asked).rowcount == 1


def _add(
    conn: Connection, target_id: str, month: str, *, spent: int, calls: int, reserved: int = 0
) -> None:
    more = {
        "of": target_id,
        "in_month": month,
        "more_spent": spent,
        "more_calls": calls,
        "more_reserved": reserved,
    }
    if conn.execute(_ADD, more).rowcount == 0:
        _make_row(conn, target_id, month)
        conn.execute(_ADD, more)


def _spend_all(conn: Connection, left: list[Reservation]) -> int:
    done = 0
    for one in left:
        # Whoever deletes the row moves its amount, so that two processes never do it twice.
        if conn.execute(_LET_GO, {"reservation": one.id}).rowcount == 1:
            _add(conn, one.target_id, one.month, spent=one.amount, calls=1, reserved=-one.amount)
            done += 1
    return done


def _make_row(conn: Connection, target_id: str, month: str) -> None:
    make = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    conn.execute(
        make(spend)
        .values(target_id=target_id, month=month, reserved=0, spent=0, calls=0)
        .on_conflict_do_nothing()
    )


def _over(conn: Connection, target: Target, month: str, amount: int, budget: int) -> CallError:
    now = months_of(conn, [target.id], month).get(target.id, Month(month))
    held_back = (
        f" and {dollars(now.reserved)} set aside for calls under way" if now.reserved else ""
    )
    # Nothing may be set aside any more: whoever held the room can have ended between the two looks.
    kind = NoRoomYet if now.spent + amount <= budget else CallError
    return kind(
        "budget",
        f"{target.name} may cost {dollars(budget)} in {month}: {dollars(now.spent)} is spent{held_back}, "
        f"and this call can cost {dollars(amount)}. An administrator can raise it: "
        f"promptops models set {target.name} --budget DOLLARS.",
    )
