"""`/install/`: the client that matches this server, for pip and for people. Open to everybody (docs/decisions/0037).

Owns the pages. Leaves the file to `client_wheel`, which makes it when it is first asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from promptops_server.app.client_wheel import DISTRIBUTION, ClientWheel, build
from promptops_server.infra.problems import NotFound

_ASK_AGAIN = {"Cache-Control": "no-cache"}


def router(make: Callable[[], ClientWheel | None] = build) -> APIRouter:
    """The pages and the file."""
    api = APIRouter(prefix="/install", include_in_schema=False)
    get = partial(api.api_route, methods=["GET", "HEAD"], response_model=None)
    lock, made = threading.Lock(), list[ClientWheel | None]()

    def wheel() -> ClientWheel:
        with lock:
            if not made:
                made.append(make())
        if made[0] is None:
            raise NotFound(
                "This server has no client to hand out: its own installation of promptops-client has no metadata.",
                remedy="Install promptops-client from the wheel beside the server's.",
                slug="no-client",
            )
        return made[0]

    @get("")
    def without_slash() -> Response:
        return RedirectResponse("/install/", 308)

    @get("/")
    def page(request: Request) -> Response:
        found = wheel()
        return _page(
            f"<h1>PromptOps {escape(found.version)} for applications and authors</h1>\n"
            f"<pre>pip install -r {escape(str(request.url_for('requirements')))}</pre>\n"
            f"<p>{_link(found, '')}<br>sha256 {found.sha256}</p>\n"
        )

    @get("/requirements.txt", name="requirements")
    def requirements(request: Request) -> Response:
        found = wheel()
        url = request.url_for("file", name=found.name)
        return PlainTextResponse(
            f"{DISTRIBUTION} @ {url}#sha256={found.sha256}\n",
            headers={"Cache-Control": "no-store"},  # it says which address was asked
        )

    @get("/simple/")
    def index() -> Response:
        return _page(f'<a href="{DISTRIBUTION}/">{DISTRIBUTION}</a>\n')

    @get(f"/simple/{DISTRIBUTION}/")
    def project() -> Response:
        return _page(_link(wheel(), "../../") + "\n")

    @get("/{name}", name="file")
    def file(name: str, request: Request) -> Response:
        found = wheel()
        if name != found.name:
            raise NotFound(
                f"There is no {name[:200]} here.",
                remedy=f"This server hands out {found.name}.",
                slug="no-such-client",
            )
        etag = f'"{found.sha256}"'
        headers = {"ETag": etag, **_ASK_AGAIN}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(found.content, media_type="application/zip", headers=headers)

    return api


def _page(body: str) -> HTMLResponse:
    """A page that pip reads as an index (PEP 503) or as a page of links."""
    return HTMLResponse(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="pypi:repository-version" '
        f'content="1.0"><title>PromptOps client</title></head><body>\n{body}</body></html>\n',
        headers=_ASK_AGAIN,
    )


def _link(wheel: ClientWheel, up: str) -> str:
    requires = f' data-requires-python="{escape(wheel.requires_python)}"'
    return (
        f'<a href="{up}{wheel.name}#sha256={wheel.sha256}"{requires if wheel.requires_python else ""}>'
        f"{wheel.name}</a>"
    )
