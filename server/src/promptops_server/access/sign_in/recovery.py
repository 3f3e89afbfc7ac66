"""Ten recovery codes, for whoever lost their authenticator app: shown once, each good once, stored hashed."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from promptops_server.access.sign_in.tables import recovery_code
from promptops_server.infra.database import Transaction

COUNT: Final = 10
_FORM = re.compile(r"[a-z2-7]{16}")


def replace_codes(tx: Transaction, user_id: str) -> list[str]:
    """Ten new codes of 80 random bits each; the old ones end."""
    forget_codes(tx, user_id)
    codes = [_new() for _ in range(COUNT)]
    tx.conn.execute(
        insert(recovery_code),
        [{"user_id": user_id, "hash": _hash(user_id, code), "used_at": None} for code in codes],
    )
    return codes


def forget_codes(tx: Transaction, user_id: str) -> None:
    """End all codes of an account."""
    tx.conn.execute(delete(recovery_code).where(recovery_code.c.user_id == user_id))


def accept(tx: Transaction, user_id: str, code: str) -> bool:
    """Whether it is an unused code of the account; from here on it is used."""
    if not _FORM.fullmatch(_plain(code)):
        return False
    done = tx.conn.execute(
        update(recovery_code)
        .where(
            recovery_code.c.user_id == user_id,
            recovery_code.c.hash == _hash(user_id, code),
            recovery_code.c.used_at.is_(None),
        )
        .values(used_at=tx.now)
    )
    return done.rowcount == 1


def left(conn: Connection, user_id: str) -> int:
    """How many codes are unused."""
    found = conn.execute(
        select(func.count())
        .select_from(recovery_code)
        .where(recovery_code.c.user_id == user_id, recovery_code.c.used_at.is_(None))
    ).scalar()
    return int(found or 0)


def _new() -> str:
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[i : i + 4] for i in range(0, 16, 4))


def _plain(code: str) -> str:
    return code.strip().lower().replace("-", "").replace(" ", "")


def _hash(user_id: str, code: str) -> str:
    """80 random bits need no slow hash."""
    return hashlib.sha256(f"{user_id}:{_plain(code)}".encode()).hexdigest()
