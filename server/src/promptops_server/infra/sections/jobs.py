"""Settings of section `jobs`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class JobSettings(Section):
    """Background work."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}JOBS_")

    poll_seconds: float = Field(
        1.0, ge=0.05, le=60, description="How often waiting work of other processes is looked for."
    )
    worker_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$",
        description="Stable name of this process among several on one database; its own interrupted jobs "
        "continue at its restart. Default: host name and port.",
    )
    dead_after_seconds: float = Field(
        30.0, ge=1, le=3600, description="Silence after which another worker's jobs are taken over."
    )
    keep_days: float = Field(
        7.0, ge=0.01, description="How long finished jobs and dispatched outbox rows are kept."
    )
    threads: int = Field(4, ge=1, le=64, description="Jobs that may run at the same time.")
    late_minutes: float = Field(
        60.0,
        ge=0,
        le=10_080,
        description="How late a scheduled release still runs, after the servers were down; then it counts as missed.",
    )
