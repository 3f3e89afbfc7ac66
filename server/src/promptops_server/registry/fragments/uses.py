"""What uses a fragment: the prompts whose newest version includes it, or those live in an environment that do.

Directly, or through other fragments at most as deep as including goes. Pins name versions, so whether a version contains
the fragment is a fact of that version; pages are read in the order of an index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, or_, select

from promptops.format.names import fold
from promptops.format.resolving import MAX_FRAGMENT_DEPTH
from promptops_server.infra.cursor import Page, decode, encode, page
from promptops_server.infra.problems import TooLarge
from promptops_server.registry import rows
from promptops_server.registry.model import LivePlace, Project
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.tables import fragment_use, prompt, version
from promptops_server.registry.versions import get_version

MAX_CARRIERS = 500
"""Fragments through which another may be included, in one question."""
_MOST_SCANNED = 5_000
_CHUNK = 400

_Any = Row[*tuple[Any, ...]]
_NEWEST = (
    (prompt.c.id == fragment_use.c.prompt_id)
    & (prompt.c.latest == fragment_use.c.number)
    & (prompt.c.archived_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class Pinned:
    """One reference: `version` is the number the pin means (None if it means nothing), `key` where it stands.

    `behind` when the fragment has a newer version.
    """

    fragment: str
    pin: str
    version: int | None
    behind: bool
    key: str


@dataclass(frozen=True, slots=True)
class Use:
    """A prompt version that contains the fragment. `depth` is 1 when it includes it itself.

    `live` are the environments where a version that contains it is live, whichever version that is.
    """

    path: str
    version: int
    depth: int
    pins: tuple[Pinned, ...]
    live: tuple[LivePlace, ...]


Carriers = Mapping[str, Mapping[str, int] | None]
"""Fragments that contain the one asked about: path to pins that do, each with its depth. None: it is the one itself."""


def list_uses(
    conn: Connection,
    project: Project,
    fragment: str,
    live: LiveVersion,
    *,
    transitive: bool = False,
    environment: str | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[Use]:
    """A page, by path, of what uses a fragment.

    Args:
        transitive: also through other fragments.
        environment: what is live there, instead of the newest versions. A page may then be short though more follow.

    Raises:
        NotFound: no such prompt, or no such environment.
        BadRequest: the cursor is not from this list.
        TooLarge: it is included through more than 500 other fragments.
    """
    get_version(conn, project, fragment)
    carriers = find_carriers(conn, project, fragment, transitive=transitive)
    after = decode(cursor, str)[0] if cursor else ""
    if environment is None:
        paths = user_paths(conn, project.id, carriers, after=after, limit=limit + 1)
        found = page(paths, limit, lambda p: (p,))
        return Page(_uses(conn, project, carriers, found.items, live), found.next)
    live.live(conn, project.id, environment, fragment)  # whether there is such an environment
    return _live_page(conn, project, carriers, live, environment, after, limit)


def find_carriers(
    conn: Connection, project: Project, fragment: str, *, transitive: bool
) -> Carriers:
    """The fragment and, if `transitive`, every fragment version that contains it. Raises TooLarge."""
    carriers: dict[str, dict[str, int] | None] = {fragment: None}
    frontier: dict[str, set[str] | None] = {fragment: None}
    other = fragment_use.alias()
    for depth in range(1, MAX_FRAGMENT_DEPTH if transitive else 1):
        containing: dict[str, set[int]] = defaultdict(set)
        for path, pins in frontier.items():
            query = select(fragment_use.c.path, fragment_use.c.number).where(
                fragment_use.c.project_id == project.id,
                fragment_use.c.fragment == path,
                exists().where(
                    other.c.project_id == project.id, other.c.fragment == fragment_use.c.path
                ),
            )
            for row in conn.execute(query if pins is None else _pinned(query, pins)):
                containing[row.path].add(row.number)
        frontier = {}
        for path, numbers in containing.items():
            known = carriers.setdefault(path, {})
            if known is None:
                continue  # a circle, which no valid version has
            fresh = _pins_of(conn, project, path, numbers) - known.keys()
            if fresh:
                known.update(dict.fromkeys(fresh, depth))
                frontier[path] = fresh
        if len(carriers) > MAX_CARRIERS:
            raise TooLarge(
                f"{fragment} is included through more than {MAX_CARRIERS} other fragments.",
                remedy="Ask about what includes it directly.",
            )
        if not frontier:
            break
    return carriers


def user_paths(
    conn: Connection, project_id: str, carriers: Carriers, *, after: str = "", limit: int
) -> list[str]:
    """The first prompts, by path, whose newest version includes one of these at one of its pins."""
    return _first_paths(conn, project_id, carriers, after, limit, newest=True)


def users_of(conn: Connection, project_id: str, fragments: Sequence[str]) -> list[str]:
    """All prompts, by path, whose newest version includes one of these directly."""
    found: set[str] = set()
    for at in range(0, len(fragments), _CHUNK):
        query = (
            select(fragment_use.c.path)
            .distinct()
            .where(
                fragment_use.c.project_id == project_id,
                fragment_use.c.fragment.in_(fragments[at : at + _CHUNK]),
                exists().where(_NEWEST),
            )
        )
        found.update(conn.execute(query).scalars())
    return sorted(found)


def _first_paths(
    conn: Connection, project_id: str, carriers: Carriers, after: str, limit: int, *, newest: bool
) -> list[str]:
    found: set[str] = set()
    for fragment, pins in carriers.items():
        query = (
            select(fragment_use.c.path)
            .distinct()
            .where(
                fragment_use.c.project_id == project_id,
                fragment_use.c.fragment == fragment,
                fragment_use.c.path > after,
            )
            .order_by(fragment_use.c.path)
            .limit(limit)
        )
        if newest:
            query = query.where(exists().where(_NEWEST))
        found.update(conn.execute(query if pins is None else _pinned(query, pins)).scalars())
    return sorted(found)[:limit]


def _pinned(query: Select[Any], pins: Iterable[str]) -> Select[Any]:
    """Only references at these pins; chunked, as databases bound the number of parameters of one list."""
    listed = sorted(pins)
    chunks = [listed[at : at + _CHUNK] for at in range(0, len(listed), _CHUNK)]
    return query.where(or_(*(fragment_use.c.pin.in_(chunk) for chunk in chunks)))


def references(
    conn: Connection, project: Project, paths: Sequence[str], carriers: Carriers
) -> list[_Any]:
    """The references of all versions of these prompts to what contains the fragment, in order; `latest` is the prompt's newest."""
    found: list[_Any] = []
    for at in range(0, len(paths), _CHUNK):
        query = (
            select(
                fragment_use.c.path,
                fragment_use.c.number,
                fragment_use.c.fragment,
                fragment_use.c.pin,
                fragment_use.c.key,
                prompt.c.latest,
            )
            .join(prompt, prompt.c.id == fragment_use.c.prompt_id)
            .where(
                prompt.c.project_id == project.id,
                prompt.c.path_fold.in_([fold(path) for path in paths[at : at + _CHUNK]]),
            )
            .order_by(fragment_use.c.path, fragment_use.c.number, fragment_use.c.position)
        )
        found += [row for row in conn.execute(query) if _depth(carriers, row) is not None]
    return found


