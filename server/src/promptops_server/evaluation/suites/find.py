"""Which suites belong to a prompt, and what they hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from promptops.format import FragmentError, Input, parse, resolve_fragments
from promptops.format.check_evaluators import Evaluator as Said
from promptops.format.companions import TEST_DATA
from promptops.format.problem import Problem
from promptops.format.suite import SUITE_ENDINGS, ParsedSuite, SuiteCase, parse_suite
from promptops.format.test_data import fit_suite, prompt_suite
from promptops_server.evaluation.checks import checks_of
from promptops_server.evaluation.model import Case, Check, Suite
from promptops_server.evaluation.suites.belonging import suite_path, suites_beside
from promptops_server.infra.problems import Invalid, NotFound
from promptops_server.registry.content import located
from promptops_server.registry.edits.frame import MAIN
from promptops_server.registry.git import read
from promptops_server.registry.git.objects import MODE_EXECUTABLE, MODE_FILE
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import address_path
from promptops_server.registry.records.defaults_at import start_of
from promptops_server.registry.versions import fragment_loader, version_bytes

_SHOWN = 20
"""Problems of a refusal that are listed."""


def suites_of(
    conn: Connection,
    project: Project,
    path: str,
    version: Version | str | bytes,
    names: Sequence[str] | None = None,
    *,
    commit: str | None = None,
    texts: Sequence[tuple[str, str]] = (),
) -> tuple[Suite, ...]:
    """The suites to test a prompt with.

    Args:
        version: whose `testData` counts: a version, its file where that is read already, or the text of a draft.
        names: `testData` or paths of suite files in the project, with or without their ending; None for all that belong
            to the prompt: its `testData`, `<prompt>.suite.yml` and `<prompt>.<name>.suite.yml` beside it. An empty result
            means that there is nothing to test with.
        commit: whose files are read; the head of `main` where None.
        texts: further suites as name and text, given with a command.

    Raises:
        Invalid: two suites have the same name, the prompt or a suite cannot be read, or a case is none the prompt can be rendered with; file, line and
            key are named.
        NotFound: a named suite does not exist, or no such commit.
        BadRequest: a name breaks the grammar of paths.
    """
    text = version_bytes(conn, project.id, version) if isinstance(version, Version) else version
    own, inputs = own_suite(conn, project, path, text)
    view = ObjectView(conn, project.id)
    if commit is None and names != (TEST_DATA,):  # that one is in the text
        head = read.head_commit(conn, project.id, MAIN)
        commit = None if head is None else head.oid
    if names is None:
        wanted = [TEST_DATA] if own.suite is None or own.suite.cases else []
        files = {} if commit is None else view.files_in(commit, path.rpartition("/")[0])
        wanted += suites_beside(path, files)
    else:
        wanted = list(dict.fromkeys(n if n == TEST_DATA else suite_path(n) for n in names))
        files = {}
    found: list[Suite] = []
    for name in wanted:
        if name == TEST_DATA:
            found.append(_suite(TEST_DATA, f"{path}.prompt.yml", own))
            continue
        file, blob = _find(view, commit, files, name, project)
        parsed = fit_suite(parse_suite(start_of(view, blob)), inputs)
        found.append(_suite(name, file, parsed, blob))
    found += [suite_of_text(name, text, inputs) for name, text in texts]
    _refuse_twins([suite.name for suite in found])
    return tuple(found)


def suite_of_text(name: str, text: str | bytes, inputs: Mapping[str, Input] | None = None) -> Suite:
    """A suite given with a command, under the name of its file.

    Args:
        inputs: of the prompt, to hold its cases against.

    Raises:
        Invalid: as `suites_of`.
    """
    parsed = parse_suite(text)
    return _suite(name, name, parsed if inputs is None else fit_suite(parsed, inputs))


def suites_key(names: Iterable[str]) -> str:
    """What a set of suites is known by whatever they hold: `sha256:` over the sorted names."""
    return _sha256(sorted(set(names)))


def suites_digest(suites: Iterable[Suite]) -> str:
    """What a set of suites holds: `sha256:` over the sorted names with their digests."""
    return _sha256(sorted({(suite.name, suite.digest) for suite in suites}))


def problems_of(parsed: ParsedSuite) -> tuple[Problem, ...]:
    """The problems of a suite with those that only this server knows: settings of checks, kinds it does not have."""
    if parsed.suite is None:
        return parsed.problems
    _, more = checks_of(_all_evaluators(parsed), parsed.source)
    return tuple(sorted((*parsed.problems, *more), key=lambda p: (p.line, p.column)))


def _all_evaluators(parsed: ParsedSuite) -> list[Said]:
    suite = parsed.suite
    if suite is None:
        return []
    return [*suite.evaluators, *(e for case in suite.cases for e in case.evaluators)]


def own_suite(
    conn: Connection, project: Project, path: str, text: str | bytes
) -> tuple[ParsedSuite, Mapping[str, Input]]:
    """The suite inside a prompt file, and the prompt's inputs, those of its fragments included.

    Raises:
        Invalid: it is no valid prompt file.
    """
    parsed = parse(text)
    file = parsed.file
    if file is None:
        raise refusal(address_path(path) + ".prompt.yml", parsed.errors)
    try:
        file = resolve_fragments(file, fragment_loader(conn, project))
    except FragmentError as error:
        raise Invalid(f"The fragments of {path} cannot be put in place: {error}.") from None
    return prompt_suite(parsed, file), file.inputs


def _refuse_twins(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise Invalid(
                f"Two suites are named {name[:200]!r}.",
                remedy="Rename one: results are told apart by the name.",
            )


def _find(
    view: ObjectView, commit: str | None, files: Mapping[str, str], name: str, project: Project
) -> tuple[str, str]:
    """The file of a suite and its blob."""
    for ending in SUITE_ENDINGS:
        file = name + ending
        blob = files.get(file)
        if blob is None and commit is not None and not files:
            entry = view.entry_at(commit, file)
            regular = entry is not None and entry.mode in (MODE_FILE, MODE_EXECUTABLE)
            blob = entry.oid if entry is not None and regular else None
        if blob is not None:
            return file, blob
    raise NotFound(
        f"There is no suite {name[:200]!r} in {project.name}.",
        remedy="`promptops suite list` shows them; a suite is a file that ends with .suite.yml.",
    )


def _suite(name: str, file: str, parsed: ParsedSuite, blob: str | None = None) -> Suite:
    if parsed.suite is None:
        raise refusal(file, parsed.errors)
    problems: list[Problem] = []

    def checks(said: Sequence[Said]) -> tuple[Check, ...]:
        found, wrong = checks_of(said, parsed.source)
        problems.extend(wrong)
        return found

    shared = checks(parsed.suite.evaluators)
    cases = tuple(_case(case, checks(case.evaluators)) for case in parsed.suite.cases)
    if problems:
        raise refusal(file, problems)
    return Suite(name, parsed.suite.digest, cases, shared, blob)


def _case(case: SuiteCase, checks: tuple[Check, ...]) -> Case:
    return Case(
        case.key, case.name, case.inputs, case.expected, checks, case.tags, values=case.values
    )


def refusal(file: str, problems: Sequence[Problem]) -> Invalid:
    first = problems[0]
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    key = f"{first.key}: " if first.key else ""
    return Invalid(
        f"{file}:{first.line}: {key}{first.message}{more}.",
        remedy=first.fix,
        errors=located(file, [problem.to_dict() for problem in problems[:_SHOWN]]),
    )


def _sha256(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
