"""What the workflow refuses beside the common refusals."""

from __future__ import annotations

from promptops_server.infra.problems import Conflict


class NotNow(Conflict):
    """As things stand this cannot be asked for or decided; `current` or `errors` say what stands in the way."""

    slug = "not-now"
    title = "Not possible as things stand"
