"""Cells: what a run leaves, what replaces it, and when it stops speaking for the prompt."""

from __future__ import annotations

from sqlalchemy import func, select

from promptops_server.evaluation.matrix.cells import KEPT_BEHAVIOURS, write_cells
from promptops_server.evaluation.matrix.model import Cell
from promptops_server.evaluation.tables import test_cell, test_run
from server.evaluation.matrix.matrix_world import MatrixWorld

PATH = "claims/triage"


def cell(world: MatrixWorld, target: str, **asked: object) -> Cell:
    (row,) = world.page(targets=(target,), **asked)[1]
    return row.cells[0]


def test_each_target_of_a_run_gets_its_verdict_with_the_run_behind_it(world: MatrixWorld) -> None:
    world.put(PATH, "Sort {{ claim }}")
    number = world.ran(PATH, {"gpt": [True] * 6, "claude": [True, False, (True, False)]})
    works, tuning = cell(world, "gpt"), cell(world, "claude")
    assert (works.verdict, works.words, works.run) == ("works", "6/6, lower bound 61 %", number)
    assert (works.latency_ms, works.cost, works.version) == (30.0, 600, 1)
    assert tuning.verdict == "needs_tuning"
    assert (tuning.passed, tuning.cases) == (1, 3)
    assert tuning.failing == {"exact": ["case-1", "case-2"]}


def test_what_was_never_answered_is_untested_and_says_why(world: MatrixWorld) -> None:
    world.put(PATH, "Sort {{ claim }}")
    assert cell(world, "gpt").words == "no run yet"
    world.problems["claude"] = "no credentials"
    assert cell(world, "claude").words == "no credentials"
    world.ran(PATH, {"gpt": ["no_credentials"] * 2})
    found = cell(world, "gpt")
    assert (found.verdict, found.words, found.run) == ("untested", "no credentials", 1)


def test_a_run_without_an_answer_does_not_replace_one_that_had_them(world: MatrixWorld) -> None:
    world.put(PATH, "Sort {{ claim }}")
    world.ran(PATH, {"gpt": [True]})
    world.ran(PATH, {"gpt": ["no_credentials"]})
    assert (cell(world, "gpt").verdict, cell(world, "gpt").run) == ("works", 1)
    world.ran(PATH, {"gpt": [False]})
    assert (cell(world, "gpt").verdict, cell(world, "gpt").run) == ("fails", 3)


def test_a_target_whose_calls_were_not_all_made_gets_no_cell(world: MatrixWorld) -> None:
    world.put(PATH, "Sort {{ claim }}")
    world.ran(PATH, {"gpt": [True, "waiting"], "claude": [True]}, state="cancelled")
    assert cell(world, "gpt").words == "no run yet"
    assert cell(world, "claude").verdict == "works"


def test_writing_cells_again_changes_nothing(world: MatrixWorld) -> None:
    world.put(PATH, "Sort {{ claim }}")
    world.ran(PATH, {"gpt": [True, False]})
    with world.db.write() as tx:
        before = tx.conn.execute(select(test_cell)).all()
        write_cells(
            tx.conn, tx.conn.execute(select(test_run.c.id)).scalar_one(), world.around.catalogue
        )
        assert tx.conn.execute(select(test_cell)).all() == before


def test_a_changed_prompt_puts_all_its_cells_out_of_date_and_going_back_restores_them(
    world: MatrixWorld,
) -> None:
    world.put(PATH, "Sort {{ claim }}")
    world.ran(PATH, {"gpt": [True], "claude": [False]})
    world.put(PATH, "Sort this {{ claim }}")
    assert world.verdicts() == {PATH: ["out_of_date", "out_of_date"]}
    found = cell(world, "gpt")
    assert found.words == "the content has changed: version 1 was tested, not version 2"
    assert found.tested == "works"
    world.put(PATH, "Sort {{ claim }}")
    assert world.verdicts() == {PATH: ["fails", "works"]}


def test_every_reason_is_told(world: MatrixWorld) -> None:
    world.put(PATH, "Sort {{ claim }}")
    world.ran(PATH, {"gpt": [True]}, model="gpt-2025-01-01")
    world.put(PATH, "Sort this {{ claim }}")
    world.suites.known[PATH] = {"testData": "d2", "claims/triage": "d1"}
    world.target("gpt", model="other", base_url="https://models.example/v1")
    world.catalogue["gpt"] = "c2"
    world.put("other", "Say {{ claim }}")
    world.ran("other", {"gpt": [True]}, model="gpt-2026-01-01")
    found = cell(world, "gpt", module="claims")
    assert [reason.what for reason in found.reasons] == [
        "content",
        "suite",
        "suite",
        "target",
        "catalogue",
        "answers_as",
    ]
    assert "the suite claims/triage was not part of run 1" in found.words
    assert "is openai other at https://models.example/v1" in found.words
    assert "answers as gpt-2026-01-01 now; gpt-2025-01-01 was tested" in found.words


def test_a_run_of_all_suites_speaks_before_a_newer_one_of_some(world: MatrixWorld) -> None:
    world.put(PATH, "Sort {{ claim }}")
    world.suites.known[PATH] = {"testData": "d1", "claims/triage": "d2"}
    world.ran(PATH, {"gpt": [True]}, suites={"testData": "d1", "claims/triage": "d2"})
    world.ran(PATH, {"gpt": [False]}, suites={"testData": "d1"})
    assert (cell(world, "gpt").verdict, cell(world, "gpt").run) == ("works", 1)


def test_only_the_newest_behaviours_are_kept_and_what_is_live_or_newest(world: MatrixWorld) -> None:
    world.put(PATH, "live")
    world.publish(PATH)
    world.ran(PATH, {"gpt": [True]}, version=1)
    world.put(PATH, "newest")
    world.ran(PATH, {"gpt": [True]})
    for number in range(KEPT_BEHAVIOURS + 5):
        world.ran(PATH, {"gpt": [True]}, behaviour=f"sha256:{number}")
    with world.db.read() as conn:
        many = conn.execute(select(func.count()).select_from(test_cell)).scalar_one()
    assert many == KEPT_BEHAVIOURS + 2
    assert cell(world, "gpt").verdict == "works"
    assert cell(world, "gpt", at="staging").verdict == "works"
