"""Settings of section `oidc`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from promptops_server.infra.sections.base import PREFIX, Section


class OidcSettings(Section):
    """Sign-in with the company's identity provider (OpenID Connect)."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}OIDC_")

    issuer: str | None = Field(
        None,
        description="Issuer of the identity provider, https://…; its discovery document is read. "
        "Without it nobody signs in that way.",
    )
    client_id: str | None = Field(None, description="Name of this installation at the provider.")
    client_secret: SecretStr | None = Field(
        None, description="Its secret there; without one, a public client with PKCE."
    )
    client_secret_file: Path | None = Field(
        None, description="File with that secret, instead of client_secret."
    )
    ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the provider's certificate."
    )
    scopes: str = Field("openid profile email", description="Scopes that are asked for.")
    groups_claim: str = Field("groups", description="Claim of the ID token that lists groups.")
    groups: dict[str, list[str]] = Field(
        default_factory=dict,
        description="Which group gives which roles: group name to grants such as retail-bank:author or *:auditor. "
        "Given and taken back at each sign-in; roles given by hand stay.",
    )

    @field_validator("issuer")
    @classmethod
    def _is_issuer(cls, value: str | None) -> str | None:
        if value is None:
            return value
        parts = urlsplit(value)
        loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            raise ValueError("starts with https:// (http:// only on this machine)")
        if parts.query or parts.fragment or not parts.hostname:
            raise ValueError("is an address without query and fragment")
        return value

    @field_validator("groups")
    @classmethod
    def _are_grants(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        for group, grants in value.items():
            for grant in grants:
                where, _, role = grant.rpartition(":")
                if not where or not role:
                    raise ValueError(f"group {group!r}: {grant!r} is not PROJECT:ROLE")
                if role in ("admin", "delivery"):
                    raise ValueError(f"group {group!r}: the role {role} comes from no group")
        return value
