"""Suites on disk: found, read, and held against the prompt they stand beside."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptops.cli.failures import BadInput
from promptops.cli.texts import read_file
from promptops.format.names import EXTENSIONS

if TYPE_CHECKING:
    from promptops.format import PromptFile
    from promptops.format.suite import ParsedSuite

_LEFT_OUT = frozenset(("node_modules", "__pycache__", "venv"))


def suite_files(given: Iterable[Path]) -> Iterator[Path]:
    """These files, and the suite and prompt files in these folders. Raises BadInput."""
    from promptops.format.suite import SUITE_ENDINGS

    for path in given:
        if path.is_dir():
            for at, folders, files in os.walk(path):
                folders[:] = sorted(
                    f for f in folders if not f.startswith(".") and f not in _LEFT_OUT
                )
                for name in sorted(files):
                    file = Path(at) / name
                    own = name.endswith(EXTENSIONS) and _has_test_data(file)
                    if own or name.endswith(SUITE_ENDINGS):
                        yield file
        elif path.exists():
            yield path
        else:
            raise BadInput(f"there is no {path}")


def check_disk(file: Path) -> dict[str, Any]:
    """What is wrong with a suite, or with the testData of a prompt file. Raises BadInput."""
    parsed = _read(file)
    errors = len(parsed.errors)
    suite = parsed.suite
    return {
        "file": file.as_posix(),
        "cases": len(suite.cases) if suite else None,
        "digest": suite.digest if suite else None,
        "errors": errors,
        "problems": [problem.to_dict() for problem in parsed.problems],
    }


def _read(file: Path) -> ParsedSuite:
    from promptops.format import fragments, parse
    from promptops.format.suite import ParsedSuite, parse_suite
    from promptops.format.test_data import fit_suite, prompt_suite

    data = read_file(file)
    if file.name.endswith(EXTENSIONS):
        prompt = parse(data)
        if prompt.file is None:
            return ParsedSuite(None, prompt.errors, prompt.text, prompt.source)
        return prompt_suite(prompt)
    parsed = parse_suite(data)
    beside = _prompt_beside(file)
    if beside is None:
        return parsed
    complete = beside.inputs_declared or not fragments(beside)
    return fit_suite(parsed, beside.inputs, complete=complete)


def _prompt_beside(file: Path) -> PromptFile | None:
    """The prompt a suite belongs to by its name: the longest that the name begins with."""
    from promptops.format import parse
    from promptops.format.suite import suite_path_of

    name = suite_path_of(file.name)
    while name:
        for ending in EXTENSIONS:
            prompt = file.with_name(name + ending)
            if prompt.is_file():
                return parse(read_file(prompt)).file
        name = name.rpartition(".")[0]
    return None


def _has_test_data(file: Path) -> bool:
    from promptops.format import parse

    found = parse(read_file(file)).file
    return found is not None and bool(found.test_data)
