"""Settings of section `log`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class LogSettings(Section):
    """What the server writes to standard error."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}LOG_")

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe events that are written."
    )
    format: Literal["auto", "json", "console"] = Field(
        "auto", description="json: one object a line; console: for people; auto: by terminal."
    )
