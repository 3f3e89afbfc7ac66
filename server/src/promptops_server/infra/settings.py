"""What an operator can set: one class per section, one name per setting, and where each value came from.

Precedence, strongest first: the command line, a ``PROMPTOPS_*`` variable, the TOML file, the default.
The TOML file is the one named by ``--config`` or ``PROMPTOPS_CONFIG``, else ``promptops.toml`` in the data directory
when it exists. A setting ``key`` of section ``section`` is ``[section] key`` in the file and
``PROMPTOPS_SECTION_KEY`` in the environment; those of no section stand at the top of the file.

Owns reading and explaining; leaves what a value means to the part that uses it.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource

from promptops_server.infra.setting_sections import (
    PREFIX,
    SECTIONS,
    AccessSettings,
    ApprovalSettings,
    AuditSettings,
    CertificationSettings,
    DatabaseSettings,
    JobSettings,
    LimitSettings,
    LogSettings,
    MirrorSettings,
    ModelSettings,
    OidcSettings,
    RedisSettings,
    Section,
    ServerSettings,
    TestRunSettings,
    WorkingCopySettings,
)

# Variables with our prefix that are read by the client, the build or the tests; not settings of the server.
FOREIGN_VARIABLES = frozenset(
    {
        "PROMPTOPS_CONFIG",
        "PROMPTOPS_LOGIN_FILE",
        "PROMPTOPS_URL",
        "PROMPTOPS_TOKEN",
        "PROMPTOPS_PROJECT",
        "PROMPTOPS_ENVIRONMENT",
        "PROMPTOPS_TRUST_KEY",
        "PROMPTOPS_PLUGINS",
        "PROMPTOPS_SKIP_WEB",
    }
)


Origin = Literal["default", "command line", "environment variable", "file"]


class SettingsError(Exception):
    """The settings cannot be used; the text names the setting, its source and what to do."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One setting as `doctor` shows it. `value` is masked when it is or holds a secret.

    `source` is `origin` in words, with the name of the variable or file (`place`; empty for the others).
    """

    name: str
    value: str
    source: str
    description: str
    section: str
    default: str
    origin: Origin
    place: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process, and per setting (``section.key``) where its value came from."""

    server: ServerSettings
    database: DatabaseSettings
    redis: RedisSettings
    log: LogSettings
    limits: LimitSettings
    jobs: JobSettings
    working_copies: WorkingCopySettings
    mirror: MirrorSettings
    audit: AuditSettings
    approvals: ApprovalSettings
    access: AccessSettings
    oidc: OidcSettings
    certification: CertificationSettings
    test_runs: TestRunSettings
    models: ModelSettings
    sources: Mapping[str, str]
    config_file: Path | None

    @property
    def data_dir(self) -> Path:
        return self.server.data_dir

    @property
    def database_url(self) -> str:
        """The database's URL: the one set, else SQLite in the data directory."""
        return self.database.url or f"sqlite:///{self.data_dir / 'promptops.sqlite'}"

    @property
    def checkpoint_file(self) -> Path:
        """Where the audit logs' checkpoints are appended."""
        return self.audit.checkpoint_file or self.data_dir / "audit-checkpoints.jsonl"

    @property
    def operator_tokens_decide(self) -> bool:
        """Whether the decisions of tokens made on the server's own machine count."""
        set_to = self.access.operator_tokens_decide
        return self.is_sqlite if set_to is None else set_to

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    def explain(self) -> list[Explained]:
        """Every setting with value, source and meaning, in the order of the sections."""
        out: list[Explained] = []
        for section, cls in SECTIONS.items():
            values = getattr(self, section or "server")
            for key, info in cls.model_fields.items():
                name = f"{section}.{key}" if section else key
                source = self.sources.get(name, "default")
                origin, place = _origin(source)
                out.append(
                    Explained(
                        name=name,
                        value=_masked(getattr(values, key)),
                        source=source,
                        description=info.description or "",
                        section=section,
                        default=_masked(info.get_default(call_default_factory=True)),
                        origin=origin,
                        place=place,
                    )
                )
        return out


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings of this process.

    Args:
        flags: values given on the command line by setting name (``database.url``); ``None`` values are not given.
        config: the TOML file named on the command line.
        environ: the environment; the process's own by default.

    Raises:
        SettingsError: a file cannot be read, a key is unknown, or a value is not allowed.
    """
    env = os.environ if environ is None else environ
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    _refuse_unknown_variables(env)
    from_env = {section: _from_environment(cls, env) for section, cls in SECTIONS.items()}
    data_dir = Path(
        given.get("data_dir")
        or from_env[""].get("data_dir")
        or ServerSettings.model_fields["data_dir"].default
    )
    file, from_file = _from_file(config, env, data_dir)
    built: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for section, cls in SECTIONS.items():
        values: dict[str, Any] = {}
        for key in cls.model_fields:
            name = f"{section}.{key}" if section else key
            if name in given:
                values[key], sources[name] = given[name], "command line"
            elif key in from_env[section]:
                values[key] = from_env[section][key]
                sources[name] = f"variable {variable(name)}"
            elif key in from_file.get(section, {}):
                values[key], sources[name] = from_file[section][key], f"file {file}"
        built[section or "server"] = _build(cls, section, values, sources)
    server: ServerSettings = built["server"]
    if server.secret_key is not None and server.secret_key_file is not None:
        raise SettingsError("Both secret_key and secret_key_file are set; keep one of them.")
    return Settings(**built, sources=sources, config_file=file)


def variable(name: str) -> str:
    """The environment variable of a setting: ``database.url`` → ``PROMPTOPS_DATABASE_URL``."""
    return PREFIX + name.replace(".", "_").upper()


def names() -> list[str]:
    """Every setting's name."""
    return [
        f"{section}.{key}" if section else key
        for section, cls in SECTIONS.items()
        for key in cls.model_fields
    ]


