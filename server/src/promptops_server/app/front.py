"""`/` where no console was built: a small plain page that says what runs here and where to go on."""

from __future__ import annotations

import base64
import hashlib

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from promptops_server import __version__

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color:#1f2328}"
    "code{background:#f3f4f6;padding:.1em .3em;border-radius:3px}"
    "@media(prefers-color-scheme:dark){body{background:#15181c;color:#e6e8ea}code{background:#262b31}a{color:#8ab4f8}}"
)
_PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>PromptOps</title><style>{_STYLE}</style></head><body>
<h1>PromptOps {__version__}</h1>
<p>This server keeps the prompts of your projects in Git, publishes them to environments, and delivers
what is live to applications.</p>
<ul>
<li>API: <code>/api/v1</code>, described by <a href="/openapi.json">OpenAPI 3.1</a></li>
<li>Git: <code>git clone …/git/PROJECT.git</code>, a token as password</li>
<li>Delivery to applications: <code>/delivery/v1/PROJECT/ENVIRONMENT</code></li>
<li>The client for applications and authors: <a href="/install/">/install/</a></li>
<li>Operations: <a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>, <a href="/metrics">/metrics</a></li>
</ul>
<p>The console was not built into this server (<code>make install</code> builds it). Start with <code>promptops login</code>.</p>
</body></html>
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def router() -> APIRouter:
    """The page."""
    api = APIRouter(include_in_schema=False)

    @api.get("/", response_class=HTMLResponse)
    async def front() -> HTMLResponse:
        return HTMLResponse(
            _PAGE,
            headers={
                "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}';"
                " frame-ancestors 'none'"
            },
        )

    return api
