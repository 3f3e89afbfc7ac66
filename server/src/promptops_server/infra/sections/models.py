"""Settings of section `models`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class ModelSettings(Section):
    """What is known about models."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}MODELS_")

    # The catalogue.
    catalogue: Path | None = Field(
        None,
        description="YAML file of the installation's own models, prices and contracts, over those of the product.",
    )
