"""The errors applications see. Owns the one family and its codes; says nothing about how they
arise.

Every error carries `code` (stable, for programs) and a plain sentence (for people) that names what
was wrong, where, and what to do. Nothing here imports anything, so that catching an error costs
nothing.
"""

from __future__ import annotations

__all__ = [
    "CannotExpress",
    "InvalidArtifact",
    "InvalidHeader",
    "InvalidKey",
    "NotConnected",
    "PromptNotLive",
    "PromptOpsError",
    "PromptSuspended",
    "SettingsError",
    "SourceError",
    "TooOld",
]


class PromptOpsError(Exception):
    """Base of every error this package raises on purpose; `code` is stable for programs."""

    code: str = "promptops-error"


class SettingsError(PromptOpsError, ValueError):
    """The client was configured in a way that cannot work; the sentence says which setting."""

    code = "settings"


class InvalidHeader(PromptOpsError, ValueError):
    """A header, statement, entry or key document does not follow the delivery protocol.

    `where` is the path of the offending member (`statement.changes[3].digest`), `what` the
    sentence.
    """

    code = "invalid-header"

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what


class InvalidKey(PromptOpsError, ValueError):
    """A signing key's text is not a base64 Ed25519 public key, or its identifier does not belong
    to it.
    """

    code = "invalid-key"


class InvalidArtifact(PromptOpsError, ValueError):
    """An artifact's text is not the compiled form of a prompt; the sentence names the member."""

    code = "invalid-artifact"


class SourceError(PromptOpsError):
    """The server or Redis could not be read.

    `code` tells the cases apart: `unreachable`, `token-refused`, `unknown-environment`,
    `bad-answer`, `timed-out`, `not-allowed` (the Redis user lacks a right). `retry_slowly` is true
    when trying again soon cannot help (a refused token).
    """

    def __init__(self, code: str, sentence: str, *, retry_slowly: bool = False) -> None:
        super().__init__(sentence)
        self.code = code
        self.retry_slowly = retry_slowly


class NotConnected(PromptOpsError):
    """There is no verified copy of the environment: neither live, nor on disk. The sentence says
    what was tried.
    """

    code = "not-connected"


class TooOld(PromptOpsError):
    """The server has not vouched for the copy held within `max_age`. `age` is in seconds."""

    code = "too-old"

    def __init__(self, sentence: str, *, age: float) -> None:
        super().__init__(sentence)
        self.age = age


class PromptNotLive(PromptOpsError, LookupError):
    """No version of this prompt is live in the environment. `path` is the address without the
    project.

    `reason` is what the person who unpublished it wrote, where known, else empty.
    """

    code = "prompt-not-live"

    def __init__(self, sentence: str, *, path: str, reason: str = "") -> None:
        super().__init__(sentence)
        self.path = path
        self.reason = reason


class PromptSuspended(PromptNotLive):
    """The prompt was stopped on purpose. `reason` is what the person who suspended it wrote."""

    code = "prompt-suspended"


class CannotExpress(PromptOpsError, ValueError):
    """A provider's API has no way to say something this prompt says; the sentence names it."""

    code = "cannot-express"