def _depth(carriers: Carriers, row: _Any) -> int | None:
    """How deep the fragment is in what has this reference; None when it is not in it."""
    if row.fragment not in carriers:
        return None
    pins = carriers[row.fragment]
    if pins is None:
        return 1
    inside = pins.get(row.pin)
    return None if inside is None else inside + 1


def _uses(
    conn: Connection,
    project: Project,
    carriers: Carriers,
    paths: Sequence[str],
    live: LiveVersion,
    environment: str | None = None,
) -> list[Use]:
    """The uses by the newest versions of these prompts, or by those live in the environment."""
    found: dict[str, dict[int, list[_Any]]] = defaultdict(lambda: defaultdict(list))
    for row in references(conn, project, paths, carriers):
        found[row.path][row.number].append(row)
    places = live.where(conn, project.id, list(found))
    numbers = PinNumbers(conn, project)
    uses: list[Use] = []
    for path, by_number in found.items():
        at = tuple(place for place in places.get(path, ()) if place.version in by_number)
        if environment is None:
            number = next(iter(by_number.values()))[0].latest
        else:
            number = next((p.version for p in at if p.environment == environment), None)
        if number is None or number not in by_number:
            continue
        shown = by_number[number]
        depth = min(_depth(carriers, row) or 1 for row in shown)
        pins = tuple(numbers.pinned(row) for row in shown)
        uses.append(Use(path, number, depth, pins, at))
    return uses


