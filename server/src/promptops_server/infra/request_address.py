"""What no address of a request may hold, whatever it is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from promptops_server.infra.problems import BadRequest

_CONTROL = re.compile("[\0-\x1f\x7f]")


def check_address(scope: Mapping[str, Any]) -> None:
    """Refuse control characters in the path and NUL in the query of an ASGI request.

    No name holds one. PostgreSQL cannot even be asked for NUL, and routing would drop a line break at the end, so
    that the address meant something else.

    Raises:
        BadRequest: there is one.
    """
    if b"%00" in scope.get("query_string", b"") or _CONTROL.search(scope["path"]):
        raise BadRequest(
            "The address holds a control character, such as NUL (%00) or a line break (%0A).",
            remedy="Leave it away.",
            slug="bad-address",
        )
