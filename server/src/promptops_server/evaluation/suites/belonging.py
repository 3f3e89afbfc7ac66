"""Which suite files belong to a prompt by their names, and how suites are named. Pure."""

from __future__ import annotations

from collections.abc import Collection

from promptops.format.companions import TEST_DATA, companions_among
from promptops.format.suite import SUITE_ENDINGS, suite_path_of
from promptops_server.infra.problems import BadRequest, Invalid
from promptops_server.registry.paths import address_path


def suites_beside(prompt: str, files: Collection[str]) -> list[str]:
    """The suites of a prompt among the files of its folder (paths with endings), by path without ending, sorted.

    Raises:
        Invalid: a suite is there twice, with both endings, or is named like the prompt file's own.
    """
    found: list[str] = []
    among = companions_among([*files, f"{prompt}.prompt.yml"], [prompt])
    for suite in map(suite_path_of, among.get(prompt, ())):
        if suite in found:
            raise Invalid(
                f"{suite}.suite.yml and {suite}.suite.yaml are both there.",
                remedy="Keep one of them.",
            )
        refuse_reserved(suite)
        found.append(suite)
    return sorted(found)


def suite_path(given: str) -> str:
    """The path of a suite as given, without its ending.

    Raises:
        BadRequest: it breaks the grammar of paths, or is `testData`.
    """
    for ending in SUITE_ENDINGS:
        given = given.removesuffix(ending)
    path = address_path(given)
    if path == TEST_DATA:
        raise BadRequest(
            "testData is the suite in the prompt file itself.",
            remedy="Read or write it with the prompt; a suite file needs another name.",
        )
    return path


def refuse_reserved(suite: str) -> None:
    """Raises Invalid for a suite file that would be named like the prompt file's own suite."""
    if suite == TEST_DATA:
        raise Invalid(
            "testData.suite.yml is named like the suite inside a prompt file.",
            remedy="Rename the prompt, or put it into a folder.",
        )
