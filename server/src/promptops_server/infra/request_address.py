"""What no address of a request may hold, whatever it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptops_server.infra.problems import BadRequest


def check_address(scope: Mapping[str, Any]) -> None:
    """Refuse NUL in path or query of an ASGI request: no name holds one, and PostgreSQL cannot even be asked for it.

    Raises:
        BadRequest: there is one.
    """
    if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
        raise BadRequest(
            "The address holds a NUL character (%00).", remedy="Leave it away.", slug="bad-address"
        )
