"""Settings of section `audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class AuditSettings(Section):
    """The audit logs: checkpoints, how long events are kept, where they are sent."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}AUDIT_")

    checkpoint_events: int = Field(
        1000, ge=1, description="Events of a log after which a signed checkpoint is made of it."
    )
    checkpoint_minutes: float = Field(
        10.0,
        ge=0,
        le=10_080,
        description="Age of a log's oldest event without a checkpoint at which one is made all the same.",
    )
    checkpoint_file: Path | None = Field(
        None,
        description="File every checkpoint is appended to, outside the database; keep it where who can change "
        "the database cannot. Default: audit-checkpoints.jsonl in the data directory.",
    )
    keep_years: int | None = Field(
        None,
        ge=7,
        le=1000,
        description="Years after the end of the life of every record they are about at which audit events are removed, "
        "from the front of a log and below a checkpoint. Default: never.",
    )
    syslog: str | None = Field(
        None,
        description="Where events and checkpoints are sent as syslog (RFC 5424): tls://host:6514, tcp://host:601 or "
        "udp://host:514.",
    )
    syslog_format: Literal["json", "cef"] = Field(
        "json", description="How an event is written in a syslog message."
    )
    webhook: str | None = Field(
        None, description="https:// address that events and checkpoints are posted to."
    )
    webhook_secret: SecretStr | None = Field(
        None,
        description="Secret that signs what is posted there (HMAC-SHA256, 16 characters or more).",
    )
    output_ca_file: Path | None = Field(
        None,
        description="PEM file of the authority of the syslog and webhook servers, if it is your own.",
    )
    output_seconds: float = Field(
        5.0, ge=0.1, le=3600, description="How often new events are sent to syslog and webhook."
    )

    @field_validator("syslog")
    @classmethod
    def _is_syslog(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            try:
                _ = parts.port
            except ValueError:
                raise ValueError("its port is no number") from None
            if parts.scheme not in ("udp", "tcp", "tls") or not parts.hostname:
                raise ValueError("is udp://host:port, tcp://host:port or tls://host:port")
        return value

    @field_validator("webhook")
    @classmethod
    def _is_webhook(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            local = parts.hostname in ("127.0.0.1", "::1", "localhost")
            if not parts.hostname or not (
                parts.scheme == "https" or (parts.scheme == "http" and local)
            ):
                raise ValueError("starts with https:// (http:// only to this machine itself)")
            if parts.username or parts.password:
                raise ValueError("holds no name or password; what is posted is signed")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _is_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:
            raise ValueError("needs at least 16 characters")
        return value

    @model_validator(mode="after")
    def _webhook_is_signed(self) -> AuditSettings:
        if self.webhook is not None and self.webhook_secret is None:
            raise ValueError("audit.webhook needs audit.webhook_secret")
        return self