def _live_page(
    conn: Connection,
    project: Project,
    carriers: Carriers,
    live: LiveVersion,
    environment: str,
    after: str,
    limit: int,
) -> Page[Use]:
    found: list[Use] = []
    scanned = 0
    while scanned < _MOST_SCANNED:
        paths = _first_paths(conn, project.id, carriers, after, _CHUNK, newest=False)
        found += _uses(conn, project, carriers, paths, live, environment)
        if len(found) > limit:
            return page(found, limit, lambda use: (use.path,))
        if len(paths) < _CHUNK:
            return Page(found, None)
        scanned += len(paths)
        after = paths[-1]
    return Page(found, encode(after))


class PinNumbers:
    """Which version numbers pins mean, and which number is newest; asks for each fragment once."""

    def __init__(self, conn: Connection, project: Project) -> None:
        self._conn = conn
        self._project = project
        self._known: dict[str, tuple[int, dict[str, int]]] = {}

    def number(self, fragment: str, pin: str) -> int | None:
        """The version of a fragment that a pin as written means."""
        latest, by_digest = self._of(fragment)
        if pin.startswith("sha256:"):
            return by_digest.get(pin)
        return int(pin) if int(pin) <= latest else None

    def newest(self, fragment: str) -> int:
        """The newest version's number; 0 where there is none."""
        return self._of(fragment)[0]

    def pinned(self, row: _Any) -> Pinned:
        number = self.number(row.fragment, row.pin)
        behind = number is not None and number < self.newest(row.fragment)
        return Pinned(row.fragment, row.pin, number, behind, row.key)

    def _of(self, fragment: str) -> tuple[int, dict[str, int]]:
        if fragment not in self._known:
            head = rows.head(self._conn, self._project.id, fragment)
            if head is None or head.path != fragment:
                self._known[fragment] = (0, {})
            else:
                query = (
                    select(version.c.behaviour, version.c.number)
                    .where(version.c.prompt_id == head.id, version.c.behaviour.is_not(None))
                    .order_by(version.c.number)
                )
                found = {row.behaviour: row.number for row in self._conn.execute(query)}
                self._known[fragment] = (head.latest, found)
        return self._known[fragment]


def _pins_of(conn: Connection, project: Project, path: str, numbers: Iterable[int]) -> set[str]:
    """Every way to pin these versions of a prompt."""
    wanted = sorted(numbers)
    pins = {str(number) for number in wanted}
    for at in range(0, len(wanted), _CHUNK):
        query = (
            select(version.c.behaviour)
            .join(prompt, prompt.c.id == version.c.prompt_id)
            .where(
                prompt.c.project_id == project.id,
                prompt.c.path_fold == fold(path),
                version.c.number.in_(wanted[at : at + _CHUNK]),
                version.c.behaviour.is_not(None),
            )
        )
        pins.update(conn.execute(query).scalars())
    return pins
