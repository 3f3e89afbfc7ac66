"""Settings of section `working_copies`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class WorkingCopySettings(Section):
    """People's unsaved edits."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}WORKING_COPIES_")

    keep_days: float = Field(
        180.0, ge=1, le=36_500, description="How long a working copy is kept that nobody saves."
    )
