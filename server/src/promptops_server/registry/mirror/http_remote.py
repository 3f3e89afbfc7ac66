"""Git over HTTPS: the list of refs by GET, the push by POST, on a connection to the addresses that were judged.

Not dulwich's HTTP client: that follows redirects and resolves names again (a way into the operator's network), and
keeps an entry for each object sent. Here redirects are refused, the connection goes to a checked address while
certificate and `Host` stay those of the name, and the body is streamed from the spool with its length.
"""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from dulwich.errors import GitProtocolError, HangupException
from dulwich.protocol import Protocol
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.response import BaseHTTPResponse

from promptops_server.registry.git.pack import PackSpool
from promptops_server.registry.mirror import exchange, hosts
from promptops_server.registry.mirror.address import Address
from promptops_server.registry.mirror.credentials import Secret
from promptops_server.registry.mirror.errors import PushFailed
from promptops_server.registry.mirror.exchange import Advertisement, Report
from promptops_server.registry.mirror.model import Credentials
from promptops_server.registry.mirror.plan import Update
from promptops_server.registry.mirror.remote import Limits

_SERVICE = "git-receive-pack"
# Some hosts answer stock clients only.
_AGENT = "git/2.40 (promptops)"
_SILENCE_SECONDS = 120.0  # between two bytes; hooks may think that long
_MAX_AFTER = 6 * 3600.0


class HttpRemote:
    """A `Remote` over HTTPS (or plain HTTP, where the operator allows it)."""

    def __init__(
        self,
        address: Address,
        credentials: Credentials,
        secret: Secret,
        limits: Limits,
        deadline: float,
    ) -> None:
        self._address = address
        self._limits = limits
        self._deadline = deadline
        self._headers = {"User-Agent": _AGENT, "Pragma": "no-cache"}
        if credentials.kind == "password":
            self._headers.update(_basic(credentials.user, secret.password))
        self._proxy = proxy_for(address, limits)
        self._capabilities: frozenset[str] = frozenset()
        self._pool: Any = None

    def advertised(self) -> Advertisement:
        answer = self._request("GET", f"info/refs?service={_SERVICE}", {})
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        if kind != f"application/x-{_SERVICE}-advertisement":
            raise PushFailed(
                "not-found",
                f"What answers at {self._address.place} is no Git repository (it sent {kind[:60] or 'no type'}).",
                "Check the address: it is the one `git clone` takes.",
            )
        read = exchange.Bounded(_reader(answer), self._deadline)
        _skip_service_line(read)
        found = exchange.read_advertisement(read)
        while read(65_536):  # to its end, so that the connection serves the push as well
            pass
        self._capabilities = exchange.agreed(found.capabilities)
        return found

    def send(self, updates: list[Update], pack: PackSpool | None) -> Report:
        head = exchange.commands(updates, self._capabilities)
        length = len(head) + (pack.size if pack is not None else 0)

        def body() -> Iterator[bytes]:
            yield head
            if pack is not None:
                for chunk in pack.chunks():
                    if time.monotonic() > self._deadline:
                        raise exchange.took_too_long()
                    yield chunk

        answer = self._request(
            "POST",
            _SERVICE,
            {
                "Content-Type": f"application/x-{_SERVICE}-request",
                "Accept": f"application/x-{_SERVICE}-result",
                "Content-Length": str(length),
            },
            body(),
        )
        read = exchange.Bounded(_reader(answer), self._deadline)
        return exchange.read_report(read, updates, self._capabilities)

    def close(self) -> None:
        if self._pool is not None:
            (self._pool.clear if self._proxy else self._pool.close)()

    # -- the connection

    def _request(
        self, method: str, below: str, headers: dict[str, str], body: Iterator[bytes] | None = None
    ) -> BaseHTTPResponse:
        if self._pool is None:
            self._pool = self._proxied() if self._proxy else self._direct()
        path = self._address.target + below
        url = f"{self._address.scheme}://{self._address.place}{path}" if self._proxy else path
        try:
            answer: BaseHTTPResponse = self._pool.request(
                method,
                url,
                body=body,
                headers={**self._headers, "Host": self._address.place, **headers},
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=self._timeout(),
            )
        except HTTPError as error:
            raise self._unreachable(error) from None
        except (OSError, ValueError) as error:
            raise self._unreachable(error) from None
        if answer.status != 200:
            try:
                raise self._refusal(answer)
            finally:
                answer.close()
        return answer

    def _direct(self) -> urllib3.HTTPConnectionPool:
        """A pool to a checked address that takes connections."""
        host, port = self._address.host, self._address.port
        found = hosts.resolve(host, port, self._limits.hosts, self._limits.lookup)
        ip = hosts.first_answering(found, port, self._limits.connect_seconds)
        if self._address.scheme == "http":
            return urllib3.HTTPConnectionPool(ip, port, maxsize=1)
        return urllib3.HTTPSConnectionPool(
            ip,
            port,
            maxsize=1,
            ssl_context=self._trust(),
            server_hostname=host,
            assert_hostname=host,
        )

    def _proxied(self) -> urllib3.ProxyManager:
        """Through the proxy, which resolves the name; it is judged here as far as it can be."""
        host, port = self._address.host, self._address.port
        try:
            hosts.resolve(host, port, self._limits.hosts, self._limits.lookup)
        except PushFailed as failed:
            if failed.problem.code != "unreachable":
                raise
        assert self._proxy is not None
        parts = urlsplit(self._proxy)
        headers = None
        if parts.username is not None:
            headers = urllib3.make_headers(
                proxy_basic_auth=f"{parts.username}:{parts.password or ''}"
            )
        bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return urllib3.ProxyManager(bare, proxy_headers=headers, ssl_context=self._trust())

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._limits.ca_file is not None:
            try:
                context.load_verify_locations(cafile=str(self._limits.ca_file))
            except (OSError, ssl.SSLError) as error:
                raise PushFailed(
                    "unreachable",
                    f"The operator's file of authorities (mirror.ca_file) cannot be read: {error.strerror or 'no PEM'}.",
                    "Tell the operator.",
                    transient=True,
                ) from None
        return context

    def _timeout(self) -> urllib3.Timeout:
        left = max(self._deadline - time.monotonic(), 0.1)
        return urllib3.Timeout(
            connect=min(self._limits.connect_seconds, left), read=min(_SILENCE_SECONDS, left)
        )

    # -- telling

    def _refusal(self, answer: BaseHTTPResponse) -> PushFailed:
        status, place = answer.status, self._address.place
        if status == 401:
            return PushFailed(
                "credentials",
                f"{place} does not accept the user and password (401).",
                "The password or token may be wrong or expired: set the mirror's credentials again.",
            )
        if status == 403:
            return exchange.no_permission("403")
        if status in (404, 410):
            return exchange.no_repository()
        if 300 <= status < 400:
            return PushFailed(
                "moved",
                f"{place} says that the repository is elsewhere: {_bare(answer.headers.get('location'))}.",
                "Set the mirror to its new address; redirects are not followed.",
            )
        if status == 407:
            return PushFailed(
                "unreachable", "The proxy asks for a password.", "Tell the operator: mirror.proxy.",
                transient=True,
            )  # fmt: skip
        if status == 413:
            return PushFailed(
                "unsupported", f"{place} does not take a push of this size (413).",
                "Raise its limit for request bodies; then push again.",
            )  # fmt: skip
        if status in (408, 425, 429) or status >= 500:
            return PushFailed(
                "busy", f"{place} answered {status}.", "The server tries again.",
                transient=True, after=_after(answer.headers.get("retry-after")),
            )  # fmt: skip
        return PushFailed("unsupported", f"{place} answered {status}.", "Check the address.")

    def _unreachable(self, error: Exception) -> PushFailed:
        place = self._address.place
        inner = error.__cause__ or error
        if isinstance(error, SSLError) or isinstance(inner, ssl.SSLError):
            reason = (
                getattr(inner, "verify_message", "") or getattr(inner, "reason", "") or "failed"
            )
            return PushFailed(
                "unreachable",
                f"No trusted connection to {place}: {reason}.",
                "If the host's certificate is from your own authority, the operator names it in mirror.ca_file.",
                transient=True,
            )
        if isinstance(error, ProxyError):
            text = "the proxy does not lead there"
        elif isinstance(error, NewConnectionError | ConnectionRefusedError):
            text = "nothing takes connections there"
        elif isinstance(error, ConnectTimeoutError | ReadTimeoutError | TimeoutError):
            text = "it did not answer in time"
        else:
            text = "the connection broke"
        return PushFailed(
            "unreachable",
            f"{place} cannot be reached: {text}.",
            "The server tries again by itself.",
            transient=True,
        )


