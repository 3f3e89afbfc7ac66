"""Signing keys: made once, sealed, usable without the database, recognised by clients."""

from __future__ import annotations

import json
import threading

import pytest
from delivery_world import SECRET, World
from sqlalchemy import select

from promptops.delivery.header import Header, Statement, signature_is_right
from promptops.delivery.trust import parse_key_document
from promptops_server.delivery.errors import KeyUnreadable
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.tables import signing_key
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Unavailable

AS_OF = "2026-01-02T03:04:05.678901Z"


def test_servers_starting_at_once_end_up_with_one_key(any_database: Database) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(Keys(any_database, SECRET).ensure()))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    with any_database.read() as conn:
        assert len(conn.execute(select(signing_key.c.key_id)).all()) == 1


def test_the_key_survives_a_restart_and_signs_what_clients_accept(world: World) -> None:
    again = Keys(world.db, SECRET)
    again.ensure()
    text = Statement(world.installation, "p", "e", "id", 1, 0, "", (), "0" * 64, 0, AS_OF).to_text()
    key_id, signature = again.sign(text, AS_OF)
    header = Header(text, AS_OF, key_id, signature)
    listed = parse_key_document(json.loads(world.keys.document()))
    assert listed.installation == world.installation
    assert [key.key_id for key in listed.keys] == [key_id]
    assert signature_is_right(header, listed.keys[0].public)
    assert world.keys.signed_here(header)
    assert not world.keys.signed_here(
        Header(text, AS_OF.replace("2026", "2027"), key_id, signature)
    )


def test_another_secret_is_refused_with_what_to_do(world: World) -> None:
    with pytest.raises(KeyUnreadable, match="sealed with another secret") as caught:
        Keys(world.db, b"another secret key, long enough").ensure()
    assert "PROMPTOPS_SECRET_KEY" in caught.value.remedy


def test_the_private_key_is_not_in_the_database_in_the_clear(world: World) -> None:
    with world.db.read() as conn:
        row = conn.execute(select(signing_key)).one()
    private = world.keys._active.private.private_bytes_raw()  # type: ignore[union-attr]
    assert private not in bytes(row.private_sealed)


def test_a_short_secret_and_signing_before_start_are_refused(world: World) -> None:
    with pytest.raises(ValueError, match="at least 16"):
        Keys(world.db, b"short")
    with pytest.raises(Unavailable, match="No signing key"):
        Keys(world.db, SECRET).sign("{}", AS_OF)
