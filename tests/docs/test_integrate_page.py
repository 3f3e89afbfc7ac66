"""The programs on `docs/guide/integrate.md` are the ones that `tests/flows/test_services.py` runs, to the letter."""

from __future__ import annotations

import inspect
from pathlib import Path

from docs_page import DOCS, blocks, rows

from promptops.testing import InMemoryAsyncPromptOps, InMemoryPromptOps

PAGE = "guide/integrate.md"
PROGRAMS = DOCS.parent / "tests" / "flows" / "services"


def test_every_program_of_the_page_is_a_file_and_every_file_is_on_the_page() -> None:
    shown = {
        b.info.removeprefix("python "): b.text for b in blocks(PAGE) if b.info.startswith("python")
    }
    for name, text in shown.items():
        assert text == (PROGRAMS / name).read_text(), f"{name} differs: copy the file into the page"
    files = {path.name for path in PROGRAMS.glob("*.py") if not path.name.startswith("look")}
    assert shown.keys() == files


def test_the_commands_are_those_that_are_tested() -> None:
    tested = Path(PROGRAMS.parent / "test_services.py").read_text()
    for block in blocks(PAGE):
        if block.info == "sh" and block.section in ("FastAPI", "gunicorn", "Celery"):
            for word in block.text.split():
                if not word.isdigit():
                    assert word.replace("_service", "").removesuffix(":app") in tested.replace(
                        "look_", ""
                    ), word


def test_the_table_names_every_method_a_test_may_call() -> None:
    told = " ".join(row[0] for row in rows(PAGE))
    for client in (InMemoryPromptOps, InMemoryAsyncPromptOps):
        public = {
            n for n, m in inspect.getmembers(client, inspect.isfunction) if not n.startswith("_")
        }
        reading = {"get", "snapshot", "health", "on_release", "releases", "close"}
        for name in public - reading:
            assert f"`{name}(" in told, name
