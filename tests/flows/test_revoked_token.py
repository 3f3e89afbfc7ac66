"""A delivery token that is revoked: its streams end within five seconds, on a server that others go on using."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx2

from support.reviewed_files import reviewed_prompt
from support.server import RunningServer

EVENTS = "/delivery/v1/bank/staging/events"


def stream_until_it_ends(url: str, token: str, begun: threading.Event, ended: list[float]) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.stream("GET", url + EVENTS, headers=headers, timeout=30) as answer:
        assert answer.status_code == 200
        for _ in answer.iter_raw():
            begun.set()
    ended.append(time.monotonic())


def test_revoking_a_token_ends_its_streams_and_no_others(
    start_server: Callable[..., RunningServer],
) -> None:
    server = start_server()
    with server.api(server.token("root", "admin")) as api:
        assert api.post("/projects", json={"name": "bank"}).is_success
        yaml = {"Content-Type": "application/yaml"}
        assert api.put(
            "/projects/bank/prompts/a", content=reviewed_prompt(), headers=yaml
        ).is_success
        body = {"prompts": [{"path": "a"}], "reason": "for a test"}
        assert api.post("/projects/bank/environments/staging/releases", json=body).is_success
        users = ("leaving", "leaving", "staying")
        tokens = {name: server.token(name, "delivery", "bank", "staging") for name in set(users)}
        begun = [threading.Event() for _ in users]
        ended: dict[str, list[float]] = {name: [] for name in users}
        threads = [
            threading.Thread(
                target=stream_until_it_ends,
                args=(server.url, tokens[name], event, ended[name]),
                daemon=True,
            )
            for name, event in zip(users, begun, strict=True)
        ]
        for thread in threads:
            thread.start()
        assert all(event.wait(10) for event in begun)
        (token,) = [
            item
            for item in api.get("/tokens", params={"all": True, "limit": 100}).json()["items"]
            if item["user"] == "leaving"
        ]
        revoked = time.monotonic()
        assert api.delete(f"/tokens/{token['id']}").is_success
        for thread in threads[:2]:
            thread.join(10)
        assert len(ended["leaving"]) == 2
        assert max(ended["leaving"]) - revoked < 5
        assert ended["staying"] == []
        refused = httpx2.get(
            server.url + EVENTS, headers={"Authorization": f"Bearer {tokens['leaving']}"}
        )
        assert refused.status_code == 401
