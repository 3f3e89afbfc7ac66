"""Settings of section `limits`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class LimitSettings(Section):
    """Limits on input; each refusal names the limit."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}LIMITS_")

    json_bytes: int = Field(
        4 * 1024 * 1024,
        ge=1024,
        description="Bytes of an ordinary API request body; a prompt file has at most 1 MiB, "
        "and is longer as JSON.",
    )
    import_bytes: int = Field(
        64 * 1024 * 1024, ge=1024, description="Bytes of an import request body."
    )
    threads: int = Field(
        16, ge=2, le=200, description="Requests that may use the database at the same time."
    )
    denials_per_minute: int = Field(
        10, ge=1, description="Refusals per person and minute that are written to the audit log."
    )
    render_seconds: float = Field(
        2.0, ge=0.1, le=60, description="Seconds that rendering one prompt on the server may take."
    )
    render_memory_mb: int = Field(
        256, ge=32, le=16_384, description="Megabytes of memory that rendering one prompt may take."
    )
    render_output_bytes: int = Field(
        4 * 1024 * 1024, ge=1024, description="Bytes of a rendered prompt, as JSON."
    )
    render_processes: int = Field(
        4, ge=1, le=64, description="Jinja2 prompts that are rendered at the same time."
    )
