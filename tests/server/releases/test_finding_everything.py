"""Lists and searches against a plain model: random prompts, releases and filters, page by page, on both databases.

The limits on how far a page reads are set low, so that short pages, merging and the ways around them all happen.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from release_world import AUTHOR, World
from sqlalchemy import func, select

from promptops.format.families import family_of
from promptops_server.access.policy import authorise
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.registry.edits.import_prompts import import_prompts
from promptops_server.registry.facets import PromptState
from promptops_server.registry.finding import matching, scan
from promptops_server.registry.finding.facet_counts import count_facets
from promptops_server.registry.finding.listing import list_prompts
from promptops_server.registry.finding.wanted import Wanted
from promptops_server.registry.tables import facet, prompt, prompt_facet
from promptops_server.releases import environments

_projects = itertools.count()
ADMIN = Actor(subject="id-of-root", name="root", admin=True)

PATHS = [f"{module}{name}" for module in ("", "a/", "a/b/", "b/") for name in "pqrst"]
TAGS = ("Red", "green", "blue")
OWNERS = ("Ada@bank.example", "team-b")
MODELS = ("openai/gpt-4o", "anthropic/claude-sonnet-4", "qwen/qwen3-32b")
WORDS = ("sorts", "sorted", "claims", "letters", "ada", "q")
STATES: tuple[PromptState, ...] = ("draft", "published", "behind", "suspended")


@dataclass
class Version:
    tags: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    """The prompt's own first, then its variants'."""
    words: list[str] = field(default_factory=list)
    valid: bool = True

    def text(self, salt: int) -> str:
        if not self.valid:
            return f"messages: [ # {salt}"
        variants = "".join(
            f"  {m}: {{messages: [{{role: user, content: x}}]}}\n" for m in self.models[1:]
        )
        model = f"model: {self.models[0]}\n" if self.models else ""
        return (
            f"name: n{salt}\n{model}tags: {self.tags}\nowners: {self.owners}\n"
            f"messages:\n  - role: user\n    content: {' '.join(['x', *self.words])}\n"
            + (f"variants:\n{variants}" if variants else "")
        )


@dataclass
class Prompt:
    versions: list[Version] = field(default_factory=list)
    archived: bool = False
    live: dict[str, int | None] = field(default_factory=dict)
    """Environment to version, None while suspended."""

    @property
    def newest(self) -> Version:
        return self.versions[-1]

    @property
    def states(self) -> set[str]:
        live = {v for v in self.live.values() if v is not None}
        found = {"published" if len(self.versions) in live else "draft"}
        if any(v < len(self.versions) for v in live):
            found.add("behind")
        if None in self.live.values():
            found.add("suspended")
        return found


class Mirror:
    """A world and what it should hold."""

    def __init__(self, db: Database) -> None:
        self.world = World(db, f"p{next(_projects)}")
        self.prompts: dict[str, Prompt] = {}
        self.salt = itertools.count()

    def put(self, path: str, version: Version) -> None:
        import_prompts(
            self.world.db,
            AUTHOR,
            authorise,
            self.world.project.name,
            [(path, version.text(next(self.salt)))],
            allow_invalid=True,
        )
        found = self.prompts.setdefault(path, Prompt())
        found.versions.append(version)
        found.archived = False

    def archive(self, path: str) -> None:
        found = self.prompts.get(path)
        if found is not None and not found.archived:
            self.world.archive(path)
            found.archived = True

    def publish(self, path: str, environment: str, back: int) -> None:
        found = self.prompts.get(path)
        if found is None or found.archived:
            return
        number = max(1, len(found.versions) - back)
        if found.versions[number - 1].valid and found.live.get(environment, 0) != number:
            self.world.publish(f"{path}@{number}", to=environment)
            found.live[environment] = number

    def suspend(self, path: str, environment: str) -> None:
        found = self.prompts.get(path)
        if found is not None and found.live.get(environment) is not None:
            self.world.suspend(path, to=environment)
            found.live[environment] = None

    def unpublish(self, path: str, environment: str) -> None:
        found = self.prompts.get(path)
        if found is not None and environment in found.live:
            self.world.unpublish(path, to=environment)
            del found.live[environment]

    def fits(self, path: str, wanted: Wanted, updated_at: int) -> bool:
        found, newest = self.prompts[path], self.prompts[path].newest
        models = {m.lower() for m in newest.models}
        return all(
            (
                wanted.archived is None or found.archived == wanted.archived,
                wanted.valid is None or newest.valid == wanted.valid,
                not wanted.module or path.startswith(wanted.module + "/"),
                all(t.lower() in {x.lower() for x in newest.tags} for t in wanted.tags),
                not wanted.owner or wanted.owner.lower() in {o.lower() for o in newest.owners},
                not wanted.model
                or wanted.model in models
                or wanted.model in {family_of(m) for m in models},
                not wanted.environment or found.live.get(wanted.environment) is not None,
                not wanted.state or wanted.state in found.states,
                wanted.changed_since is None or updated_at >= wanted.changed_since,
            )
        )

    def group(self, path: str, terms: list[str]) -> int | None:
        """How well the words match, as `matching.find` says it."""
        newest = self.prompts[path].newest
        title = set(path.split("/"))
        words = set(title)
        if newest.valid:
            words |= {"x", *newest.words, *(t.lower() for t in newest.tags)}
            for owner in newest.owners:
                words |= set(
                    owner.lower().replace("@", " ").replace("-", " ").replace(".", " ").split()
                )

        def all_in(of: set[str], beginning: bool) -> bool:
            last = any(w.startswith(terms[-1]) for w in of) if beginning else terms[-1] in of
            return last and set(terms[:-1]) <= of

        if all_in(title, True):
            return 0
        if all_in(words, False):
            return 1
        return 2 if all_in(words, True) else None

    def expected(self, wanted: Wanted) -> list[str]:
        with self.world.db.read() as conn:
            rows = conn.execute(
                select(prompt.c.id, prompt.c.path, prompt.c.updated_at).where(
                    prompt.c.project_id == self.world.project.id
                )
            ).all()
        fitting = [r for r in rows if self.fits(r.path, wanted, r.updated_at)]
        terms = wanted.q.split()
        if terms:
            groups = [(self.group(r.path, terms), -r.id, r.path) for r in fitting]
            return [path for g, _, path in sorted(x for x in groups if x[0] is not None)]
        if wanted.sort == "changed":
            return [r.path for r in sorted(fitting, key=lambda r: (-r.updated_at, -r.id))]
        return sorted(r.path for r in fitting)

    def pages(self, wanted: Wanted, limit: int) -> list[str]:
        found: list[str] = []
        cursor = None
        for _ in range(200):
            with self.world.db.read() as conn:
                page = list_prompts(conn, self.world.project, wanted, limit=limit, cursor=cursor)
            assert len(page.items) <= limit
            for item in page.items:
                assert set(item.states) == self.prompts[item.path].states
            found += [item.path for item in page.items]
            cursor = page.next
            if cursor is None:
                return found
        raise AssertionError("the pages do not end")


def changed(mirror: Mirror, rng: random.Random) -> None:
    """One random thing happens."""
    path, environment = rng.choice(PATHS), rng.choice(("staging", "staging", "qa"))
    act = rng.choice(("put", "put", "put", "publish", "publish", "archive", "suspend", "unpublish"))
    if act == "put":
        valid = Version(
            rng.sample(TAGS, rng.randint(0, 2)),
            rng.sample(OWNERS, rng.randint(0, 1)),
            rng.sample(MODELS, rng.randint(0, 2)),
            rng.sample(WORDS, rng.randint(0, 3)),
        )
        mirror.put(path, valid if rng.random() > 0.1 else Version(valid=False))
    elif act == "publish":
        mirror.publish(path, environment, rng.choice((0, 0, 1)))
    else:
        getattr(mirror, act)(path, *(() if act == "archive" else (environment,)))


def asked(rng: random.Random, times: list[int]) -> Wanted:
    """A random list or search."""

    def maybe(choices: object, chance: float = 0.3) -> object:
        return rng.choice(choices) if rng.random() < chance else None  # type: ignore[arg-type]

    q = " ".join(rng.sample(("sort", "sorts", "claims", "ada", "p", "a", "red"), rng.randint(1, 2)))
    search = rng.random() < 0.4
    return Wanted(
        q=q if search else "",
        module=str(maybe(("a", "a/b", "b")) or ""),
        tags=tuple(rng.sample(("red", "GREEN", "blue"), rng.choice((0, 0, 0, 1, 2)))),
        owner=str(maybe(("ada@bank.example", "TEAM-B"), 0.2) or ""),
        model=str(maybe(("gpt", "claude", "qwen/qwen3-32b"), 0.2) or ""),
        environment=str(maybe(("staging", "qa")) or ""),
        state=maybe(STATES),  # type: ignore[arg-type]
        changed_since=maybe(times, 0.2),  # type: ignore[arg-type]
        archived=rng.choice((False, False, True, None)),
        valid=rng.choice((None, None, None, True, False)),
        sort=None if search else rng.choice((None, "path", "changed")),
    )


@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_list_and_search_finds_exactly_what_fits_in_order(
    any_database: Database, seed: int
) -> None:
    rng = random.Random(seed)
    mirror = Mirror(any_database)
    environments.create(
        mirror.world.deps, ADMIN, mirror.world.project, "qa", approval_required=False
    )
    for _ in range(rng.randint(10, 45)):
        changed(mirror, rng)
    with any_database.read() as conn:
        times = sorted(
            conn.execute(
                select(prompt.c.updated_at).where(prompt.c.project_id == mirror.world.project.id)
            ).scalars()
        ) or [0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "BUDGET", rng.choice((2, 5, 1_000)))
        patch.setattr(scan, "FEW", rng.choice((1, 4, 1_000)))
        patch.setattr(matching, "BUDGET", rng.choice((2, 5, 1_000)))
        patch.setattr(matching, "WINDOW", rng.choice((2, 6, 600)))
        patch.setattr(matching, "RARE", rng.choice((1, 12)))
        for _ in range(25):
            wanted = asked(rng, times)
            assert mirror.pages(wanted, rng.choice((1, 2, 7, 500))) == mirror.expected(wanted), (
                wanted
            )
    counters_are_right(any_database, mirror)


def counters_are_right(db: Database, mirror: Mirror) -> None:
    """Every counter is the number of its rows, and what is told of it is what the model says."""
    with db.read() as conn:
        rows = conn.execute(
            select(facet.c.prompts, func.count(prompt_facet.c.prompt_id))
            .outerjoin(prompt_facet, prompt_facet.c.facet_id == facet.c.id)
            .where(facet.c.project_id == mirror.world.project.id)
            .group_by(facet.c.id, facet.c.prompts)
        ).all()
        counts = count_facets(conn, mirror.world.project, archived=False, limit=50)
    assert all(kept == there for kept, there in rows)
    states = dict.fromkeys(STATES, 0)
    for found in mirror.prompts.values():
        if not found.archived:
            for state in found.states:
                states[state] += 1  # type: ignore[index]
    assert {c.value: c.prompts for c in counts["state"].values} == {
        state: many for state, many in states.items() if many
    }