def _build(
    cls: type[Section], section: str, values: dict[str, Any], sources: Mapping[str, str]
) -> Section:
    try:
        return cls(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0]) if first["loc"] else next(iter(values), "")
        name = f"{section}.{key}" if section else key
        message = str(first["msg"]).removeprefix("Value error, ")
        raise SettingsError(
            f"Setting {name} (from {sources.get(name, 'default')}) is not usable: {message}."
        ) from None


def _from_environment(cls: type[Section], env: Mapping[str, str]) -> dict[str, Any]:
    source = EnvSettingsSource(cls, env_ignore_empty=True)
    # pydantic-settings reads the process's environment; ours is an argument, so that it can be tested and explained.
    source.env_vars = {k.lower(): v for k, v in env.items() if v != ""}
    return {key: value for key, value in source().items() if key in cls.model_fields}


def _from_file(
    config: Path | None, env: Mapping[str, str], data_dir: Path
) -> tuple[Path | None, dict[str, dict[str, Any]]]:
    named = config or (Path(env["PROMPTOPS_CONFIG"]) if env.get("PROMPTOPS_CONFIG") else None)
    path = named or data_dir / "promptops.toml"
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        if named is None:
            return None, {}
        raise SettingsError(f"The settings file {path} does not exist.") from None
    except NotADirectoryError:
        return None, {}
    except (OSError, UnicodeDecodeError) as error:
        if named is None and isinstance(error, PermissionError):
            return None, {}  # the data directory's rights are reported by who needs them
        raise SettingsError(f"The settings file {path} cannot be read: {error}.") from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The settings file {path} is not valid TOML: {error}.") from None
    out: dict[str, dict[str, Any]] = {"": {}}
    known = names()
    for key, value in raw.items():
        if isinstance(value, dict) and key in SECTIONS:
            out[key] = value
            candidates = [f"{key}.{inner}" for inner in value]
        else:
            out[""][key] = value
            candidates = [key]
        for candidate in candidates:
            if candidate not in known:
                raise SettingsError(
                    f"The settings file {path} has an unknown key {candidate!r}{_nearest(candidate, known)}."
                )
    if named is None and "data_dir" in out[""]:
        raise SettingsError(
            f"{path} lies in the data directory and cannot move it: remove data_dir there, "
            "or name the file with --config."
        )
    return path, out


def _refuse_unknown_variables(env: Mapping[str, str]) -> None:
    known = {variable(name) for name in names()}
    sections = tuple(f"{PREFIX}{section.upper()}_" for section in SECTIONS if section)
    for key in env:
        if not key.startswith(PREFIX) or key in known or key in FOREIGN_VARIABLES:
            continue
        close = difflib.get_close_matches(key, known, n=1, cutoff=0.85)
        # Other programs may use our prefix for names of their own; a misspelt setting must not pass silently.
        if close or key.startswith(sections):
            raise SettingsError(
                f"The variable {key} is no setting{_nearest(key, sorted(known))}; unset it or correct its name."
            )


def _nearest(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def _origin(source: str) -> tuple[Origin, str]:
    """The kind of a source and its name."""
    word, _, name = source.partition(" ")
    if word == "variable":
        return "environment variable", name
    if word == "file":
        return "file", name
    return ("command line", "") if word == "command" else ("default", "")


def _masked(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return "********"
    text = str(value) if value != {} else ""
    scheme, separator, rest = text.partition("://")
    if separator and "@" in rest:
        credentials, _, host = rest.rpartition("@")
        user = credentials.partition(":")[0]
        return f"{scheme}://{user}:********@{host}"
    return text
