"""What an attempt asks of a mirror's host, over either transport: what is there, then what changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from promptops_server.infra.setting_sections import MirrorSettings
from promptops_server.registry.git.pack import PackSpool
from promptops_server.registry.mirror.exchange import Advertisement, Report
from promptops_server.registry.mirror.hosts import HostRules, Lookup
from promptops_server.registry.mirror.plan import Update


@dataclass(frozen=True, slots=True)
class Limits:
    """The operator's settings as the transports use them."""

    hosts: HostRules = field(default_factory=HostRules)
    plain_http: bool = False
    ca_file: Path | None = None
    proxy: str | None = None
    connect_seconds: float = 10.0
    push_seconds: float = 600.0
    lookup: Lookup | None = None

    @classmethod
    def of(cls, settings: MirrorSettings) -> Limits:
        """From the settings."""
        return cls(
            hosts=HostRules.of(settings.allowed_hosts),
            plain_http=settings.allow_plain_http,
            ca_file=settings.ca_file,
            proxy=settings.proxy,
            connect_seconds=settings.connect_seconds,
            push_seconds=settings.push_seconds,
        )


class Remote(Protocol):
    """Ask first, then send at most once."""

    def advertised(self) -> Advertisement:
        """What the host has. Raises PushFailed."""
        ...

    def send(self, updates: list[Update], pack: PackSpool | None) -> Report:
        """Move refs; `pack` holds what the host lacks, ``None`` when refs are only deleted. Raises PushFailed."""
        ...

    def close(self) -> None:
        """End the conversation, whatever state it is in."""
        ...
