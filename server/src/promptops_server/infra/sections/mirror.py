"""Settings of section `mirror`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class MirrorSettings(Section):
    """Where projects may be mirrored to, and how long the server tries."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}MIRROR_")

    allowed_hosts: str = Field(
        "",
        description="Hosts mirrors may go to, with commas between; *.example.com means every name below. "
        "A listed host may have a private address. Empty: every host, but public addresses only.",
    )
    allow_plain_http: bool = Field(
        False, description="Whether a mirror may be http://: passwords then travel in the clear."
    )
    ca_file: Path | None = Field(
        None,
        description="PEM file of authorities trusted for https:// mirrors beside the system's own.",
    )
    proxy: str | None = Field(
        None,
        description="Proxy for https:// mirrors, http://user:password@host:port; "
        "without it HTTPS_PROXY, HTTP_PROXY and NO_PROXY count.",
    )
    connect_seconds: float = Field(
        10.0, ge=0.1, le=300, description="Longest wait for a mirror's host to answer the door."
    )
    push_seconds: float = Field(
        600.0, ge=1, le=86_400, description="Longest time one push to a mirror may take."
    )
    retry_first_seconds: float = Field(
        5.0,
        ge=0.05,
        le=3600,
        description="Wait before the first retry; each later one waits twice as long.",
    )
    retry_longest_seconds: float = Field(
        3600.0, ge=0.05, le=86_400, description="Longest wait between two retries."
    )
    pushes: int = Field(
        2, ge=1, le=32, description="Mirrors that one process pushes to at the same time."
    )

    @field_validator("allowed_hosts")
    @classmethod
    def _host_names(cls, value: str) -> str:
        for host in filter(None, (part.strip() for part in value.split(","))):
            if "/" in host or "@" in host or "*" in host.removeprefix("*."):
                raise ValueError(
                    f"{host!r} is no host name; write git.example.com or *.example.com"
                )
        return value

    @field_validator("proxy")
    @classmethod
    def _is_proxy(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("starts with http:// or https://")
        return value
