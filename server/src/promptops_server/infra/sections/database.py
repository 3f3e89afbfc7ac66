"""Settings of section `database`."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class DatabaseSettings(Section):
    """The SQL database."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}DATABASE_")

    url: str | None = Field(
        None,
        description="postgresql://user:password@host/name; without it, SQLite in the data directory.",
    )
    pool_size: int = Field(10, ge=2, le=200, description="Connections kept open for requests.")
    maintenance_url: str | None = Field(
        None,
        description="The same PostgreSQL database with a role that may delete from the audit tables, for retention and "
        "erasure alone; needed when the role in database.url may only add to them (migrate --app-role).",
    )

    @field_validator("url", "maintenance_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("postgresql", "postgres:", "sqlite:///")):
            raise ValueError("starts with postgresql:// or sqlite:///")
        return value
