"""What a request says of a proxy counts only where the operator says that there is one."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import pytest

from support.server import RunningServer


@pytest.mark.parametrize("public_url", [None, "https://promptops.example.com"])
def test_a_forwarded_address_is_believed_behind_a_proxy_only(
    start_server: Callable[..., RunningServer], public_url: str | None
) -> None:
    env = {"PROMPTOPS_PUBLIC_URL": public_url} if public_url else {}
    server = start_server(env=env)
    with server.api(server.token("root", "admin")) as api:
        forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
        assert api.post("/projects", json={"name": "bank"}, headers=forged).is_success
        assert api.post("/users", json={"name": "ana", "password": "correct horse"}).is_success
        event = api.get("/audit/events", params={"action": "project.create"}).json()["items"]
        if not event:
            asked = {"action": "project.create", "project": "bank"}
            event = api.get("/audit/events", params=asked).json()["items"]
    assert event[0]["actor"]["ip"] == ("203.0.113.9" if public_url else "127.0.0.1")
    body = {"name": "ana", "password": "correct horse"}
    answer = httpx2.post(f"{server.url}/api/v1/session", json=body, headers=forged)
    assert ("__Host-" in answer.headers["set-cookie"]) is bool(public_url)
