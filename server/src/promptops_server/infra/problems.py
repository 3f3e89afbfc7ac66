"""The one family of refusals, and their form on the wire (RFC 9457 problem details).

A capability raises a subclass with a plain sentence; `app` turns it into ``application/problem+json``,
the Git remote into a line in the pusher's terminal, the operator's command into exit code 2.
"""

from __future__ import annotations

from typing import Any, ClassVar


class ProblemError(Exception):
    """A refusal. `detail` says what was wrong and where; `remedy` what to do.

    Further keyword arguments become members of the problem document (`errors`, `current`, …).
    """

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "The request was refused"

    def __init__(self, detail: str, *, remedy: str = "", slug: str | None = None, **members: Any):
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.type = slug or self.slug
        self.members = members
        self.headers: dict[str, str] = {}

    def document(self, request_id: str | None = None) -> dict[str, Any]:
        """The RFC 9457 document. `type` is a stable slug behind ``urn:promptops:problem:``."""
        doc: dict[str, Any] = {
            "type": f"urn:promptops:problem:{self.type}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.remedy:
            doc["remedy"] = self.remedy
        if request_id:
            doc["request_id"] = request_id
        doc.update({k: v for k, v in self.members.items() if v is not None})
        return doc


class Invalid(ProblemError):
    """The input breaks a rule; `errors` lists each place with file, line, column and key."""

    status = 422
    slug = "invalid"
    title = "The input is not valid"


class BadRequest(ProblemError):
    """The request itself cannot be understood."""


class Unauthenticated(ProblemError):
    """No credentials, or ones that are wrong, expired or revoked."""

    status = 401
    slug = "unauthenticated"
    title = "Sign in or send a valid token"


class Denied(ProblemError):
    """Authenticated, but not allowed; `rule` names the deciding rule."""

    status = 403
    slug = "denied"
    title = "Not allowed"


class NotFound(ProblemError):
    """Nothing there, or nothing this actor may see: the two look the same on purpose."""

    status = 404
    slug = "not-found"
    title = "Not found"


class Conflict(ProblemError):
    """Somebody else was faster, or the name is taken; `current` says what is there now."""

    status = 409
    slug = "conflict"
    title = "The state has changed"


class Gone(ProblemError):
    """It was there and was stopped."""

    status = 410
    slug = "gone"
    title = "No longer available"


class PreconditionRequired(ProblemError):
    """A change must name what it was based on (`If-Match`)."""

    status = 428
    slug = "precondition-required"
    title = "Say which version you changed"


class TooLarge(ProblemError):
    """A limit of the installation; the sentence names the limit."""

    status = 413
    slug = "too-large"
    title = "Over the limit"


class Unavailable(ProblemError):
    """A part this needs is not there now; trying again later may work."""

    status = 503
    slug = "unavailable"
    title = "Not available now"


class Unexpected(ProblemError):
    """An error nobody foresaw. Says nothing about the inside; the log does, under the request's id."""

    status = 500
    slug = "internal"
    title = "Something went wrong here"

    def __init__(self) -> None:
        super().__init__(
            "The server met an error it did not expect.",
            remedy="The server's log tells more under this request_id.",
        )
