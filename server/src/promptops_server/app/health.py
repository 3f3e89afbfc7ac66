"""`/healthz`, `/readyz` and `/metrics`: is the process alive, can it serve, what does it count.

A Redis that is down does not make a server unready: releases are still acknowledged and followers over HTTP still
served, so taking every server out of the load balancer would turn a small outage into a whole one. It is reported.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import func, select

from promptops_server.app import migrate
from promptops_server.delivery.assembly import Delivery
from promptops_server.infra import set_back
from promptops_server.infra.database import Database
from promptops_server.infra.jobs_dbos import DbosJobs
from promptops_server.infra.tables import outbox
from promptops_server.registry.mirror import store as mirror_store

Check = Callable[[], str | None]
"""``None`` when the part works, else one sentence."""


@dataclass(frozen=True, slots=True)
class HealthDeps:
    """`needed` parts decide readiness; `reported` ones are told."""

    needed: dict[str, Check]
    reported: dict[str, Check]


class Ready(BaseModel):
    """Whether the server can serve; `parts` are `ok`, or what is wrong with them."""

    status: Literal["ok", "degraded", "unavailable"]
    parts: dict[str, str]


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


def router(deps: HealthDeps) -> APIRouter:
    """The three routes; none needs credentials, none tells names or data."""
    api = APIRouter(tags=["operations"])

    @api.get("/healthz", summary="Is the process alive?")
    async def healthz() -> Alive:
        return Alive()

    @api.get(
        "/readyz",
        summary="Can it serve requests?",
        response_model=Ready,
        responses={503: {"description": "No", "model": Ready}},
    )
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


def checks(database: Database, delivery: Delivery) -> HealthDeps:
    """What a server needs in order to serve, and what it tells of besides."""
    migrated = threading.Event()  # once true it stays true while this program runs

    def answers() -> str | None:
        try:
            with database.read() as conn:
                conn.exec_driver_sql("SELECT 1")
        except Exception as error:
            return f"does not answer ({type(error).__name__})"
        return None

    def migrations() -> str | None:
        if migrated.is_set():
            return None
        try:
            pending = migrate.pending(database)
        except Exception as error:
            return f"not known ({type(error).__name__})"
        if pending:
            return f"{len(pending)} pending: run promptops-server migrate"
        migrated.set()
        return None

    def redis() -> str | None:
        seen = delivery.health()
        if seen.ok or seen.redis == "unknown":
            return None
        if seen.redis == "down":
            return "down; releases are delivered over HTTP and reach Redis when it returns"
        return f"behind in {seen.behind} environments, refused in {len(seen.refused)}"

    def changes() -> str | None:
        try:
            with database.read() as conn:
                found = set_back.noted(conn)
        except Exception:
            return None  # told by the parts that are needed
        return (
            "refused: the database was set back; promptops-server doctor says more"
            if found
            else None
        )

    return HealthDeps(
        needed={"database": answers, "migrations": migrations},
        reported={"redis": redis, "changes": changes},
    )


def gauges(database: Database, jobs: DbosJobs) -> list[tuple[str, str, float]]:
    """What is counted when somebody asks for it: name, meaning, value."""
    with database.read() as conn:
        waiting = conn.execute(
            select(func.count()).select_from(outbox).where(outbox.c.dispatched_at.is_(None))
        ).scalar()
        mirrors = mirror_store.count_by_state(conn)
        found = set_back.noted(conn)
    stats = jobs.stats()
    return [
        ("promptops_outbox_waiting", "Outbox rows whose job was not started.", waiting or 0),
        (
            "promptops_database_set_back",
            "1 while changes are refused, for the database was set back.",
            1 if found else 0,
        ),
        ("promptops_jobs_waiting", "Jobs that wait for a worker.", stats.waiting),
        ("promptops_jobs_running", "Jobs under way.", stats.running),
        ("promptops_jobs_failed", "Jobs that ended with an error.", stats.failed),
        (
            "promptops_mirrors_behind",
            "Mirrors that failed, have diverged or are being tried again.",
            sum(mirrors.get(state, 0) for state in ("failed", "diverged", "retrying")),
        ),
    ]
