"""A run as a file for others: JUnit for build servers, HTML for people, JSON for programs. One format per file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from promptops_server.evaluation.runs.report import html, json, junit
from promptops_server.evaluation.runs.report.material import Material

FORMATS: Final[dict[str, tuple[str, Callable[[Material], Iterator[str]]]]] = {
    "junit": ("application/xml", junit.write),
    "html": ("text/html; charset=utf-8", html.write),
    "json": ("application/json", json.write),
}
"""Name → media type and writer; a writer gives the text piece by piece."""
