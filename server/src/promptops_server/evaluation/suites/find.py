"""Which suites belong to a prompt, and what they hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from promptops_server.evaluation.model import Suite
from promptops_server.registry.model import Project, Version

TEST_DATA = "testData"
"""The name of the suite that a prompt file itself holds."""


def suites_of(
    conn: Connection,
    project: Project,
    path: str,
    version: Version | str,
    names: Sequence[str] | None = None,
    *,
    commit: str | None = None,
) -> tuple[Suite, ...]:
    """The suites to test a prompt with.

    Args:
        version: whose `testData` counts: a version, or the text of a draft.
        names: `testData` or paths of suite files in the project, with or without their ending; None for all that belong
            to the prompt: its `testData`, `<prompt>.suite.yml` and `<prompt>.<name>.suite.yml` beside it. An empty result
            means that there is nothing to test with.
        commit: whose files are read; the head of `main` where None.

    Raises:
        Invalid: a suite cannot be read; file, line and key are named.
        NotFound: a named suite does not exist, or no such commit.
        BadRequest: a name breaks the grammar of paths.
    """
    raise NotImplementedError


def suite_of_text(name: str, text: str | bytes) -> Suite:
    """A suite given with a command, under the name of its file.

    Raises:
        Invalid: as `suites_of`.
    """
    raise NotImplementedError


def suites_key(names: Iterable[str]) -> str:
    """What a set of suites is known by whatever they hold: `sha256:` over the sorted names."""
    return _sha256(sorted(set(names)))


def suites_digest(suites: Iterable[Suite]) -> str:
    """What a set of suites holds: `sha256:` over the sorted names with their digests."""
    return _sha256(sorted({(suite.name, suite.digest) for suite in suites}))


def _sha256(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
