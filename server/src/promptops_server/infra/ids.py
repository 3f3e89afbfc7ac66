"""Row ids: UUID version 7 as text, so that they sort by creation and never repeat across installations."""

from __future__ import annotations

import re
from collections.abc import Iterable

import uuid_utils

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._:-]{1,100}$")


def new_id() -> str:
    """A new UUIDv7 (RFC 9562), lower-case with dashes."""
    return str(uuid_utils.uuid7())


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The `X-Request-Id` that a client or proxy gave, if it is one; else a new one."""
    given = next((value for name, value in headers if name == b"x-request-id"), b"")
    text = given.decode("latin-1")
    return text if _REQUEST_ID.match(text) else new_id()
