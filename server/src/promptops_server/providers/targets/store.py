"""The rows of `model_target`. Owns SQL only; every function takes the caller's connection.

A removed target keeps its row, since results point at it; `by_id` finds it, names do not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update

from promptops.format.names import fold
from promptops_server.providers.model import Credential, Limits, Target
from promptops_server.providers.tables import model_target as table


@dataclass(frozen=True, slots=True)
class Stored:
    """A target with what the row knows beside it. Times in µs; `checked` is the last check's result as JSON."""

    target: Target
    created_at: int
    created_by: str
    updated_at: int
    checked_at: int | None = None
    checked: Mapping[str, Any] | None = None
    removed_at: int | None = None


_PUBLIC = [column for column in table.c if column is not table.c.secret_sealed]
_THERE = table.c.removed_at.is_(None)
_BY_NAME = select(*_PUBLIC).where(table.c.name_fold == bindparam("name_fold"), _THERE)
_BY_ID = select(*_PUBLIC).where(table.c.id == bindparam("id"))
_SECRET = select(table.c.secret_sealed).where(table.c.id == bindparam("id"))


def by_name(conn: Connection, name: str) -> Stored | None:
    """The target of this name in any case, unless it was removed."""
    row = conn.execute(_BY_NAME, {"name_fold": fold(name)}).first()
    return None if row is None else _value(row)


def by_id(conn: Connection, target_id: str) -> Stored | None:
    """Also a removed one."""
    row = conn.execute(_BY_ID, {"id": target_id}).first()
    return None if row is None else _value(row)


def by_ids(conn: Connection, target_ids: Iterable[str]) -> dict[str, Stored]:
    """Several, by id, removed ones too; missing ones are left out."""
    wanted = list(dict.fromkeys(target_ids))
    found: dict[str, Stored] = {}
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        for row in conn.execute(select(*_PUBLIC).where(table.c.id.in_(some))):
            found[row.id] = _value(row)
    return found


def by_names(conn: Connection, names: Sequence[str]) -> dict[str, Stored]:
    """Several, by the folded name; missing ones are left out."""
    folded = list(dict.fromkeys(map(fold, names)))
    found: dict[str, Stored] = {}
    for start in range(0, len(folded), 500):
        some = folded[start : start + 500]
        for row in conn.execute(select(*_PUBLIC).where(table.c.name_fold.in_(some), _THERE)):
            found[row.name_fold] = _value(row)
    return found


def some(
    conn: Connection, *, after: str = "", limit: int, project: str | None = None
) -> list[Stored]:
    """Targets by folded name behind `after`; with `project`, only those it may use."""
    query = select(*_PUBLIC).where(_THERE, table.c.name_fold > after)
    if project is not None:
        # The names in the array have no quotes, and no two projects differ only by case.
        named = table.c.projects.contains(json.dumps(project), autoescape=True)
        query = query.where(table.c.enabled, or_(table.c.projects.is_(None), named))
    rows = conn.execute(query.order_by(table.c.name_fold).limit(limit))
    return [_value(row) for row in rows]


def sealed_secret(conn: Connection, target_id: str) -> bytes | None:
    """The sealed secret, where the row has one."""
    found = conn.execute(_SECRET, {"id": target_id}).scalar()
    return None if found is None else bytes(found)


def add(
    conn: Connection, target: Target, *, sealed: bytes | None, now: int, created_by: str
) -> None:
    """Insert a target. Raises IntegrityError when its name is taken."""
    values = _columns(target) | {
        "id": target.id,
        "secret_sealed": sealed,
        "created_at": now,
        "created_by": created_by,
        "updated_at": now,
    }
    conn.execute(insert(table), [values])


def change(
    conn: Connection, target: Target, *, sealed: bytes | None, now: int, seen: int, forget: bool
) -> bool:
    """Write a target's next revision over the one `seen`; False when that is not there any more.

    Args:
        forget: the last check spoke of another endpoint.
    """
    values = _columns(target) | {"secret_sealed": sealed, "updated_at": now}
    if forget:
        values |= {"checked_at": None, "check_result": None}
    there = (table.c.id == target.id, table.c.revision == seen, _THERE)
    return conn.execute(update(table).where(*there).values(**values)).rowcount == 1


def remove(conn: Connection, target_id: str, *, now: int, seen: int) -> bool:
    """Mark it removed and forget its secret; False when the revision is not there any more."""
    there = (table.c.id == target_id, table.c.revision == seen, _THERE)
    values = {
        "removed_at": now,
        "updated_at": now,
        "enabled": False,
        "secret_sealed": None,
        "revision": seen + 1,
    }
    return conn.execute(update(table).where(*there).values(**values)).rowcount == 1


def keep_check(
    conn: Connection, target_id: str, revision: int, result: Mapping[str, Any], now: int
) -> bool:
    """Keep what a check found, if the target is still the one that was checked."""
    there = (table.c.id == target_id, table.c.revision == revision, _THERE)
    values = {"checked_at": now, "check_result": json.dumps(result)}
    return conn.execute(update(table).where(*there).values(**values)).rowcount == 1


def _columns(target: Target) -> dict[str, Any]:
    return {
        "name": target.name,
        "name_fold": fold(target.name),
        "provider": target.provider,
        "model": target.model,
        "catalogue_id": target.catalogue_id,
        "base_url": target.base_url,
        "alias": target.alias,
        "region": target.region,
        "data_class": target.data_class,
        "projects": None if target.projects is None else json.dumps(list(target.projects)),
        "limits": json.dumps(asdict(target.limits)),
        "budget_month": target.budget_month,
        "credential": target.credential.kind,
        "credential_name": target.credential.name,
        "options": json.dumps(dict(target.options)),
        "enabled": target.enabled,
        "revision": target.revision,
    }


def _value(row: Row[*tuple[Any, ...]]) -> Stored:
    target = Target(
        id=row.id,
        name=row.name,
        provider=row.provider,
        model=row.model,
        catalogue_id=row.catalogue_id,
        base_url=row.base_url,
        alias=bool(row.alias),
        region=row.region,
        data_class=row.data_class,
        projects=None if row.projects is None else tuple(json.loads(row.projects)),
        limits=Limits(**json.loads(row.limits)),
        budget_month=row.budget_month,
        credential=Credential(row.credential, row.credential_name),
        options=json.loads(row.options),
        enabled=bool(row.enabled),
        revision=row.revision,
    )
    return Stored(
        target,
        created_at=row.created_at,
        created_by=row.created_by,
        updated_at=row.updated_at,
        checked_at=row.checked_at,
        checked=None if row.check_result is None else json.loads(row.check_result),
        removed_at=row.removed_at,
    )
