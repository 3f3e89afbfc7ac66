"""`/healthz`, `/readyz` and `/metrics`: is the process alive, can it serve, what does it count.

A Redis that is down does not make a server unready: releases are still acknowledged and followers over HTTP still
served, so taking every server out of the load balancer would turn a small outage into a whole one. It is reported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], str | None]
"""``None`` when the part works, else one sentence."""


@dataclass(frozen=True, slots=True)
class HealthDeps:
    """`needed` parts decide readiness; `reported` ones are told."""

    needed: dict[str, Check]
    reported: dict[str, Check]


def router(deps: HealthDeps) -> APIRouter:
    """The three routes; none needs credentials, none tells names or data."""
    api = APIRouter(tags=["operations"])

    @api.get("/healthz", summary="Is the process alive?")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @api.get("/readyz", summary="Can it serve requests?", responses={503: {"description": "No"}})
    def readyz() -> JSONResponse:
        needed = {name: check() for name, check in deps.needed.items()}
        reported = {name: check() for name, check in deps.reported.items()}
        ready = not any(needed.values())
        status = "ok" if ready and not any(reported.values()) else "degraded"
        return JSONResponse(
            {
                "status": status if ready else "unavailable",
                "parts": {name: fault or "ok" for name, fault in {**needed, **reported}.items()},
            },
            status_code=200 if ready else 503,
        )

    @api.get("/metrics", summary="Prometheus metrics", response_class=Response)
    def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return api
