"""What evidence asks of the workflow: who decided what about a version, and what stands beside it. `app` connects it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from promptops_server.registry.model import Project, Version


class DecisionView(Protocol):
    """One decision. `signature` has `meaning`, `name`, `signed_at`, `payload_hash`, `components`; None unsigned."""

    @property
    def verdict(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def identity(self) -> str: ...
    @property
    def at(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def accepted(self) -> Sequence[str]: ...
    @property
    def conditions(self) -> Any: ...
    @property
    def report_hash(self) -> str | None: ...
    @property
    def behaviour(self) -> str: ...
    @property
    def record(self) -> str: ...
    @property
    def tier(self) -> str: ...
    @property
    def signature(self) -> Mapping[str, Any] | None: ...


class CommentView(Protocol):
    """A comment of a request; `line` is None for one about the whole."""

    @property
    def by(self) -> str: ...
    @property
    def at(self) -> int: ...
    @property
    def line(self) -> int | None: ...
    @property
    def body(self) -> str: ...
    @property
    def resolved(self) -> bool: ...


class RequestView(Protocol):
    """A request for review. Times are microseconds since 1970."""

    @property
    def number(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def tier(self) -> str: ...
    @property
    def behaviour(self) -> str: ...
    @property
    def record(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def opened_by(self) -> str: ...
    @property
    def opened_at(self) -> int: ...
    @property
    def approved_at(self) -> int | None: ...
    @property
    def decisions(self) -> Sequence[DecisionView]: ...
    @property
    def comments(self) -> Sequence[CommentView]: ...


class Dossier(Protocol):
    """Every request about one version."""

    @property
    def requests(self) -> Sequence[RequestView]: ...


class DossierOf(Protocol):
    """The dossier of a version, read on the caller's connection."""

    def __call__(self, conn: Connection, project: Project, version: Version) -> Dossier: ...


class ContinuityOf(Protocol):
    """By kind (`exceptions`, `emergencies`, `certifications`) what stands about a prompt, as plain JSON objects."""

    def __call__(
        self, conn: Connection, project: Project, path: str
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]: ...


class _Nothing:
    requests: Sequence[RequestView] = ()


def no_dossier(conn: Connection, project: Project, version: Version) -> Dossier:
    """The answer of an installation without a workflow."""
    return _Nothing()


def no_continuity(
    conn: Connection, project: Project, path: str
) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The answer of an installation without exceptions and certifications."""
    return {}
