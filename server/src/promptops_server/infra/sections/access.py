"""Settings of section `access`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class AccessSettings(Section):
    """How people sign in and sign, and which decisions count."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}ACCESS_")

    operator_tokens_decide: bool | None = Field(
        None,
        description="Whether reviews, validations, approvals, ratifications and accepted exceptions count when made "
        "with a token of promptops-server token create. Default: yes on SQLite, no on PostgreSQL.",
    )
    require_second_factor: bool = Field(
        False,
        description="Whether people who sign in with a password must have an authenticator app. "
        "The identity provider asks for its own.",
    )
    session_idle_minutes: float = Field(
        30.0, ge=0.01, le=1440, description="Minutes after which an unused browser session ends."
    )
    session_hours: float = Field(
        12.0, ge=0.02, le=720, description="Hours after which every browser session ends."
    )
    longest_token_days: float | None = Field(
        None,
        ge=0.01,
        le=3660,
        description="Longest life of a token made over the API or the command line; "
        "without an expiry it gets this one. Empty: tokens may live for ever.",
    )
    signatures_need_code: bool = Field(
        False,
        description="Whether the first signature of a session always needs a one-time code beside the password. "
        "Without it the account's name counts as the second component for whoever has no authenticator app.",
    )
    signing_minutes: float = Field(
        15.0,
        ge=0.01,
        le=480,
        description="Minutes since the last signature within which the next needs one component only.",
    )
    fresh_sign_in_minutes: float = Field(
        5.0,
        ge=0.01,
        le=60,
        description="Age of the last proof at the identity provider at which people without a password still sign.",
    )
