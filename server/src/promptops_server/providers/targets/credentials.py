"""Where a target's secret is, and getting it for one call.

A target refers to its secret: a variable of the server's environment, a file in the operator's directory, or sealed in
its row with a key that is not in the database. Secrets leave this module only towards a connection. They are never in a
row in the clear, an answer, an event, a log line or a URL.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from promptops_server.infra.database import Database
from promptops_server.infra.plain_text import control_in, storable
from promptops_server.infra.problems import ProblemError
from promptops_server.infra.sealing import SealBroken, Sealer
from promptops_server.providers.model import CallError, Credential, CredentialKind, Target
from promptops_server.providers.targets import store

SEALED_FOR = "promptops model target secret v1"
MAX_SECRET = 20_000
"""Characters. Service accounts are JSON documents of a few thousand."""
_OWN = "PROMPTOPS_"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}", re.ASCII)
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}", re.ASCII)
_REMEMBERED = 500


class UnfitSecret(CallError):
    """`no_credentials`: a secret is there and cannot be sent."""

    def __init__(self, detail: str) -> None:
        super().__init__("no_credentials", detail, sent=False)


class BadCredential(ValueError):
    """What was given cannot be a target's credential; the text says why and what to do. No secret in it."""


@dataclass(frozen=True, slots=True)
class Given:
    """A credential as somebody gives it: `name` for `env` and `file`, `secret` for `sealed`."""

    kind: CredentialKind
    name: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Places:
    """The operator's rules: which variables and which directory targets may name."""

    env_patterns: tuple[str, ...] = ("*_API_KEY",)
    directory: Path | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @classmethod
    def of(cls, patterns: str, directory: Path | None) -> Places:
        """From the settings' texts: patterns with commas between."""
        return cls(tuple(p.strip() for p in patterns.split(",") if p.strip()), directory)

    def allows_env(self, name: str) -> bool:
        """Whether a target may name this variable. The server's own settings are never given away."""
        return not name.upper().startswith(_OWN) and any(
            fnmatch.fnmatchcase(name, pattern) for pattern in self.env_patterns
        )


def check_given(given: Given, places: Places) -> Credential:
    """The reference a target keeps.

    Raises:
        BadCredential: the operator does not allow it, or it cannot be one.
    """
    match given.kind:
        case "none":
            if given.name or given.secret:
                raise BadCredential("no credential has neither a name nor a secret")
            return Credential()
        case "env":
            _no_secret(given)
            if not _VARIABLE.fullmatch(given.name):
                raise BadCredential(f"{given.name[:100]!r} is no name of an environment variable")
            if not places.allows_env(given.name):
                raise BadCredential(
                    f"the variable {given.name} may not be a credential here; "
                    f"the setting models.credential_env allows {', '.join(places.env_patterns) or 'none'}"
                )
            return Credential("env", given.name)
        case "file":
            _no_secret(given)
            if not _FILE.fullmatch(given.name):
                raise BadCredential(
                    f"{given.name[:100]!r} is no name of a file: give the name alone, without a directory"
                )
            if places.directory is None:
                raise BadCredential(
                    "files are no credentials here: the setting models.credential_dir names no directory"
                )
            return Credential("file", given.name)
        case "sealed":
            if given.name:
                raise BadCredential("a sealed secret has no name")
            if not given.secret.strip() or len(given.secret) > MAX_SECRET:
                raise BadCredential(f"the secret is empty or longer than {MAX_SECRET:,} characters")
            wrong = unfit(given.secret.strip())
            if wrong:
                raise BadCredential(f"the secret {wrong}")
            return Credential("sealed")


def unfit(secret: str) -> str:
    """Why a secret cannot be sent, as the rest of a sentence; empty when it can.

    It goes into a header, which is one line. A key file, which is a JSON object, is never sent itself and may have lines.
    """
    try:
        document = secret.startswith("{") and isinstance(json.loads(secret), dict)
    except ValueError:
        document = False
    if not storable(secret) or (document and control_in(secret, lines=True)):
        return "holds control characters"
    if document:
        return ""
    found = control_in(secret, lines=False)
    if found in ("U+000A", "U+000D"):
        return "has line breaks within: a key is one line (only a key file in JSON has several)"
    return f"holds a control character ({found})" if found else ""


def _no_secret(given: Given) -> None:
    if given.secret:
        raise BadCredential("a reference holds no secret: give the name alone, or seal the secret")


