"""Settings of section `approvals`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class ApprovalSettings(Section):
    """What the workflow asks beyond the product's own rules. It can be tightened, never loosened."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}APPROVALS_")

    lapse_days: int = Field(
        30, ge=1, le=30, description="Days after which an approval that was not used lapses."
    )
    low_reviews: int = Field(0, ge=0, le=10, description="Reviews that content of tier low takes.")
    low_approvals: int = Field(
        1, ge=1, le=10, description="Approvals that content of tier low takes."
    )
    medium_reviews: int = Field(
        1, ge=1, le=10, description="Reviews that content of tier medium takes."
    )
    medium_approvals: int = Field(
        1, ge=1, le=10, description="Approvals that content of tier medium takes."
    )
    high_reviews: int = Field(
        1, ge=1, le=10, description="Reviews that content of tier high takes."
    )
    high_approvals: int = Field(
        2, ge=2, le=10, description="Approvals that content of tier high takes."
    )
    signatures_from: Literal["low", "medium", "high"] = Field(
        "high", description="Lowest tier whose decisions are signed; sector gxp always is."
    )
