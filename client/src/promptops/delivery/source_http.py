"""Following an environment over HTTP: server-sent events, the snapshot, artifacts and keys.

Owns requests, the event stream's framing and turning failures into plain sentences. Leaves what
the messages mean to `verify` and when to try again to `follower`. `httpx2` is imported when a
connection is made.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import quote, urlsplit

from promptops.delivery import strict
from promptops.delivery.header import Header, Position
from promptops.delivery.source import (
    Alive,
    Event,
    Head,
    Malformed,
    Pace,
    Reset,
    SnapshotDocument,
    snapshot_from_value,
    step_from_value,
)
from promptops.delivery.tls import context_for
from promptops.delivery.trust import KeyDocument, parse_key_document
from promptops.errors import InvalidHeader, SourceError

if TYPE_CHECKING:
    import httpx2

SILENCE = 35.0
"""Seconds without a byte after which a stream counts as dead: the server sends one every 15 s."""

_CONNECT = 5.0
_ONE_BY_ONE = 32
"""More missing artifacts than this come with one snapshot, packed, instead of one request each."""
_ANSWER = 30.0
_REPORT = 5.0
_LARGEST_EVENT = 256 * 1024 * 1024


class HttpSource:
    """One project's environment on one server."""

    speaks_for_the_server = True

    def __init__(
        self,
        url: str,
        token: str | None,
        project: str,
        environment: str,
        *,
        ca_file: str | None = None,
        silence: float | None = None,
    ) -> None:
        self._base = url.rstrip("/")
        self._token = token
        self._project = project
        self._environment = environment
        self._ca_file = ca_file
        self._silence = SILENCE if silence is None else silence
        self._client: httpx2.Client | None = None
        self._sockets: list[socket.socket] = []
        self._closed = False
        self._path = f"/delivery/v1/{quote(project)}/{quote(environment)}"

    @property
    def where(self) -> str:
        parts = urlsplit(self._base)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def events(self, held: Callable[[], Position | None]) -> Iterator[Event]:
        import httpx2

        position = held()
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if position is not None:
            headers["Last-Event-ID"] = str(position)
        timeout = httpx2.Timeout(_ANSWER, connect=_CONNECT, read=self._silence)
        try:
            with self._connected().stream(
                "GET",
                f"{self._path}/events",
                headers=headers,
                timeout=timeout,
                extensions=self._watched,
            ) as response:
                if response.status_code != 200:
                    response.read()
                    self._refused(response)
                for message in _messages(response.iter_raw()):
                    if self._closed:
                        return
                    yield _event(message)
        except httpx2.HTTPError as error:
            self._failed(error)
        raise SourceError("unreachable", f"{self.where} ended the event stream")

    def snapshot(self) -> SnapshotDocument:
        return snapshot_from_value(strict.load_json(self._get(self._path).content, "snapshot"))

    def artifacts(self, digests: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        if len(digests) > _ONE_BY_ONE:
            whole = self.snapshot().artifacts
            found = {digest: whole[digest] for digest in digests if digest in whole}
        for digest in digests:
            if digest in found:
                continue
            answer = self._get(f"{self._path}/artifacts/{quote(digest)}", missing_allowed=True)
            if answer.status_code == 200:
                with contextlib.suppress(UnicodeDecodeError):
                    found[digest] = answer.content.decode()
        return found

    def keys(self) -> KeyDocument | None:
        return parse_key_document(
            strict.load_json(self._get("/delivery/v1/keys").content, "keys"), "keys"
        )

    def report(self, follower: str, receipt: str) -> Pace | None:
        import httpx2

        client = self._client
        if client is None or self._closed:
            raise SourceError("unreachable", f"there is no connection to {self.where}")
        try:
            answer = client.post(
                f"{self._path}/receipts",
                content=receipt,
                headers={"Content-Type": "application/json"},
                timeout=_REPORT,
                extensions=self._watched,
            )
        except httpx2.HTTPError as error:
            self._failed(error)
        if answer.status_code == 200:
            return _pace(answer)
        slowly = answer.status_code in (401, 403, 404, 405, 413, 422)
        raise SourceError(
            "bad-answer",
            f"{self.where} took no receipt ({answer.status_code}{_problem(answer)})",
            retry_slowly=slowly,
        )

    def close(self) -> None:
        self._closed = True
        client = self._client
        for waiting in tuple(self._sockets):  # whoever reads from one is not kept waiting
            with contextlib.suppress(OSError):
                waiting.shutdown(socket.SHUT_RDWR)
        if client is not None:
            with contextlib.suppress(Exception):
                client.close()

    @property
    def _watched(self) -> dict[str, Any]:
        """What a request is sent with, so that its connection is known before anything is answered."""
        return {"trace": self._note_connection}

    def _note_connection(self, event: str, about: dict[str, Any]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            found = about["return_value"].get_extra_info("socket")
            if isinstance(found, socket.socket):
                open_ones = [one for one in self._sockets if one.fileno() != -1]
                self._sockets = [*open_ones, found]

    def _connected(self) -> httpx2.Client:
        if self._client is None:
            import httpx2

            headers = {"User-Agent": "promptops-client"}
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            try:
                verify = context_for(self._base, self._ca_file)
            except (OSError, ssl.SSLError) as error:
                raise SourceError(
                    "unreachable",
                    f"the CA file {self._ca_file} cannot be read: {error}",
                    retry_slowly=True,
                ) from None
            self._client = httpx2.Client(
                base_url=self._base,
                headers=headers,
                verify=verify,
                timeout=httpx2.Timeout(_ANSWER, connect=_CONNECT),
            )
        return self._client

    def _get(self, path: str, *, missing_allowed: bool = False) -> httpx2.Response:
        import httpx2

        try:
            answer = self._connected().get(path, extensions=self._watched)
        except httpx2.HTTPError as error:
            self._failed(error)
        if answer.status_code == 200 or (missing_allowed and answer.status_code == 404):
            return answer
        return self._refused(answer)

    def _refused(self, response: httpx2.Response) -> NoReturn:
        status, said = response.status_code, _problem(response)
        if status in (401, 403):
            raise SourceError(
                "token-refused",
                f"{self.where} refused the token for {self._project}/{self._environment} "
                f"({status}{said}); give a delivery token of that environment (PROMPTOPS_TOKEN)",
                retry_slowly=True,
            )
        if status == 404:
            raise SourceError(
                "unknown-environment",
                f"{self.where} knows no {self._project}/{self._environment}, or the token may not "
                f"read it (404{said}); check project and environment",
                retry_slowly=True,
            )
        raise SourceError("bad-answer", f"{self.where} answered {status}{said}")

    def _failed(self, error: httpx2.HTTPError) -> NoReturn:
        import httpx2

        if isinstance(error, httpx2.TimeoutException):
            raise SourceError("timed-out", f"{self.where} did not answer in time") from None
        raise SourceError("unreachable", f"{self.where} cannot be reached: {error}") from None


class _Message(NamedTuple):
    """One server-sent event; a comment has the name `:`."""

    name: str
    data: str


def _messages(chunks: Iterable[bytes]) -> Iterator[_Message]:
    """Cut a stream into events. Comments are told too: they show that the server is there."""
    name, data, size = "", list[str](), 0
    begun: list[bytes] = []  # of a line whose end has not come yet
    waiting = 0
    for chunk in chunks:
        if b"\n" not in chunk:
            begun.append(chunk)
            waiting += len(chunk)
            if waiting > _LARGEST_EVENT:
                raise SourceError("bad-answer", "the server sent an event that is too large")
            continue
        lines = b"".join((*begun, chunk)).split(b"\n")
        begun = [lines.pop()]
        waiting = len(begun[0])
        for raw in lines:
            line = raw.removesuffix(b"\r").decode("utf-8", "replace")
            if not line:
                if data:
                    yield _Message(name, "\n".join(data))
                name, data, size = "", [], 0
            elif line.startswith(":"):
                yield _Message(":", "")
            else:
                field, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if field == "event":
                    name = value
                elif field == "data":
                    size += len(value)
                    if size > _LARGEST_EVENT:
                        raise SourceError(
                            "bad-answer", "the server sent an event that is too large"
                        )
                    data.append(value)


def _event(message: _Message) -> Event:
    if message.name == ":":
        return Alive()
    try:
        if message.name in ("hello", "as_of"):
            value = strict.mapping(strict.load_json(message.data, message.name), message.name)
            return Head(Header.from_value(value.get("header"), f"{message.name}.header"))
        if message.name == "release":
            return step_from_value(strict.load_json(message.data, "release"), "release")
    except InvalidHeader as error:
        return Malformed(str(error))
    if message.name == "reset":
        return Reset("the server cannot continue from the position held")
    return Alive()


def _pace(answer: httpx2.Response) -> Pace | None:
    """What the server says about how often to report, within sense."""
    try:
        value = strict.load_json(answer.content, "pace")
        window = min(60.0, max(0.0, float(value["pace_ms"]) / 1000))
        return Pace(window, min(600.0, max(1.0, float(value["heartbeat_s"]))))
    except (InvalidHeader, KeyError, TypeError, ValueError):
        return None


def _problem(response: httpx2.Response) -> str:
    """What the server's problem document says, as the tail of a sentence."""
    try:
        value = strict.load_json(response.content, "problem")
    except InvalidHeader:
        return ""
    if not isinstance(value, dict):
        return ""
    said = value.get("detail") or value.get("title")
    return f": {said}" if isinstance(said, str) else ""