def proxy_for(address: Address, limits: Limits) -> str | None:
    """The proxy for this address: the operator's, else the environment's unless ``NO_PROXY`` names the host."""
    if limits.proxy is not None:
        return limits.proxy
    if proxy_bypass(address.host):
        return None
    found = getproxies().get(address.scheme)
    return found if found and found.startswith(("http://", "https://")) else None


def _basic(user: str, password: str) -> dict[str, str]:
    # UTF-8, as Git sends it; urllib3's helper takes Latin-1 only.
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def _reader(answer: BaseHTTPResponse) -> Any:
    def read(size: int) -> bytes:
        try:
            return answer.read(size)
        except HTTPError:
            raise PushFailed(
                "unreachable", "The connection broke while the host answered.", transient=True
            ) from None

    return read


def _skip_service_line(read: exchange.Bounded) -> None:
    """``# service=git-receive-pack`` and a flush packet come first."""
    try:
        lines = list(Protocol(read, lambda data: None).read_pkt_seq())
    except (GitProtocolError, HangupException, ValueError):
        lines = []
    if [line.rstrip(b"\n") for line in lines] != [b"# service=git-receive-pack"]:
        raise PushFailed("protocol", "The host's answer is not what Git sends.", transient=True)


def _bare(location: str | None) -> str:
    """A redirect's target without query and user, which may hold secrets."""
    parts = urlsplit(location or "")
    text = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"[:200]
    return "".join(c for c in text if c.isprintable())


def _after(value: str | None) -> float | None:
    try:
        return min(max(float(value or ""), 0.0), _MAX_AFTER)
    except ValueError:
        return None
