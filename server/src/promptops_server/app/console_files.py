"""`/` and what lies under it: the console, as `console/build.py` built it into this package.

Its files are named by their content and kept by browsers for good; the page itself is asked for again each time. Every address of
the console answers with the same page, which then shows what the address says.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

FOLDER: Final = Path(__file__).resolve().parent.parent / "_console"
PLACES: Final = ("p", "sign-in", "work", "me", "search", "welcome", "admin", "audit")
"""First parts of the console's addresses (console/src/links.ts)."""

# Inline styles: the component library writes sizes into elements. No inline script, nothing from elsewhere.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


def is_built(folder: Path = FOLDER) -> bool:
    """Whether there is a console to serve."""
    return (folder / "index.html").is_file()


def router(folder: Path = FOLDER) -> APIRouter:
    """The routes of a built console. Only names are kept in memory: browsers keep the files, so they are rarely read."""
    api = APIRouter(include_in_schema=False)
    files = _files(folder)

    def page(request: Request) -> Response:
        return _answer(
            request, files, "index.html", "no-cache", {"Content-Security-Policy": _POLICY}
        )

    @api.get("/assets/{name:path}")
    def asset(name: str, request: Request) -> Response:
        return _answer(request, files, f"assets/{name}", _FOR_GOOD)

    def root_file(request: Request) -> Response:
        return _answer(request, files, request.url.path[1:], "public, max-age=3600")

    @api.get("/")
    def front(request: Request) -> Response:
        return page(request)

    for name in files:
        if "/" not in name and name != "index.html":
            api.add_api_route(f"/{name}", root_file, methods=["GET"], response_model=None)
    for place in PLACES:
        api.add_api_route(f"/{place}", page, methods=["GET"], response_model=None)
        api.add_api_route(f"/{place}/{{rest:path}}", page, methods=["GET"], response_model=None)
    return api


def _files(folder: Path) -> dict[str, tuple[Path, Path | None]]:
    """Name → the file as it is, and compressed where compressing helps."""
    found = {}
    for path in folder.rglob("*"):
        if not path.is_file() or path.suffix == ".gz" or path.name.startswith("."):
            continue
        packed = path.with_name(path.name + ".gz")
        found[path.relative_to(folder).as_posix()] = (path, packed if packed.is_file() else None)
    return found


def _answer(
    request: Request,
    files: dict[str, tuple[Path, Path | None]],
    name: str,
    kept: str,
    more: dict[str, str] | None = None,
) -> Response:
    found = files.get(name)
    if found is None:
        return Response("There is no such file.\n", 404, media_type="text/plain")
    plain, packed = found
    headers = {"Cache-Control": kept, "Vary": "Accept-Encoding", **(more or {})}
    path = plain
    if packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        path = packed
        headers["Content-Encoding"] = "gzip"
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(path.read_bytes(), media_type=kind, headers=headers)
