"""Waiting after wrong passwords and codes, counted in the database, so that all servers and restarts count together.

Three counts grow with each mistake: a name from one address, an address, a name from anywhere. The wait doubles with each
further mistake and has an end; attempts made while waiting count for nothing. So nobody is locked out for ever, and
who signed in from an address before is not held up by strangers who try their name from elsewhere.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select, update

from promptops_server.access.sign_in.tables import sign_in_failure
from promptops_server.infra.database import Database, Transaction, again_if_taken
from promptops_server.infra.problems import ProblemError

_SECOND: Final = 1_000_000
FORGOTTEN_US: Final = 3600 * _SECOND
"""Microseconds without a mistake after which a count starts again."""
FAMILIAR_US: Final = 30 * 86_400 * _SECOND
"""Microseconds for which an address counts as one somebody signs in from."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` mistakes cost nothing; then the wait starts at 5 seconds and doubles up to `longest` seconds."""

    free: int
    longest: int


NAME_FROM_ADDRESS: Final = Limit(free=5, longest=900)
ADDRESS: Final = Limit(free=50, longest=300)
NAME: Final = Limit(free=30, longest=60)


class TooManyAttempts(ProblemError):
    """Sign-in waits after several wrong passwords or codes."""

    status = 429
    slug = "too-many-attempts"
    title = "Too many attempts"


def wait_seconds(failures: int, limit: Limit) -> int:
    """Seconds to wait after the last of so many mistakes in a row."""
    over = failures - limit.free
    return 0 if over < 0 else min(limit.longest, 5 * 2 ** min(over, 20))


def refuse_if_waiting(conn: Connection, name: str, ip: str | None, now: int) -> None:
    """Let an attempt through, or not yet.

    Raises:
        TooManyAttempts: with `Retry-After` in seconds.
    """
    pair, address, person = _keys(name, ip)
    rows = {
        row.key: row
        for row in conn.execute(
            select(sign_in_failure).where(sign_in_failure.c.key.in_((pair, address, person)))
        )
    }
    limits = {pair: NAME_FROM_ADDRESS, address: ADDRESS}
    here = rows.get(pair)
    if here is None or here.good_at is None or now - here.good_at > FAMILIAR_US:
        limits[person] = NAME
    left = 0
    for key, limit in limits.items():
        row = rows.get(key)
        if row is not None and now - row.last_at <= FORGOTTEN_US:
            until = row.last_at + wait_seconds(row.failures, limit) * _SECOND
            left = max(left, until - now)
    if left > 0:
        seconds = -(-left // _SECOND)
        problem = TooManyAttempts(
            "Too many wrong passwords or codes.",
            remedy=f"Wait {seconds} seconds, then try again.",
            rule="sign-in.throttle",
            action="session:start",
        )
        problem.headers["Retry-After"] = str(seconds)
        raise problem


def count_failure(db: Database, name: str, ip: str | None) -> None:
    """Remember a wrong password or code, in a transaction of its own."""

    def write() -> None:
        with db.write() as tx:
            for key in _keys(name, ip):
                _add(tx, key)
            tx.conn.execute(
                delete(sign_in_failure).where(
                    sign_in_failure.c.last_at < tx.now - FAMILIAR_US,
                    or_(
                        sign_in_failure.c.good_at.is_(None),
                        sign_in_failure.c.good_at < tx.now - FAMILIAR_US,
                    ),
                )
            )

    again_if_taken(write)


def note_success(tx: Transaction, name: str, ip: str | None) -> None:
    """Start the count of this name from this address again. The other two only fade with time."""
    pair = _keys(name, ip)[0]
    done = tx.conn.execute(
        update(sign_in_failure)
        .where(sign_in_failure.c.key == pair)
        .values(failures=0, good_at=tx.now, last_at=tx.now)
    )
    if done.rowcount == 0:
        tx.conn.execute(
            insert(sign_in_failure).values(key=pair, failures=0, last_at=tx.now, good_at=tx.now)
        )


def has_failures(conn: Connection, name: str, ip: str | None) -> bool:
    """Whether a success would have to be noted."""
    found = conn.execute(
        select(sign_in_failure.c.failures).where(sign_in_failure.c.key == _keys(name, ip)[0])
    ).scalar()
    return bool(found)


def _add(tx: Transaction, key: str) -> None:
    row = tx.conn.execute(
        select(sign_in_failure).where(sign_in_failure.c.key == key).with_for_update()
    ).first()
    if row is None:
        tx.conn.execute(
            insert(sign_in_failure).values(key=key, failures=1, last_at=tx.now, good_at=None)
        )
        return
    failures = 1 if tx.now - row.last_at > FORGOTTEN_US else row.failures + 1
    tx.conn.execute(
        update(sign_in_failure)
        .where(sign_in_failure.c.key == key)
        .values(failures=failures, last_at=tx.now)
    )


def _keys(name: str, ip: str | None) -> tuple[str, str, str]:
    fold, place = name.casefold(), _network(ip)
    return (_hash("pair", fold, place), _hash("address", place), _hash("name", fold))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _network(ip: str | None) -> str:
    """The address, of IPv6 its /64: one household has 2**64 of them."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return ip or ""
    if address.version == 6 and not address.ipv4_mapped:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
