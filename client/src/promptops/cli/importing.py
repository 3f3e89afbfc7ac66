"""An import, step by step: read a source, cut it into requests, add up what came of them.

Owns the size of a request and the sum. Reading formats is `promptops.format.convert`, showing it the
command's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptops.cli.failures import BadInput

if TYPE_CHECKING:
    from promptops.format.convert import Conversion, Converted

MAX_PROMPTS = 1_000
"""In one request."""
MAX_BYTES = 16 * 1024 * 1024
"""Of prompt text in one request."""

RESULTS = ("created", "updated", "unchanged", "skipped", "refused")


@dataclass(slots=True)
class Sum:
    """What all requests of an import came to. `items` keep the server's answer per prompt."""

    items: list[dict[str, Any]] = field(default_factory=list)
    commits: list[str] = field(default_factory=list)

    def add(self, answer: Mapping[str, Any]) -> None:
        """Take the answer to one request."""
        self.items += answer["items"]
        if answer.get("commit"):
            self.commits.append(answer["commit"])

    def count(self, result: str) -> int:
        """How many prompts had this result."""
        return sum(item["result"] == result for item in self.items)

    def counts(self) -> dict[str, int]:
        """The number of prompts by result; only results that happened."""
        counted = {result: self.count(result) for result in RESULTS}
        return {result: number for result, number in counted.items() if number}


def read_source(path: Path, format_name: str, options: Mapping[str, Any]) -> Conversion:
    """The prompts of a folder, file or archive. Raises BadInput with what to do."""
    from promptops.format.convert import Conversion, Loss
    from promptops.format.convert.archives import ARCHIVES, BadArchive, unpacked

    if not path.exists():
        raise BadInput(f"there is no file or folder {str(path)!r}")
    if not (path.is_file() and path.name.lower().endswith(ARCHIVES)):
        return _read(path, format_name, options, path)
    try:
        with unpacked(path) as (inside, left):
            found = _read(inside, format_name, options, path)
    except BadArchive as error:
        raise BadInput(f"{path} {error}", remedy=error.remedy) from None
    losses = [Loss(name, reason) for name, reason in left]
    return Conversion(found.prompts, (*losses, *found.losses))


def _read(path: Path, format_name: str, options: Mapping[str, Any], shown: Path) -> Conversion:
    """`shown` is what the user gave: an archive, when `path` lies in one."""
    from promptops.format.convert import BadOption, CannotConvert, converters, guess

    try:
        reader = converters().get(format_name) if format_name else guess(path)
        if reader is None:
            known = ", ".join(converters())
            raise BadInput(
                f"no format is known for {str(shown)!r}"
                if not format_name
                else f"there is no format {format_name!r}",
                remedy=f"name one with --format: {known}",
            )
        return reader.read(path, {k: v for k, v in options.items() if v})
    except (BadOption, CannotConvert) as error:
        raise BadInput(f"{shown}: {error}") from None
    except OSError as error:
        raise BadInput(f"{shown} cannot be read: {error.strerror or error}") from None


def requests(
    prompts: Sequence[Converted], *, most: int = MAX_PROMPTS, most_bytes: int = MAX_BYTES
) -> Iterator[list[Converted]]:
    """The prompts in their order, cut into lists that a server takes at once."""
    batch: list[Converted] = []
    size = 0
    for prompt in prompts:
        length = len(prompt.text.encode("utf-8", "surrogatepass"))
        if batch and (len(batch) >= most or size + length > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(prompt)
        size += length
    if batch:
        yield batch
