"""Delivery behind a real HTTP server in this process, and a follower's side of the event stream."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import uvicorn
from delivery_world import World

from promptops_server.delivery.assembly import Delivery
from promptops_server.delivery.ports import Refusal, TokenInfo
from promptops_server.infra.problems import Denied, Unauthenticated
from promptops_server.infra.redis import RedisAddress

TOKEN = "pot_delivery"


@dataclass
class Access:
    """Who may read: a table of tokens, as `access` would answer from its own."""

    tokens: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {TOKEN: ("retail-bank", "production")}
    )
    asked: int = 0

    def __call__(self, token: str, project: str, environment: str) -> TokenInfo | Refusal:
        self.asked += 1
        allowed = self.tokens.get(token)
        if allowed is None:
            return Refusal(Unauthenticated("This token is not known."))
        if allowed != (project, environment):
            return Refusal(Denied("This token reads another environment.", rule="scope"))
        return TokenInfo("somebody", token)


@dataclass
class Served:
    """A running server. `client` sends the token."""

    url: str
    delivery: Delivery
    access: Access
    client: httpx2.Client

    @property
    def base(self) -> str:
        return f"{self.url}/delivery/v1/retail-bank/production"

    def get(self, path: str = "", **headers: str) -> httpx2.Response:
        return self.client.get(
            self.base + path, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

    @contextmanager
    def events(self, token: str = TOKEN, query: str = "", **headers: str) -> Iterator[Events]:
        """An open stream."""
        sent = {k.replace("_", "-"): v for k, v in headers.items()}
        sent["authorization"] = f"Bearer {token}"
        with (
            httpx2.Client(timeout=20) as client,
            client.stream("GET", f"{self.base}/events{query}", headers=sent) as response,
        ):
            yield Events(response)


class Events:
    """Reads events one by one."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.iter_lines() if response.status_code == 200 else iter(())

    def next(self) -> tuple[str, str | None, Any]:
        """The next event: name, id, data. Raises StopIteration at the end of the stream."""
        name, event_id, data = "", None, None
        while True:
            line = next(self._lines)
            if line.startswith(":"):
                continue
            if line == "" and name:
                return name, event_id, data
            key, _, value = line.partition(": ")
            if key == "event":
                name = value
            elif key == "id":
                event_id = value
            elif key == "data":
                data = json.loads(value)


@contextmanager
def serve(world: World, redis_url: str | None = None, **options: Any) -> Iterator[Served]:
    """Delivery on a loopback port, with its threads."""
    access = Access()
    address = RedisAddress(redis_url) if redis_url else None
    delivery = Delivery(world.db, world.keys, access, address, **options)
    delivery.start()
    server = uvicorn.Server(
        uvicorn.Config(
            delivery.app, host="127.0.0.1", port=0, lifespan="off", log_level="warning",
            access_log=False, timeout_graceful_shutdown=5,
        )
    )  # fmt: skip
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    headers = {"authorization": f"Bearer {TOKEN}"}
    try:
        with httpx2.Client(headers=headers, timeout=20) as client:
            yield Served(f"http://127.0.0.1:{port}", delivery, access, client)
    finally:
        delivery.end_streams()
        server.should_exit = True
        thread.join(10)
        delivery.close()
        assert not thread.is_alive()
