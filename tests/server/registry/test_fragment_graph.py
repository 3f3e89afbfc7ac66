"""Fragments as a graph: who uses one, what is live of it, what would change, and moving pins in one commit."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from bank import AUTHOR, STRANGER, VIEWER, Bank, LiveTable, prompt_text
from sqlalchemy import select

from promptops.format import parse
from promptops_server.access.policy import authorise
from promptops_server.app import migrate
from promptops_server.infra.problems import BadRequest, Denied, NotFound
from promptops_server.registry.edits.archive import archive_prompt
from promptops_server.registry.edits.import_prompts import import_prompts
from promptops_server.registry.edits.pin_plan import Wish
from promptops_server.registry.edits.upgrade_pins import Upgraded, upgrade_pins
from promptops_server.registry.errors import RefusedPrompts
from promptops_server.registry.fragments.impact import Impact, list_impact
from promptops_server.registry.fragments.target import target_version
from promptops_server.registry.fragments.uses import Use, list_uses
from promptops_server.registry.tables import fragment_use
from promptops_server.registry.versions import get_version, version_text

STYLE = "house/style"


def including(*targets: str, more: str = "") -> str:
    said = " ".join(f"{{{{> {target} }}}}" for target in targets)
    return prompt_text(f'"{said}{more}"   # kept')


@pytest.fixture
def graph(bank: Bank) -> Bank:
    """style@1..3 ← base@1 (style@1), base@2 (style@2) ← letter (base@2), memo (style@3 and base@1), old (base@1)."""
    bank.put(STYLE, prompt_text("Be kind."))
    bank.put(STYLE, prompt_text("Be brief."), parent=1)
    bank.put(STYLE, prompt_text("Be brief, {{ name }}."), parent=2)
    bank.put("house/base", including("house/style@1"))
    bank.put("house/base", including("house/style@2", more=" Base."), parent=1)
    bank.put("letter", including("house/base@2"))
    bank.put("memo", including("house/style@3", "house/base@1"))
    bank.put("old", including("house/base@1"))
    bank.put("plain", prompt_text("nothing"))
    return bank


def uses(
    bank: Bank, live: LiveTable | None = None, fragment: str = STYLE, **more: Any
) -> list[Use]:
    found: list[Use] = []
    cursor: str | None = None
    while True:
        with bank.db.read() as conn:
            page = list_uses(
                conn,
                bank.project,
                fragment,
                live or LiveTable(),
                limit=more.pop("limit", 2) if "limit" in more else 2,
                cursor=cursor,
                **more,
            )
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


def shown(found: list[Use]) -> list[tuple[str, int, int, list[str]]]:
    return [(u.path, u.version, u.depth, [f"{p.fragment}@{p.pin}" for p in u.pins]) for u in found]


def impact(bank: Bank, to: str, **more: Any) -> dict[str, Impact]:
    with bank.db.read() as conn:
        target = target_version(conn, bank.project, STYLE, to)
        page = list_impact(conn, bank.project, target, LiveTable(), limit=50, **more)
    return {item.use.path: item for item in page.items}


def upgrade(bank: Bank, actor: Any = AUTHOR, dry_run: bool = False, **wish: Any) -> Upgraded:
    given = Wish(**{"fragment": STYLE, **wish})
    return upgrade_pins(bank.db, actor, authorise, "bank", given, dry_run=dry_run)


def results(done: Upgraded) -> dict[str, tuple[str, int]]:
    return {item.path: (item.result, item.version) for item in done.items}


def newest(bank: Bank, path: str) -> str:
    with bank.db.read() as conn:
        return version_text(conn, bank.project.id, get_version(conn, bank.project, path))


def test_direct_uses_are_those_of_newest_versions(graph: Bank) -> None:
    assert shown(uses(graph)) == [
        ("house/base", 2, 1, ["house/style@2"]),
        ("memo", 2 - 1, 1, ["house/style@3"]),
    ]
    base, memo = uses(graph)
    assert (base.pins[0].version, base.pins[0].behind, base.pins[0].key) == (
        2,
        True,
        "messages[0].content",
    )
    assert not memo.pins[0].behind
    assert uses(graph, fragment="plain") == []


def test_indirect_uses_follow_the_pinned_versions_not_the_newest(graph: Bank) -> None:
    assert shown(uses(graph, transitive=True)) == [
        ("house/base", 2, 1, ["house/style@2"]),
        ("letter", 1, 2, ["house/base@2"]),
        ("memo", 1, 1, ["house/style@3", "house/base@1"]),
        ("old", 1, 2, ["house/base@1"]),
    ]
    graph.put("house/base", prompt_text("No style any more."), parent=2)
    assert [u.path for u in uses(graph, transitive=True)] == ["letter", "memo", "old"]
    graph.put("letter", including("house/base@3"), parent=1)
    assert [u.path for u in uses(graph, transitive=True)] == ["memo", "old"]


def test_a_digest_is_a_pin_of_its_version(graph: Bank) -> None:
    with graph.db.read() as conn:
        digest = get_version(conn, graph.project, STYLE, 2).behaviour
        base = get_version(conn, graph.project, "house/base", 2).behaviour
    graph.put("d", including(f"{STYLE}@{digest}"))
    graph.put("e", including(f"house/base@{base}"))
    found = {u.path: u for u in uses(graph, transitive=True)}
    assert (found["d"].pins[0].version, found["d"].pins[0].behind) == (2, True)
    assert (found["e"].depth, found["e"].pins[0].version) == (2, 2)


def test_what_is_live_is_found_in_old_versions_too(graph: Bank) -> None:
    graph.put("memo", prompt_text("no fragment now"), parent=1)
    live = LiveTable(
        production={"memo": 1, "letter": 1, "plain": 1, "house/base": 1}, staging={"memo": 2}
    )
    assert "memo" not in {u.path for u in uses(graph)}
    found = uses(graph, live, environment="production", transitive=True)
    assert [(u.path, u.version) for u in found] == [("house/base", 1), ("letter", 1), ("memo", 1)]
    assert uses(graph, live, environment="staging", transitive=True) == []
    base = next(u for u in uses(graph, live) if u.path == "house/base")
    assert [(p.environment, p.version) for p in base.live] == [("production", 1)]
    with pytest.raises(NotFound):
        uses(graph, live, environment="nowhere")


def test_an_archived_prompt_is_no_user_until_it_comes_back(graph: Bank) -> None:
    archive_prompt(graph.db, AUTHOR, authorise, LiveTable(), "bank", "memo", parent=1)
    assert [u.path for u in uses(graph)] == ["house/base"]
    graph.put("memo", including("house/style@3"))
    assert [u.path for u in uses(graph)] == ["house/base", "memo"]


def test_uses_of_nothing_are_refused(graph: Bank) -> None:
    with pytest.raises(NotFound):
        uses(graph, fragment="no/such")
    with graph.db.read() as conn, pytest.raises(BadRequest):
        list_uses(conn, graph.project, STYLE, LiveTable(), limit=2, cursor="x")


def test_the_impact_is_the_text_before_and_after(graph: Bank) -> None:
    found = impact(graph, "3", transitive=True)
    assert set(found) == {"house/base", "letter", "memo", "old"}
    base = found["house/base"]
    assert "-Be brief. Base." in base.diff
    assert "+Be brief, {{ name }}. Base." in base.diff
    assert [(i.name, i.required) for i in base.added] == [("name", True)]
    assert base.changes_behaviour
    assert "+Be brief, {{ name }}. Base." in found["letter"].diff
    back = impact(graph, "2")
    assert not back["house/base"].changes_behaviour
    assert back["house/base"].diff == ""
    assert [i.name for i in back["memo"].removed] == ["name"]


def test_what_could_not_be_compiled_any_more_is_said(graph: Bank) -> None:
    graph.put("strict", "inputs:\n  a: {}\n" + including("house/style@1", more=" {{ a }}"))
    found = impact(graph, "newest")
    assert "name" in (found["strict"].error or "")


def test_pins_move_in_one_commit_and_nothing_else_does(graph: Bank) -> None:
    graph.put("more", including("house/style@1", "house/style@2"))
    before = newest(graph, "more")
    seen = upgrade(graph, dry_run=True, to="2")
    assert results(seen) == {
        "house/base": ("unchanged", 2),
        "memo": ("changed", 2),
        "more": ("changed", 2),
    }
    assert seen.commit is None
    assert "+" in seen.items[1].diff
    done = upgrade(graph, to="2")
    assert results(done) == results(seen)
    assert newest(graph, "more") == before.replace("style@1", "style@2")
    with graph.db.read() as conn:
        commits = {get_version(conn, graph.project, p).commit for p in ("more", "memo")}
    assert commits == {done.commit}
    assert graph.events("fragment.upgrade") == ["bank/house/style"]
    again = upgrade(graph, to="2")
    assert (again.commit, again.count("changed")) == (None, 0)
    assert graph.events("fragment.upgrade") == ["bank/house/style"]


def test_users_of_a_changed_fragment_follow_if_asked(graph: Bank) -> None:
    done = upgrade(graph, transitive=True)
    assert results(done) == {
        "house/base": ("changed", 3),
        "letter": ("changed", 2),
        "memo": ("unchanged", 1),
        "old": ("unchanged", 1),
    }
    assert "house/base@3" in newest(graph, "letter")
    assert "not the newest" in next(i.reason for i in done.items if i.path == "old")
    with graph.db.read() as conn:
        assert get_version(conn, graph.project, "letter").valid


@pytest.mark.parametrize("by", ["digest", None])
def test_pins_by_digest(graph: Bank, by: Any) -> None:
    if by is None:  # each keeps its kind
        with graph.db.read() as conn:
            digests = [
                get_version(conn, graph.project, p, 2).behaviour for p in (STYLE, "house/base")
            ]
        graph.put("d", including(f"{STYLE}@{digests[0]}"))
        graph.put("letter", including(f"house/base@{digests[1]}"), parent=1)
    done = upgrade(graph, by=by, transitive=True)
    assert done.count("refused") == 0
    with graph.db.read() as conn:
        style = get_version(conn, graph.project, STYLE)
        base = get_version(conn, graph.project, "house/base")
        assert get_version(conn, graph.project, "letter").valid
    assert f"house/base@{base.behaviour}" in newest(graph, "letter")
    expected = f"style@{style.behaviour}" if by else "style@3"
    assert expected in newest(graph, "house/base")
    if by is None:
        assert f"style@{style.behaviour}" in newest(graph, "d")


def test_only_the_pins_and_prompts_that_were_meant(graph: Bank) -> None:
    graph.put("m/a", including("house/style@1", "house/style@2"))
    graph.put("m2/b", including("house/style@1"))
    assert set(results(upgrade(graph, dry_run=True, module="m"))) == {"m/a"}
    done = upgrade(graph, module="m", pins=frozenset({"1"}))
    assert "{{> house/style@3 }} {{> house/style@2 }}" in newest(graph, "m/a")
    assert set(results(done)) == {"m/a"}
    named = upgrade(graph, paths=frozenset({"m2/b", "plain"}))
    assert results(named) == {"m2/b": ("changed", 2), "plain": ("unchanged", 1)}
    with pytest.raises(NotFound):
        upgrade(graph, paths=frozenset({"none"}))


def test_prompts_that_would_be_invalid_are_named_and_nothing_is_written(graph: Bank) -> None:
    graph.put("strict", "inputs:\n  a: {}\n" + including("house/style@1", more=" {{ a }}"))
    graph.put("on-strict", including("strict@1"))
    with pytest.raises(RefusedPrompts) as refused:
        upgrade(graph, transitive=True)
    assert [e["file"] for e in refused.value.members["errors"]] == ["strict.prompt.yml"]
    assert uses(graph)[0].version == 2
    done = upgrade(graph, transitive=True, skip_refused=True)
    assert results(done)["strict"] == ("refused", 1)
    assert results(done)["on-strict"] == ("unchanged", 1)
    assert results(done)["letter"] == ("changed", 2)


def test_what_an_upgrade_refuses(graph: Bank) -> None:
    for to, problem in (("7", NotFound), ("sha256:" + "0" * 64, NotFound), ("x", BadRequest)):
        with pytest.raises(problem):
            upgrade(graph, to=to)
    with pytest.raises(NotFound):
        upgrade(graph, fragment="none")
    with pytest.raises(Denied):
        upgrade(graph, actor=VIEWER)
    with pytest.raises(NotFound):
        upgrade(graph, actor=STRANGER)


def rows(bank: Bank) -> list[tuple[Any, ...]]:
    with bank.db.read() as conn:
        query = select(fragment_use).order_by(
            fragment_use.c.prompt_id, fragment_use.c.number, fragment_use.c.position
        )
        return [tuple(row) for row in conn.execute(query)]


def test_the_migration_fills_in_what_writing_would_have_noted(graph: Bank) -> None:
    odd = {
        "v": 'variants:\n  "gpt-4.1":\n    messages:\n      - {role: user, content: "{{> plain@1 }}"}\n'
        + including("house/style@1", "house/style@1"),
        "parts": "messages:\n  - role: user\n    content:\n"
        '      - {type: text, text: "{{> house/style@2 }}"}\n',
        "quoted": prompt_text("""'{{ "{{> house/style@1 }}" }} x'"""),
        "comment": "# {{> house/style@1 }}\n" + prompt_text("x"),
        "jinja": "template: jinja2\n" + prompt_text("'{{> house/style@1 }} {{ x }}'"),
        "missing": including("no/such@4"),
        "broken": "messages: [{{> house/style@1 }}\n",
        "long": including("x" * 90 + ("/" + "y" * 90) * 6 + "@1"),
    }
    import_prompts(graph.db, AUTHOR, authorise, "bank", list(odd.items()), allow_invalid=True)
    assert parse(odd["parts"]).file is not None
    before = rows(graph)
    assert {row[4] for row in before} >= {"v", "parts", "missing", "jinja"}
    assert not {row[4] for row in before} & {"quoted", "comment", "broken", "long", "plain"}
    with graph.db.engine.begin() as conn:
        config = migrate.alembic_config(conn)
        parent = ScriptDirectory.from_config(config).get_revision("0005").down_revision
        command.downgrade(config, str(parent))
    migrate.upgrade(graph.db)
    assert rows(graph) == before
