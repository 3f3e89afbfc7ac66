"""Row ids: UUID version 7 as text, so that they sort by creation and never repeat across installations."""

from __future__ import annotations

import uuid_utils


def new_id() -> str:
    """A new UUIDv7 (RFC 9562), lower-case with dashes."""
    return str(uuid_utils.uuid7())
