"""Settings of section `test_runs`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class TestRunSettings(Section):
    """Prompts tested on models."""

    __test__ = False  # no class of tests
    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}TEST_RUNS_")

    calls: int = Field(10_000, ge=1, le=200_000, description="Calls of one run at most.")
    call_seconds: float = Field(
        180.0, ge=1, le=3600, description="Seconds for one call with all its attempts."
    )
    keep_days: float = Field(
        365.0,
        ge=0.01,
        le=36_500,
        description="How long requests and replies of a run are kept; scores and costs stay.",
    )
