"""One command's conversation with the server: the connection, its pages, its problems.

Owns the HTTP client and the turning of answers into values or failures. Which routes exist is known
by the commands; what a failure looks like by `failures` and `output`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

import typer

from promptops.cli import config
from promptops.cli.failures import BadInput, Refused, ServerProblem, Unreachable

if TYPE_CHECKING:
    import httpx2

PAGE_SIZE = 500
"""Items asked for at once; the server's own maximum."""

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Settings:
    """The options given before the command's name."""

    url: str = ""
    debug: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer. `value` is the JSON body, or None when the body is not JSON."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    value: Any

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode("utf-8", "replace")


class Session:
    """A connection to one server with one token. Use as a context manager."""

    def __init__(self, target: config.Target, *, browser: Mapping[str, str] | None = None) -> None:
        """`browser` are the headers of a session in the token's place; empty: nobody yet."""
        self.target = target
        self._browser = browser
        self._client: httpx2.Client | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._client is not None:
            self._client.close()

    def get(self, path: str, /, **params: Any) -> Any:
        """The JSON at a path. None parameters are left out. Raises ServerProblem, Unreachable."""
        return self.request("GET", path, params=params).value

    def post(
        self, path: str, body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Send JSON under a fresh `Idempotency-Key`; tried again once when the answer got lost.

        Raises ServerProblem, Unreachable.
        """
        keyed = {**(headers or {}), "Idempotency-Key": uuid.uuid4().hex}
        return self.request("POST", path, json=body, headers=keyed, repeat=True).value

    def pages(
        self, path: str, /, *, at_most: int | None = None, **params: Any
    ) -> Iterator[dict[str, Any]]:
        """The items of a list, page after page. Raises ServerProblem, Unreachable."""
        cursor: str | None = None
        left = at_most
        while left is None or left > 0:
            size = PAGE_SIZE if left is None else min(left, PAGE_SIZE)
            page = self.get(path, **params, limit=size, cursor=cursor)
            items = page["items"]
            yield from items
            left = None if left is None else left - len(items)
            cursor = page.get("next")
            if not cursor:  # a page of a filtered list may be empty and not the last
                return

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeat: bool = False,
    ) -> Answer:
        """One request. `repeat` allows a second try when the connection broke after sending.

        Raises ServerProblem for an answer of 400 and above, Unreachable when there is none.
        """
        import httpx2

        client = self._open()
        given = {name: value for name, value in (params or {}).items() if value is not None}
        for last in (False, True) if repeat else (True,):
            try:
                answer = client.request(
                    method, path, params=given, json=json, content=content, headers=headers
                )
                return self._read(answer)
            except (httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.WriteError) as error:
                if last:
                    raise self._unreachable(error) from None
            except (httpx2.RequestError, httpx2.InvalidURL) as error:
                raise self._unreachable(error) from None
        raise AssertionError("the last try returns or raises")

    def stream(self, path: str, body: Mapping[str, Any], into: BinaryIO) -> None:
        """Send JSON and write the answer's body as it comes. Raises ServerProblem, Unreachable, OSError."""
        import httpx2

        try:
            with self._open().stream("POST", path, json=body) as answer:
                if answer.status_code != 200:
                    answer.read()
                    self._read(answer)
                for part in answer.iter_bytes():
                    into.write(part)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise self._unreachable(error) from None

    def lines(
        self,
        path: str,
        *,
        params: Mapping[str, Any],
        headers: Mapping[str, str],
        silence: float,
        body: Mapping[str, Any] | None = None,
    ) -> Iterator[str]:
        """The lines of an answer that goes on, until it ends or says nothing for `silence` seconds.

        With a `body` it is posted.

        Raises ServerProblem, Unreachable.
        """
        import httpx2

        given = {name: value for name, value in params.items() if value is not None}
        wait = httpx2.Timeout(silence, connect=_CONNECT_SECONDS)
        try:
            method = "GET" if body is None else "POST"
            with self._open().stream(
                method, path, params=given, json=body, headers=headers, timeout=wait
            ) as answer:
                if answer.status_code != 200:
                    answer.read()
                    self._read(answer)
                yield from answer.iter_lines()
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise self._unreachable(error) from None

    def _open(self) -> httpx2.Client:
        if self._client is None:
            import httpx2

            headers = {"User-Agent": "promptops-cli", "Accept": "application/json"}
            if self._browser is None:
                headers["Authorization"] = f"Bearer {self.target.token}"
            else:
                headers.update(self._browser)
            self._client = httpx2.Client(
                base_url=self.target.url,
                headers=headers,
                timeout=httpx2.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
                verify=_trusted(self.target.url),
            )
        return self._client

    def _read(self, answer: httpx2.Response) -> Answer:
        body = answer.content
        value: Any = None
        if body and "json" in answer.headers.get("content-type", ""):
            try:
                value = answer.json()
            except ValueError:
                raise Refused(
                    f"{self.target.url} sent a broken answer ({answer.status_code})",
                    remedy="check that this is the address of a PromptOps server",
                ) from None
        if answer.status_code >= 400:
            raise self._problem(answer.status_code, value)
        if 300 <= answer.status_code < 400 and answer.status_code != 304:
            raise BadInput(
                f"{self.target.url} redirects to {answer.headers.get('location', 'elsewhere')}",
                remedy="give the final address of the server",
            )
        return Answer(answer.status_code, answer.headers, body, value)

    def _problem(self, status: int, value: Any) -> ServerProblem:
        if not isinstance(value, dict):
            title = f"{self.target.url} answered {status}"
            document: dict[str, Any] = {
                "title": title,
                "status": status,
                "detail": title,
                "remedy": "check that this is the address of a PromptOps server",
            }
            return ServerProblem(status, document)
        document = {"status": status, **value}
        if status == 401:
            document.setdefault("remedy", "run `promptops login` again")
            if self._browser is None:
                document["token_from"] = self.target.origin
        return ServerProblem(status, document)

    def _unreachable(self, error: Exception) -> Unreachable:
        reason = str(error).strip() or type(error).__name__
        return Unreachable(
            f"no answer from {self.target.url}: {reason}",
            remedy="is the server running, and is the address right? "
            "(--url, PROMPTOPS_URL, or `promptops login --url`)",
        )


def _trusted(url: str) -> Any:
    """What servers are trusted by: nobody's word where none is needed, which saves reading the authorities."""
    import ssl

    proxies = ("http_proxy", "all_proxy")
    if url.startswith("http://") and not any(name.lower() in proxies for name in os.environ):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies, and knows no authority
    return True


def settings_of(ctx: typer.Context) -> Settings:
    """The options given before the command's name."""
    found = ctx.find_object(Settings)
    return found if found is not None else Settings()


def target(ctx: typer.Context) -> config.Target:
    """The server and token this command uses. Raises BadInput."""
    path = config.config_path()
    return config.target_of(settings_of(ctx).url, os.environ, config.load(path))


def connect(ctx: typer.Context) -> Session:
    """A session for this command. Raises BadInput when there is no token."""
    found = target(ctx)
    if not found.token:
        raise BadInput(
            f"you are not signed in to {found.url}",
            remedy=f"run `promptops login --url {found.url}`, or set PROMPTOPS_TOKEN",
        )
    return Session(found)


def api(*parts: str) -> str:
    """A path below `/api/v1` from names and prompt paths; slashes inside a part stay."""
    from urllib.parse import quote

    return "/api/v1/" + "/".join(quote(part, safe="/@") for part in parts)
