"""The settings themselves, one class per section: name, type, default, meaning. `settings` reads them.

A setting's description is what `doctor` prints, so it says what the operator decides with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "PROMPTOPS_"


class Section(BaseSettings):
    """What all sections share: unknown keys are refused, values never change."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `load` reads the environment and the file itself, to be able to say where a value came from.
        return (init_settings,)


class ServerSettings(Section):
    """Settings of no section: where the data is and where the server listens."""

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    data_dir: Path = Field(
        Path(".promptops"),
        description="Folder of the embedded database, embedded Redis, jobs and generated secrets.",
    )
    host: str = Field(
        "127.0.0.1",
        description="Address to listen on; 0.0.0.0 makes the server reachable from other machines.",
    )
    port: int = Field(8470, ge=0, le=65535, description="TCP port to listen on.")
    public_url: str | None = Field(
        None,
        description="Address users and applications reach the server at, when it stands behind a proxy.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Installation secret that seals the signing keys (at least 32 characters). "
        "All servers of one installation need the same one.",
    )
    secret_key_file: Path | None = Field(
        None,
        description="File with the installation secret, instead of secret_key. "
        "Default: secret.key in the data directory, made on first start.",
    )

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("needs at least 32 characters; `openssl rand -hex 32` makes one")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("starts with http:// or https://")
        return value.rstrip("/") if value else value


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


class RedisSettings(Section):
    """Redis, which carries releases to applications. It is the truth for nothing."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}REDIS_")

    url: str | None = Field(
        None,
        description="redis://, rediss:// or unix:// address of a Redis 7+ or Valkey; "
        "without it, one is started for this server alone.",
    )
    password: SecretStr | None = Field(
        None,
        description="Password of that Redis, instead of one in the URL; also of the embedded one.",
    )
    ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed a rediss:// server's certificate."
    )
    port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Loopback TCP port of the embedded Redis, for applications that read it directly; "
        "0: unix socket only. A password is always asked for: redis.password, or the one in the data directory.",
    )

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("starts with redis://, rediss:// or unix://")
        if value is not None:
            try:
                _ = urlsplit(value).port
            except (
                ValueError
            ):  # its text would repeat a part of the address, which may hold a password
                raise ValueError("its host and port are not host:port") from None
        return value


class LogSettings(Section):
    """What the server writes to standard error."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}LOG_")

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe events that are written."
    )
    format: Literal["auto", "json", "console"] = Field(
        "auto", description="json: one object a line; console: for people; auto: by terminal."
    )


class LimitSettings(Section):
    """Limits on input; each refusal names the limit."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}LIMITS_")

    json_bytes: int = Field(
        4 * 1024 * 1024,
        ge=1024,
        description="Bytes of an ordinary API request body; a prompt file has at most 1 MiB, "
        "and is longer as JSON.",
    )
    import_bytes: int = Field(
        64 * 1024 * 1024, ge=1024, description="Bytes of an import request body."
    )
    threads: int = Field(
        16, ge=2, le=200, description="Requests that may use the database at the same time."
    )
    denials_per_minute: int = Field(
        10, ge=1, description="Refusals per person and minute that are written to the audit log."
    )
    render_seconds: float = Field(
        2.0, ge=0.1, le=60, description="Seconds that rendering one prompt on the server may take."
    )
    render_memory_mb: int = Field(
        256, ge=32, le=16_384, description="Megabytes of memory that rendering one prompt may take."
    )
    render_output_bytes: int = Field(
        4 * 1024 * 1024, ge=1024, description="Bytes of a rendered prompt, as JSON."
    )
    render_processes: int = Field(
        4, ge=1, le=64, description="Jinja2 prompts that are rendered at the same time."
    )


class JobSettings(Section):
    """Background work."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}JOBS_")

    poll_seconds: float = Field(
        1.0, ge=0.05, le=60, description="How often waiting work of other processes is looked for."
    )
    worker_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$",
        description="Stable name of this process among several on one database; its own interrupted jobs "
        "continue at its restart. Default: host name and port.",
    )
    dead_after_seconds: float = Field(
        30.0, ge=1, le=3600, description="Silence after which another worker's jobs are taken over."
    )
    keep_days: float = Field(
        7.0, ge=0.01, description="How long finished jobs and dispatched outbox rows are kept."
    )
    threads: int = Field(4, ge=1, le=64, description="Jobs that may run at the same time.")
    late_minutes: float = Field(
        60.0,
        ge=0,
        le=10_080,
        description="How late a scheduled release still runs, after the servers were down; then it counts as missed.",
    )


class WorkingCopySettings(Section):
    """People's unsaved edits."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}WORKING_COPIES_")

    keep_days: float = Field(
        180.0, ge=1, le=36_500, description="How long a working copy is kept that nobody saves."
    )


class MirrorSettings(Section):
    """Where projects may be mirrored to, and how long the server tries."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}MIRROR_")

    allowed_hosts: str = Field(
        "",
        description="Hosts mirrors may go to, with commas between; *.example.com means every name below. "
        "A listed host may have a private address. Empty: every host, but public addresses only.",
    )
    allow_plain_http: bool = Field(
        False, description="Whether a mirror may be http://: passwords then travel in the clear."
    )
    ca_file: Path | None = Field(
        None,
        description="PEM file of authorities trusted for https:// mirrors beside the system's own.",
    )
    proxy: str | None = Field(
        None,
        description="Proxy for https:// mirrors, http://user:password@host:port; "
        "without it HTTPS_PROXY, HTTP_PROXY and NO_PROXY count.",
    )
    connect_seconds: float = Field(
        10.0, ge=0.1, le=300, description="Longest wait for a mirror's host to answer the door."
    )
    push_seconds: float = Field(
        600.0, ge=1, le=86_400, description="Longest time one push to a mirror may take."
    )
    retry_first_seconds: float = Field(
        5.0,
        ge=0.05,
        le=3600,
        description="Wait before the first retry; each later one waits twice as long.",
    )
    retry_longest_seconds: float = Field(
        3600.0, ge=0.05, le=86_400, description="Longest wait between two retries."
    )
    pushes: int = Field(
        2, ge=1, le=32, description="Mirrors that one process pushes to at the same time."
    )

    @field_validator("allowed_hosts")
    @classmethod
    def _host_names(cls, value: str) -> str:
        for host in filter(None, (part.strip() for part in value.split(","))):
            if "/" in host or "@" in host or "*" in host.removeprefix("*."):
                raise ValueError(
                    f"{host!r} is no host name; write git.example.com or *.example.com"
                )
        return value

    @field_validator("proxy")
    @classmethod
    def _is_proxy(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("starts with http:// or https://")
        return value


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


SECTIONS: dict[str, type[Section]] = {
    "": ServerSettings,
    "database": DatabaseSettings,
    "redis": RedisSettings,
    "log": LogSettings,
    "limits": LimitSettings,
    "jobs": JobSettings,
    "working_copies": WorkingCopySettings,
    "mirror": MirrorSettings,
    "audit": AuditSettings,
    "approvals": ApprovalSettings,
    "access": AccessSettings,
    "oidc": OidcSettings,
    "certification": CertificationSettings,
}