class Credentials:
    """Gets secrets for calls. Safe from any thread.

    Args:
        db: where sealed secrets are.
        sealer: for the purpose `SEALED_FOR`; None where the installation's secret key is not at hand.
    """

    def __init__(self, db: Database, sealer: Sealer | None, places: Places) -> None:
        self._db = db
        self._sealer = sealer
        self.places = places
        self._sealed: dict[tuple[str, int], bytes] = {}

    def seal(self, target: Target, given: Given) -> bytes | None:
        """The sealed form for the row of this target; None where there is nothing to seal."""
        if given.kind != "sealed":
            return None
        assert self._sealer is not None
        return self._sealer.seal(given.secret.strip().encode(), _context(target))

    def secret_of(self, target: Target) -> str | None:
        """The secret, for one call; None for a target that needs none.

        Raises:
            CallError: `no_credentials`: it is not where the target says; the detail says what is missing.
        """
        credential = target.credential
        match credential.kind:
            case "none":
                return None
            case "env":
                return self._from_environment(credential.name)
            case "file":
                return self._from_file(credential.name)
            case "sealed":
                return self._unsealed(target)

    def missing(self, target: Target) -> str:
        """Why the secret is not there, in words; empty when it is, or none is needed. Calls nobody."""
        try:
            self.secret_of(target)
        except CallError as error:
            return error.detail
        return ""

    def refuse_unfit(self, target: Target) -> None:
        """Refuse a variable or file that holds what cannot be sent. One that is not there yet is another matter.

        Raises:
            BadCredential: it is there and unfit; the text does not repeat it.
        """
        if target.credential.kind in ("env", "file"):
            try:
                self.secret_of(target)
            except UnfitSecret as error:
                raise BadCredential(
                    error.detail[:1].lower() + error.detail[1:].rstrip(".")
                ) from None
            except CallError:
                pass

    def _from_environment(self, name: str) -> str:
        if not self.places.allows_env(name):
            raise _missing(
                f"The variable {name} may not be a credential any more: see the setting models.credential_env."
            )
        value = self.places.environ.get(name, "").strip()
        if not value:
            raise _missing(f"The variable {name} is not set where the server runs.")
        return _fit(value, f"The variable {name}")

    def _from_file(self, name: str) -> str:
        directory = self.places.directory
        if directory is None:
            raise _missing("The setting models.credential_dir names no directory any more.")
        try:
            home = directory.resolve()
            # Mounted secrets are links within their directory; a link out of it is not followed.
            path = (home / name).resolve()
            if not path.is_relative_to(home):
                raise _missing(f"The file {name} leads out of models.credential_dir.")
            with path.open("rb") as file:
                data = file.read(4 * MAX_SECRET + 1)
            value = data.decode().strip()
        except FileNotFoundError:
            raise _missing(f"There is no file {name} in models.credential_dir.") from None
        except (OSError, UnicodeDecodeError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise _missing(
                f"The file {name} in models.credential_dir cannot be read: {reason}."
            ) from None
        if not value or len(value) > MAX_SECRET:
            raise _missing(
                f"The file {name} in models.credential_dir is empty or longer than {MAX_SECRET:,} characters."
            )
        return _fit(value, f"The file {name} in models.credential_dir")

    def _unsealed(self, target: Target) -> str:
        key = (target.id, target.revision)
        sealed = self._sealed.get(key)
        if sealed is None:
            try:
                with self._db.read() as conn:
                    sealed = store.sealed_secret(conn, target.id)
            except ProblemError as problem:
                raise CallError("failed", problem.detail, sent=False) from None
            if sealed is None:
                raise _missing(
                    f"The model target {target.name} has no secret any more: set its credential again."
                )
            if len(self._sealed) >= _REMEMBERED:
                self._sealed.clear()
            self._sealed[key] = sealed
        if self._sealer is None:
            raise _missing("The installation's secret key is not there to open the sealed secret.")
        try:
            secret = self._sealer.open(sealed, _context(target)).decode()
        except SealBroken:
            raise _missing(
                f"The secret of {target.name} was sealed for another address, or with another secret key than "
                "this server has: set its credential again, or give the server its old secret key."
            ) from None
        return _fit(secret, f"The secret of {target.name}")


def _fit(secret: str, what: str) -> str:
    wrong = unfit(secret)
    if wrong:
        raise UnfitSecret(f"{what} {wrong}.")
    return secret


def _context(target: Target) -> str:
    """What a sealed secret is bound to: it does not open for another target, provider or address."""
    return f"{target.id}\n{target.provider}\n{target.base_url or ''}"


def _missing(detail: str) -> CallError:
    return CallError("no_credentials", detail)
