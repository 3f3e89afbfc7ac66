"""Structured logs on standard error: one event a line, with the request's id, never with credentials.

Every module writes through ``structlog.get_logger(__name__)``; records of libraries that use the standard
`logging` are rendered the same way.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET = re.compile(r"authorization|password|token|secret|cookie|api_?key|private", re.IGNORECASE)
# Names that contain such a word and say nothing secret.
_HARMLESS = frozenset({"token_id", "token_name", "key_id"})


def hide_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace the value of every field whose name tells of a credential."""
    for key in event:
        if _SECRET.search(key) and key not in _HARMLESS:
            event[key] = "********"
    return event


def configure(level: str = "info", form: str = "auto") -> None:
    """Set up logging for this process; may be called again.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        form: ``json``, ``console``, or ``auto``: console on a terminal, JSON elsewhere.
    """
    if form == "auto":
        form = "console" if sys.stderr.isatty() else "json"
    number = getattr(logging, level.upper())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(sort_keys=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    # These tell about every poll and every statement at "info"; their warnings matter.
    for noisy in ("dbos", "sqlalchemy", "alembic", "uvicorn", "asyncio", "httpx2", "urllib3"):
        quiet = logging.getLogger(noisy)
        quiet.handlers.clear()
        quiet.propagate = True
        quiet.setLevel(max(number, logging.WARNING))
