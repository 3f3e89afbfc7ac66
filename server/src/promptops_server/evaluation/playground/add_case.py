"""Make an interesting try a case: one commit that adds it to a suite of the prompt."""

from __future__ import annotations

from dataclasses import dataclass

from promptops.format.expected import lacking_expected
from promptops.format.suite import SuiteCase, SuiteFile, parse_suite
from promptops.format.test_data import fit_suite
from promptops_server.evaluation.playground.case_text import NewCase, with_case
from promptops_server.evaluation.suites.find import own_suite, refusal
from promptops_server.evaluation.suites.write import StoredSuite, put_suite, show_suite
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise, Resource, require
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict, Invalid, NotFound
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.versions import get_version, version_bytes

_TRIES = 4


@dataclass(frozen=True, slots=True)
class Added:
    """The suite with its new case, and the case's key."""

    stored: StoredSuite
    key: str


def suite_of(path: str, suite: str | None) -> str:
    """The suite's path: the prompt's own file, one beside it by its short name, or any by its path."""
    if not suite:
        return path
    return suite if "/" in suite else f"{path}.{suite}"


def add_case(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    path: str,
    case: NewCase,
    *,
    suite: str | None = None,
    base: str | None = None,
    message: str | None = None,
) -> Added:
    """Add a case to a suite; the file is made where there is none.

    Args:
        base: the blob the suite must have; without it the case is added to whatever stands there.

    Raises:
        NotFound: no such project or prompt.
        Denied: the actor may not write there.
        Invalid: the prompt cannot be rendered with the inputs, a check is none, the name is taken, or the suite
            compares with what the case expects and it expects nothing.
        Conflict: the suite is not `base`.
    """
    require_readable(authorise, actor, project)
    given = suite_of(path, suite)
    require(authorise, actor, "prompt:write", Resource(project=project, path=given))
    for last in [False] * (_TRIES - 1) + [True]:
        before = _before(db, actor, authorise, project, given)
        text, place = with_case("" if before is None else before.text, case)
        key = _checked(db, project, path, given, text, place)
        standing = None if before is None else before.blob
        try:
            stored = put_suite(
                db,
                actor,
                authorise,
                project,
                given,
                text,
                base=standing if base is None else base,
                message=message or f"Add a case to the suite {given}"[:500],
            )
            return Added(stored, key)
        except Conflict:
            if base is not None or last:
                raise
    raise AssertionError("the last try returns or raises")


def _before(
    db: Database, actor: Actor, authorise: Authorise, project: str, given: str
) -> StoredSuite | None:
    try:
        return show_suite(db, actor, authorise, project, given)
    except NotFound:
        return None


def _checked(db: Database, project: str, path: str, given: str, text: str, place: int) -> str:
    """The key of the new case, which the prompt can be rendered with."""
    with db.read() as conn:
        found = get_project(conn, project)
        version = get_version(conn, found, path)
        _, inputs = own_suite(conn, found, path, version_bytes(conn, found.id, version))
    fitted = fit_suite(parse_suite(text), inputs)
    errors = [p for p in fitted.errors if p.key.startswith(f"cases[{place}]")]
    if errors:
        raise refusal(f"{given}.suite.yml", errors)
    parsed = parse_suite(text).suite
    if parsed is None:
        raise refusal(f"{given}.suite.yml", list(fitted.errors))
    _refuse_without_expected(given, parsed, parsed.cases[place])
    return parsed.cases[place].key


def _refuse_without_expected(given: str, suite: SuiteFile, case: SuiteCase) -> None:
    lacking = lacking_expected((*suite.evaluators, *case.evaluators), case)
    if lacking:
        named = ", ".join(f"{evaluator.name!r}" for evaluator in lacking[:5])
        raise Invalid(
            f"The suite {given} compares answers with what a case expects ({named}), and this case expects nothing: "
            "it could only fail.",
            remedy="Give `expected` (`--expect TEXT`), or put the case into another suite.",
            slug="no-expected",
            checks=[evaluator.name for evaluator in lacking],
        )
