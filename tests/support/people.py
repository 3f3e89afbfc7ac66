"""People signing in over HTTP: the routes of `access` over a database, without the rest of a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pyotp
from fastapi import APIRouter

from promptops_server.access import users
from promptops_server.access.authenticate import Authenticator
from promptops_server.access.model import User
from promptops_server.access.policy import authorise
from promptops_server.access.routes import AccessDeps
from promptops_server.access.routes import router as access_router
from promptops_server.access.sign_in import totp
from promptops_server.access.sign_in.browser import COOKIE, Site
from promptops_server.access.sign_in.routes import SignInDeps
from promptops_server.access.sign_in.routes import router as sign_in_router
from promptops_server.access.signing import SigningDeps
from promptops_server.app.http import HttpParts, create_app
from promptops_server.app.installation import ensure_installation
from promptops_server.app.refusals import DenialLog
from promptops_server.audit.read import Filter, read_log
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.database import Database
from promptops_server.infra.sealing import Sealer
from promptops_server.infra.setting_sections import AccessSettings, LimitSettings

PASSWORD = "correct horse battery"
SECRET = b"a secret of the installation, 32"


@dataclass
class House:
    """An installation's front door; `call` is one HTTP request."""

    db: Database
    rules: AccessSettings = field(default_factory=AccessSettings)
    public_url: str | None = None
    more: Callable[[House], tuple[APIRouter, APIRouter]] | None = None
    """More routers: under `/api/v1`, and at the root."""

    def __post_init__(self) -> None:
        ensure_installation(self.db)
        self.sealer = Sealer(SECRET, totp.SEALED_FOR)
        self.site = site = Site(self.public_url)
        self.authenticator = Authenticator(self.db, self.rules, site)
        self.deps = SignInDeps(self.db, self.sealer, self.rules, site, self.authenticator.forget)
        self.signing = SigningDeps(self.db, self.sealer, self.rules)
        access = AccessDeps(
            self.db,
            authorise,
            self.authenticator.forget,
            self.deps.local.prove,
            self.rules.longest_token_days,
        )
        more_api, more_root = self.more(self) if self.more else (APIRouter(), APIRouter())
        self.app = create_app(
            HttpParts(
                authenticate=self.authenticator,
                denials=DenialLog(self.db, per_minute=100),
                limits=LimitSettings(),
                api=(access_router(access), sign_in_router(self.deps), more_api),
                root=(more_root,),
                by_cookie=self.authenticator.by_cookie,
            )
        )

    def call(
        self, method: str, path: str, *, ip: str = "10.0.0.1", **kwargs: Any
    ) -> httpx2.Response:
        """One request to `path` below `/api/v1`, or to a whole path that starts with `/auth`."""

        async def go() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.app, client=(ip, 1234))
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
                where = path if path.startswith("/auth") else f"/api/v1{path}"
                return await client.request(method, where, **kwargs)

        return asyncio.run(go())

    def user(self, name: str, password: str | None = PASSWORD, **kwargs: Any) -> User:
        """A person whose password is their own."""
        with self.db.write() as tx:
            made = users.create_user(tx, SYSTEM, name, password=password, **kwargs)
            account = users.user.c
            tx.conn.execute(
                users.user.update()
                .where(account.id == made.id)
                .values(password_set_by_other=False, established_at=tx.now)
            )
        return made

    def sign_in(
        self, name: str, password: str = PASSWORD, code: str | None = None, **kwargs: Any
    ) -> Browser:
        """A browser with a fresh session."""
        body = {"name": name, "password": password, **({"code": code} if code else {})}
        answer = self.call("POST", "/session", json=body, **kwargs)
        assert answer.status_code == 201, answer.text
        return Browser(self, answer.headers["set-cookie"], answer.json())

    def events(self, action: str = "") -> list[dict[str, Any]]:
        """What the installation's log holds, oldest first."""
        with self.db.read() as conn:
            page = read_log(
                conn, "installation", Filter(action=action or None), limit=200, after=None
            )
        return sorted(page.items, key=lambda e: e["seq"])


@dataclass
class Browser:
    """Sends the cookie and the CSRF token, as the pages of a browser do."""

    house: House
    set_cookie: str
    session: dict[str, Any]

    @property
    def cookie(self) -> str:
        return self.set_cookie.partition(";")[0]

    def call(self, method: str, path: str, **kwargs: Any) -> httpx2.Response:
        """A request from a page."""
        headers = {
            "Cookie": self.cookie,
            "X-CSRF-Token": self.session["csrf"],
            **kwargs.pop("headers", {}),
        }
        return self.house.call(method, path, headers=headers, **kwargs)

    def enrol(self, password: str = PASSWORD) -> App:
        """An authenticator app, taken into use with the code of the step before."""
        made = self.call("POST", "/me/totp", json={"password": password})
        assert made.status_code == 200, made.text
        app = App(made.json()["secret"])
        done = self.call("POST", "/me/totp/confirm", json={"code": app.code(-1)})
        assert done.status_code == 200, done.text
        app.recovery = done.json()["codes"]
        return app


@dataclass
class App:
    """An authenticator app."""

    secret: str
    recovery: list[str] = field(default_factory=list)

    def code(self, steps: int = 0) -> str:
        """The code now, or so many steps from now."""
        return str(pyotp.TOTP(self.secret).at(int(time.time()) + 30 * steps))


__all__ = ["COOKIE", "PASSWORD", "App", "Browser", "House"]
