"""Settings of section `certification`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class CertificationSettings(Section):
    """The periodic review of what is live. The defaults are the product's; they may be shortened, never lengthened."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}CERTIFICATION_")

    low_months: int = Field(
        24, ge=1, le=24, description="Months between two reviews of a live prompt of tier low."
    )
    medium_months: int = Field(12, ge=1, le=12, description="The same at tier medium.")
    high_months: int = Field(6, ge=1, le=6, description="The same at tier high, or unknown.")
    warn_days: int = Field(
        30, ge=30, le=180, description="How many days ahead a review is announced."
    )
