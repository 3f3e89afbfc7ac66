"""What a restored database does not know, as far as Redis and the file of checkpoints tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from promptops_server.delivery.survey import Place


@dataclass(frozen=True, slots=True)
class Given:
    """Releases that applications may have and the backup does not: how far each environment had come."""

    environment: str
    backup: str
    out: str

    def __str__(self) -> str:
        return f"{self.environment}: the backup has release {self.backup}, Redis held {self.out}"


def given_up(places: Iterable[Place]) -> list[Given]:
    """Environments of which Redis holds a later release that this installation signed."""
    return [
        Given(place.name, str(place.database), str(place.signed))
        for place in places
        if place.signed is not None and place.standing == "ahead"
    ]
