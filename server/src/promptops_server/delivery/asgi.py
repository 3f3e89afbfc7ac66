"""HTTP delivery under `/delivery/v1/`: keys, snapshot, single prompts, artifacts, events, receipts. docs/delivery-protocol.md.

A plain ASGI application: a hot read is a few dictionary lookups and two messages. Owns the paths, who may read, and
turning refusals into problems. Leaves the state to `environments`, streams to `stream` and `hub`.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, MutableMapping
from concurrent.futures import Executor
from typing import Any, TypeVar

import structlog

from promptops_server.delivery import answers, snapshot, store
from promptops_server.delivery.asgi_types import Receive, Scope, Send
from promptops_server.delivery.environments import Environments, LiveEnvironment, View
from promptops_server.delivery.hub import Hub
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.ports import Refusal
from promptops_server.delivery.receipts.intake import Intake
from promptops_server.delivery.receipts.over_http import answer_receipt
from promptops_server.delivery.snapshot import Snapshot
from promptops_server.delivery.stream import HEADERS, asked_position, serve_stream
from promptops_server.delivery.timeline import Timeline
from promptops_server.delivery.tokens import TokenKey, Tokens, bearer
from promptops_server.infra.database import Database
from promptops_server.infra.ids import request_id_of
from promptops_server.infra.problems import (
    NotFound,
    ProblemError,
    Unauthenticated,
    Unavailable,
    Unexpected,
)
from promptops_server.infra.request_address import check_address

log = structlog.get_logger(__name__)

PREFIX = "/delivery/v1/"
ARTIFACTS_KEPT_BYTES = 16 * 1024 * 1024

_Result = TypeVar("_Result")


class MethodNotAllowed(ProblemError):
    """Delivery is read only, but for receipts."""

    status = 405
    slug = "method-not-allowed"
    title = "Method not allowed"


class DeliveryApp:
    """The application; answers everything below `/delivery/v1/`."""

    def __init__(
        self,
        db: Database,
        keys: Keys,
        timeline: Timeline,
        environments: Environments,
        tokens: Tokens,
        hub: Hub,
        executor: Executor,
        intake: Intake,
    ) -> None:
        self._intake = intake
        self._db = db
        self._keys = keys
        self._timeline = timeline
        self._environments = environments
        self._tokens = tokens
        self._hub = hub
        self._executor = executor
        self._artifacts: OrderedDict[tuple[str, str], tuple[str, bytes]] = OrderedDict()
        self._artifacts_size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        parts = scope["path"][len(PREFIX) :].split("/", 3)
        if len(parts) == 4 and parts[2] == "prompts" and scope["method"] == "GET":
            environment = self._environments.peek(parts[0], parts[1])
            prepared = None if environment is None else environment.view.prompts.get(parts[3])
            if prepared is not None:
                authorization, if_none_match = b"", None
                for name, value in scope["headers"]:
                    if name == b"authorization":
                        authorization = value
                    elif name == b"if-none-match":
                        if_none_match = value
                if if_none_match is None and self._tokens.allowed(
                    TokenKey(authorization, parts[0], parts[1])
                ):
                    await send(prepared.start)
                    await send(prepared.body)
                    return
        begun = False

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            check_address(scope)
            await self._answer(parts, scope, receive, noting)
        except Exception as error:
            if begun:
                raise  # too late for another answer
            request_id = request_id_of(scope["headers"])
            if not isinstance(error, ProblemError):
                log.exception("unexpected_error", path=scope["path"], request_id=request_id)
            problem = error if isinstance(error, ProblemError) else Unexpected()
            if isinstance(problem, Unavailable):
                problem.headers.setdefault("Retry-After", "2")
            for message in answers.problem(problem, request_id):
                await send(message)

    async def _answer(self, parts: list[str], scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST" and len(parts) == 3 and parts[2] == "receipts":
            return await self._take_receipt(parts[0], parts[1], scope, receive, send)
        if scope["method"] not in ("GET", "HEAD"):
            refusal = MethodNotAllowed(
                f"{scope['method']} is not possible here: delivery is read only.",
                remedy="Publish and stop prompts through the API.",
            )
            refusal.headers["Allow"] = "GET, HEAD"
            raise refusal
        headers = dict(scope["headers"])
        if parts == ["keys"]:
            return await self._respond_keys(send)
        if len(parts) < 2 or not all(parts[:2]):
            raise NotFound("There is nothing at this address.", remedy="See the delivery protocol.")
        key = TokenKey(headers.get(b"authorization", b""), parts[0], parts[1])
        await self._admit(key)
        environment = await self._environment(parts[0], parts[1])
        what = parts[2:]
        if what in ([], [""]):
            await self._respond_snapshot(environment, headers, scope["method"], send)
        elif what[0] == "prompts" and len(what) == 2:
            await self._respond_prompt(environment, what[1], headers, send)
        elif what[0] == "artifacts" and len(what) == 2:
            await self._respond_artifact(environment, what[1], headers, send)
        elif what == ["events"]:
            asked = asked_position(headers.get(b"last-event-id"), scope.get("query_string", b""))
            if scope["method"] == "HEAD":
                await send(answers.start(200, HEADERS))
                return await send(answers.body(b""))
            await serve_stream(
                environment, key, asked, self._hub, self._timeline, self._executor, receive, send
            )
        else:
            raise NotFound("There is nothing at this address.", remedy="See the delivery protocol.")
        return None

    async def _take_receipt(
        self, project: str, name: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        authorization = dict(scope["headers"]).get(b"authorization", b"")
        await self._admit(TokenKey(authorization, project, name))
        environment = await self._environment(project, name)
        await answer_receipt(environment.facts, self._intake, receive, send)

    async def _admit(self, key: TokenKey) -> None:
        if not bearer(key.authorization):
            refusal = Unauthenticated(
                "No token was sent.", remedy="Send `Authorization: Bearer TOKEN`."
            )
            refusal.headers["WWW-Authenticate"] = 'Bearer realm="promptops"'
            raise refusal
        decision = await self._tokens.check(key)
        if isinstance(decision, Refusal):
            raise decision.problem.with_traceback(
                None
            )  # shared by requests: it would grow with each

    async def _environment(self, project: str, name: str) -> LiveEnvironment:
        found = self._environments.peek(project, name)
        if found is None:
            found = await self._in_thread(self._environments.load, project, name)
        if found is None:
            raise NotFound(
                f"There is no environment {project}/{name}.",
                remedy="Check both names; they are case-sensitive.",
                slug="unknown-environment",
            )
        return found

    async def _respond_keys(self, send: Send) -> None:
        content = await self._in_thread(self._keys.document)
        await send(answers.start(200, [answers.JSON, answers.length(content), answers.REVALIDATE]))
        await send(answers.body(content))

    async def _respond_prompt(
        self, environment: LiveEnvironment, path: str, headers: dict[bytes, bytes], send: Send
    ) -> None:
        view, facts = environment.view, environment.facts
        prepared = view.prompts.get(path)
        if prepared is None:
            entry = answers.live_entry(view.tree.get(path), path, facts)
            text = await self._in_thread(self._artifact_text, environment, entry.digest)
            if text is None:
                raise NotFound(f"The artifact of {facts.project}/{path} is not stored.")
            prepared = answers.prepare(entry, facts, text)
            view.keep(path, prepared)
        if answers.matches(headers.get(b"if-none-match"), prepared.etag):
            await send(answers.start(304, [(b"etag", prepared.etag), answers.REVALIDATE]))
            return await send(answers.body(b""))
        await send(prepared.start)
        return await send(prepared.body)

    async def _respond_artifact(
        self, environment: LiveEnvironment, digest: str, headers: dict[bytes, bytes], send: Send
    ) -> None:
        etag = answers.digest_tag(digest)
        content = self._kept_artifact(environment, digest)
        if content is None:
            text = await self._in_thread(self._artifact_text, environment, digest)
            if text is None:
                raise NotFound(
                    f"No artifact {digest[:80]} was ever live in this environment.",
                    remedy="Digests stand in the entries of the snapshot, as sha256:… .",
                    slug="unknown-artifact",
                )
            content = text.encode()
            self._keep_artifact((environment.facts.id, digest), json.loads(text)["path"], content)
        if answers.matches(headers.get(b"if-none-match"), etag):
            await send(answers.start(304, [(b"etag", etag), answers.FOREVER]))
            return await send(answers.body(b""))
        start = [answers.JSON, answers.length(content), (b"etag", etag), answers.FOREVER]
        await send(answers.start(200, start))
        return await send(answers.body(content))

    async def _respond_snapshot(
        self,
        environment: LiveEnvironment,
        headers: dict[bytes, bytes],
        method: str,
        send: Send,
    ) -> None:
        view = environment.view
        etag = answers.position_tag(view.position)
        common = [(b"etag", etag), answers.REVALIDATE, (b"vary", b"accept-encoding")]
        if answers.matches(headers.get(b"if-none-match"), etag):
            await send(answers.start(304, common))
            return await send(answers.body(b""))
        whole = await self._snapshot(environment, view)
        packed = answers.accepts_gzip(headers.get(b"accept-encoding"))
        size = len(whole.packed) if packed else whole.size
        start = [answers.JSON, (b"content-length", b"%d" % size), *common]
        if packed:
            start.append((b"content-encoding", b"gzip"))
        await send(answers.start(200, start))
        if method != "HEAD":
            for piece in whole.pieces(packed=packed):
                await send(answers.body(piece, more=True))
        return await send(answers.body(b""))

    async def _snapshot(self, environment: LiveEnvironment, view: View) -> Snapshot:
        """The view's snapshot, built once however many ask for it."""
        building = view.snapshot
        if building is None or (building.done() and building.exception() is not None):
            building = asyncio.ensure_future(
                self._in_thread(snapshot.build, self._db, environment.facts, view.header, view.tree)
            )
            view.snapshot = building
        return await asyncio.shield(building)

    def _artifact_text(self, environment: LiveEnvironment, digest: str) -> str | None:
        with self._db.read() as conn:
            return store.artifact_ever_live(conn, environment.facts, digest)

    def forget_artifacts(self, environment_id: str, digests: Iterable[str]) -> None:
        """Drop these from memory. Called from any thread; what it misses is not served either (`_kept_artifact`)."""
        for digest in digests:
            gone = self._artifacts.pop((environment_id, digest), None)
            if gone is not None:
                self._artifacts_size -= len(gone[1])

    def _kept_artifact(self, environment: LiveEnvironment, digest: str) -> bytes | None:
        """From memory only what is live: anything else may have been redacted since, and SQL knows."""
        kept = self._artifacts.get((environment.facts.id, digest))
        if kept is None:
            return None
        path, content = kept
        entry = environment.view.tree.get(path)
        return content if entry is not None and entry.digest == digest else None

    def _keep_artifact(self, key: tuple[str, str], path: str, content: bytes) -> None:
        if key in self._artifacts:
            return
        self._artifacts[key] = (path, content)
        self._artifacts_size += len(content)
        while self._artifacts_size > ARTIFACTS_KEPT_BYTES and self._artifacts:
            self._artifacts_size -= len(self._artifacts.popitem(last=False)[1][1])

    async def _in_thread(self, call: Callable[..., _Result], *args: Any) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call, *args)
