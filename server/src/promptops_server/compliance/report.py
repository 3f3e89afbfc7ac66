"""The report as PDF/A-2b, by typst: the template is a file of ours, and everything else comes to it as data.

Nothing that people wrote is ever part of the markup. The template sees no file but its own folder, no package, no
network and no font but those typst brings. Owns only that call.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import structlog

from promptops_server.compliance.printable import all_printable

log = structlog.get_logger(__name__)

_FOLDER = Path(__file__).parent / "template"
_NOWHERE = str(_FOLDER / "no-packages")


def render_report(data: dict[str, Any], *, created_at: int) -> bytes:
    """The report; the same bytes for the same data and time (seconds since 1970)."""
    from typst import TypstError

    try:
        return _compile(all_printable(data), created_at)
    except TypstError as error:
        # A glyph is missing after all, as with another version of the fonts: PDF/A takes none of it.
        log.warning("report_in_plain_letters", reason=str(error)[:300])
        return _compile(all_printable(data, plain=True), created_at)


def render_pages(data: dict[str, Any]) -> list[bytes]:
    """The pages as PNG images, to look at."""
    import typst

    made = typst.compile(
        str(_FOLDER / "report.typ"), root=str(_FOLDER), ignore_system_fonts=True, font_paths=[],
        format="png", ppi=80, sys_inputs={"data": json.dumps(all_printable(data))}, timestamp=0,
    )  # fmt: skip
    return made if isinstance(made, list) else [made]


def _compile(data: dict[str, Any], created_at: int) -> bytes:
    import typst  # tens of megabytes, which a server that makes no report does not need

    made: bytes = typst.compile(
        str(_FOLDER / "report.typ"),
        root=str(_FOLDER),
        ignore_system_fonts=True,
        font_paths=[],
        package_path=_NOWHERE,
        package_cache_path=_NOWHERE,
        format="pdf",
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=["a-2b"],
        timestamp=created_at,
    )
    return made
