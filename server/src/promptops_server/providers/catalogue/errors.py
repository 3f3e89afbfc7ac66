"""What is wrong with a file of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence


class CatalogueError(Exception):
    """A file of the catalogue cannot be used. `places` are sentences, each beginning with file:line:column."""

    def __init__(self, places: Sequence[str]) -> None:
        super().__init__("The catalogue of models cannot be used: " + "; ".join(places[:20]))
        self.places = tuple(places)
