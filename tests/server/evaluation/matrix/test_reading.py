"""Pages of the matrix: narrowed, at an environment, and with a cursor."""

from __future__ import annotations

import pytest

from promptops_server.infra.problems import NotFound
from server.evaluation.matrix.matrix_world import MatrixWorld


def test_an_environment_is_read_as_it_is_live(world: MatrixWorld) -> None:
    world.put("claims/triage", "one")
    world.publish("claims/triage")
    world.ran("claims/triage", {"gpt": [True]})
    world.put("claims/triage", "two")
    world.put("claims/letter", "not live")
    assert world.verdicts(at="staging", targets=("gpt",)) == {"claims/triage": ["works"]}
    assert world.verdicts(targets=("gpt",)) == {
        "claims/letter": ["untested"],
        "claims/triage": ["out_of_date"],
    }
    world.suspend("claims/triage")
    assert world.verdicts(at="staging") == {}
    with pytest.raises(NotFound):
        world.page(at="nowhere")


def test_it_is_narrowed_by_module_words_target_and_verdict(world: MatrixWorld) -> None:
    for path in ("claims/a", "claims/b", "loans/a"):
        world.put(path, f"Text of {path}")
        world.ran(path, {"gpt": [path != "claims/b"]})
    assert list(world.verdicts(module="claims")) == ["claims/a", "claims/b"]
    assert list(world.verdicts(q="loans")) == ["loans/a"]
    assert world.verdicts(targets=("gpt",), verdicts=frozenset({"fails"})) == {
        "claims/b": ["fails"]
    }
    with pytest.raises(NotFound, match="may use no target 'llama'; it may use: claude, gpt"):
        world.page(targets=("llama",))


def test_columns_are_the_targets_the_project_may_use(world: MatrixWorld) -> None:
    world.target("gpt", enabled=False)
    world.target("qwen", projects=("other-bank",))
    assert [column.name for column in world.page()[0]] == ["claude"]


@pytest.mark.parametrize("verdicts", [frozenset(), frozenset({"untested"})])
def test_pages_follow_each_other_without_gap_or_repetition(
    world: MatrixWorld, verdicts: frozenset[str]
) -> None:
    paths = [f"m/p{number}" for number in range(7)]
    for path in paths:
        world.put(path, f"Text of {path}")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        _, rows, cursor = world.page(limit=3, cursor=cursor, verdicts=verdicts)
        seen += [row.line.path for row in rows]
        if cursor is None:
            break
    assert seen == paths


def test_an_invalid_file_never_works(world: MatrixWorld) -> None:
    world.put("claims/triage", "one")
    world.ran("claims/triage", {"gpt": [True]})
    from sqlalchemy import update

    from promptops_server.registry.tables import version

    with world.db.write() as tx:
        tx.conn.execute(update(version).values(behaviour=None))
    (row,) = world.page(targets=("gpt",))[1]
    assert row.cells[0].verdict == "out_of_date"
    assert "not a valid prompt file" in row.cells[0].words
