"""What delivery refuses, beyond the general refusals of `infra.problems`."""

from __future__ import annotations

from promptops_server.infra.problems import Gone, NotFound, Unavailable


class PromptNotLive(NotFound):
    """No version of this prompt is live in the environment."""

    slug = "prompt-not-live"
    title = "Not live"


class PromptSuspended(Gone):
    """The prompt was stopped on purpose; `reason` is what was written then."""

    slug = "prompt-suspended"
    title = "Suspended"


class KeyUnreadable(Unavailable):
    """The signing key in the database was sealed with another secret key than the one given."""

    slug = "signing-key-unreadable"
    title = "The signing key cannot be opened"
