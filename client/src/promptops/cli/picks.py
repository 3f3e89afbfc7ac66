"""Which versions a publish is about: from addresses, modules and projects to single versions.

Owns the expansion. A module or project stands for the newest valid version of everything under it,
or, with an environment behind it, for what is live there (so `bank@staging` promotes staging).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from promptops.cli import addresses
from promptops.cli.failures import BadInput, ServerProblem
from promptops.cli.session import PAGE_SIZE, Session, api
from promptops.cli.texts import read_text
from promptops.format.names import Address


@dataclass(slots=True)
class Picks:
    """What to publish. `left_out` names prompts under a module or project that cannot be."""

    project: str
    versions: dict[str, int | None] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def add(self, path: str, version: int | None) -> None:
        """Take one version. Raises BadInput when another one of the same prompt was taken."""
        if path in self.versions and self.versions[path] != version:
            said = ["newest" if v is None else f"@{v}" for v in (self.versions[path], version)]
            raise BadInput(f"{path} is picked twice, as {said[0]} and as {said[1]}")
        self.versions[path] = version

    def body(self) -> list[dict[str, Any]]:
        """As the server takes them."""
        return [
            {"path": path} if version is None else {"path": path, "version": version}
            for path, version in self.versions.items()
        ]


def expand(server: Session, given: list[str]) -> Picks:
    """The versions that these addresses stand for. Raises BadInput, ServerProblem, Unreachable."""
    found = [addresses.place(text) for text in given]
    picks = Picks(addresses.one_project(found))
    for text, address in zip(given, found, strict=True):
        folder = text.endswith("/") or not address.path
        if not folder and _add_prompt(server, picks, address):
            continue
        before = len(picks.versions)
        _add_folder(server, picks, address)
        if len(picks.versions) == before and not picks.left_out:
            raise _nothing_at(address)
    return picks


def _add_prompt(server: Session, picks: Picks, address: Address) -> bool:
    """Take the prompt at this address; False when there is none, so that it may be a module."""
    selector = address.selector
    if selector is not None and selector.number is not None:
        picks.add(address.path, selector.number)
        return True
    try:
        number = read_text(server, address).number
    except ServerProblem as problem:
        if problem.status == 404:
            return False
        raise
    picks.add(address.path, number)
    return True


def _add_folder(server: Session, picks: Picks, address: Address) -> None:
    selector = address.selector
    if selector is None:
        for item in under(address.path, _newest(server, address)):
            if item.get("valid", True):
                picks.add(item["path"], int(item["version"]))
            else:
                picks.left_out.append(item["path"])
    elif selector.environment is not None:
        for item in under(address.path, live(server, address.project, selector.environment)):
            if item["state"] == "live":
                picks.add(item["path"], int(item["version"]))
            else:
                picks.left_out.append(item["path"])
    else:
        raise _nothing_at(address)


def _newest(server: Session, address: Address) -> Iterator[dict[str, Any]]:
    return server.pages(api("projects", address.project, "prompts"), module=address.path or None)


def environment_pages(
    server: Session, project: str, environment: str, at: str | None = None
) -> Iterator[dict[str, Any]]:
    """An environment, page after page: each holds some of its `items`.

    The pages after the first are of the release the first one showed, whatever happens meanwhile.
    """
    cursor: str | None = None
    while True:
        page = server.get(
            api("projects", project, "environments", environment),
            at=at,
            limit=PAGE_SIZE,
            cursor=cursor,
        )
        yield page
        cursor = page.get("next")
        if not cursor:
            return
        at = f"r{page['at']['release']}"


def live(server: Session, project: str, environment: str) -> Iterator[dict[str, Any]]:
    """Everything that stands in an environment now."""
    for page in environment_pages(server, project, environment):
        yield from page["items"]


def under(module: str, items: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The items whose path lies in a module; all of them for ""."""
    prefix = f"{module}/" if module else ""
    return (item for item in items if item["path"].startswith(prefix))


def _nothing_at(address: Address) -> BadInput:
    return BadInput(
        f"there is no prompt and no module {str(address)!r} to publish",
        remedy=f"`promptops prompt list {address.project}` shows what there is",
    )
