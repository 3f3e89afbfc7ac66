"""HTTP to the endpoints of models: connections that are used again, the operator's proxy and authorities, limits.

Owns how bytes go and come; what they mean is the protocols'. Redirects are not followed, since they would take the key
elsewhere. Where a name leads is judged when it is connected to, so that a name that changes its address gains nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from socket import AddressFamily
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from promptops_server.providers.kind import Outgoing
from promptops_server.providers.model import CallError
from promptops_server.providers.targets.address import is_refused
from promptops_server.providers.wire.connection_faults import Hopeless, connection_fault

if TYPE_CHECKING:
    from promptops_server.infra.sections.models import ModelSettings

_HEADERS = {
    "User-Agent": "PromptOps",
    # Answers are small, and packed ones come in lumps where a stream should flow.
    "Accept-Encoding": "identity",
}
_IDLE_SECONDS = 30.0
_DRAIN_SECONDS = 0.25
_FORM_SECONDS = 30.0


class Http:
    """Connections to endpoints, of one event loop. Opens none before it is needed; `close` ends them.

    Args:
        settings: proxy, authorities, time-outs and the largest answer.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._most = settings.answer_megabytes * 1_000_000
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[tuple[str, str], str | None] = {}

    @asynccontextmanager
    async def sent(self, outgoing: Outgoing, seconds: float) -> AsyncIterator[Incoming]:
        """Send a request; within the block its answer can be read. Leaving it early closes the connection.

        Args:
            seconds: longest time for all of it; the setting `models.call_seconds` may say less.

        Raises:
            CallError: `network`, `time_out`, or `bad_answer` for a redirect and for more bytes than are read. In the
                block it also stands for what aiohttp raises while reading.
        """
        judged(outgoing.url)
        seconds = min(seconds, self._settings.call_seconds)
        began = time.monotonic()
        try:
            async with self._opened().request(
                outgoing.method,
                URL(outgoing.url, encoded=True),
                data=_payload(outgoing.body),
                headers=outgoing.headers,
                allow_redirects=False,
                proxy=self._proxy(outgoing.url),
                timeout=aiohttp.ClientTimeout(
                    total=seconds, sock_connect=self._settings.connect_seconds
                ),
            ) as response:
                try:
                    if 300 <= response.status < 400:
                        raise _redirected(response)
                    yield Incoming(response, self._most)
                except BaseException:
                    # Also when cancelled: an endpoint whose client is gone stops working on the answer.
                    response.close()
                    raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise connection_fault(error, outgoing.url, time.monotonic() - began) from None

    async def post_form(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body of the answer to a form. Raises `CallError` `network` or `time_out`."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        async with self.sent(Outgoing(url, headers, body), _FORM_SECONDS) as incoming:
            return incoming.status, await incoming.body()

    async def close(self) -> None:
        """End all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,  # how many calls there are at a time is `limits`' to say
                    ssl=self._trust(),
                    resolver=_Judging(),
                    keepalive_timeout=_IDLE_SECONDS,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_HEADERS,
                trust_env=False,  # it would also read ~/.netrc
            )
        return self._session

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        ca_file = self._settings.ca_file
        if ca_file is not None:
            try:
                context.load_verify_locations(cafile=ca_file)
            except (OSError, ssl.SSLError) as error:
                raise Hopeless(
                    "network", f"The setting models.ca_file cannot be used: {ca_file}: {error}."
                ) from None
        return context

    def _proxy(self, url: str) -> str | None:
        """The operator's proxy, else the environment's unless NO_PROXY names the host; none for this machine itself."""
        parts = urlsplit(url)
        key = (parts.scheme, parts.netloc)
        if key not in self._proxies:
            self._proxies[key] = _proxy_for(parts.scheme, parts.netloc, self._settings.proxy)
        return self._proxies[key]


class Incoming:
    """An answer that is being read."""

    def __init__(self, response: aiohttp.ClientResponse, most: int) -> None:
        self.status: int = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._most = most

    async def body(self) -> bytes:
        """All of it."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """As it comes. Raises CallError `bad_answer` for more than the setting `models.answer_megabytes`."""
        size = 0
        async for chunk in self._response.content.iter_any():
            size += len(chunk)
            if size > self._most:
                raise CallError(
                    "bad_answer",
                    f"The endpoint's answer is larger than {self._most // 1_000_000} MB "
                    "(setting models.answer_megabytes); the rest was not read.",
                )
            yield chunk

    async def drain(self) -> None:
        """Wait a moment for the end of a body whose contents are known, so that the connection can be used again."""
        with contextlib.suppress(TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                async for _ in self._response.content.iter_any():
                    pass


class _Judging(AbstractResolver):
    """The system's resolver, without addresses where no target may be."""

    def __init__(self) -> None:
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for entry in found:
            # One such address among several is enough: which of them answers is not ours to choose.
            if is_refused(ip_address(entry["host"].partition("%")[0])):
                raise _forbidden(host)
        return found

    async def close(self) -> None:
        await self._inner.close()


@functools.lru_cache(maxsize=256)
def judged(url: str) -> None:
    """Refuse a URL whose host is written as an address where no target may be.

    Raises:
        CallError: `network`.
    """
    host = urlsplit(url).hostname or ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return  # a name, judged when it is resolved
    if is_refused(address):
        raise _forbidden(host)


def _payload(body: bytes) -> bytes | io.BytesIO | None:
    # In pieces, so that pictures of some megabytes do not hold up everybody else.
    return io.BytesIO(body) if len(body) > 2**20 else body or None


def _proxy_for(scheme: str, netloc: str, configured: str | None) -> str | None:
    host = (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    try:
        own = ip_address(host).is_loopback
    except ValueError:
        own = host == "localhost" or host.endswith(".localhost")
    if own:
        return None
    if configured is not None:
        return configured
    found = None if proxy_bypass(netloc) else getproxies().get(scheme)
    # A SOCKS proxy in the environment is meant for others.
    return found if found and found.startswith(("http://", "https://")) else None


def _redirected(response: aiohttp.ClientResponse) -> CallError:
    where = urlsplit(response.headers.get("location", ""))
    place = f"{where.scheme}://{where.hostname}{where.path}" if where.hostname else where.path
    return CallError(
        "bad_answer",
        f"The endpoint redirects to {place[:200] or 'nowhere'}, which is not followed: the key would go there. "
        "If that is right, make it the target's base_url.",
        status=response.status,
        sent=False,
    )


def _forbidden(host: str) -> Hopeless:
    return Hopeless(
        "network",
        f"{host} is a link-local address or one where a cloud keeps a machine's credentials: no call goes there.",
    )
