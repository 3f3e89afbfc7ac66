"""Plans and texts as they lie in the database: JSON, compressed. Owns the way there and back, nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from promptops_server.evaluation.model import Case, Check, Score, Suite
from promptops_server.evaluation.runs.model import Contents, Progress, Tally
from promptops_server.providers.model import (
    Credential,
    Limits,
    Reply,
    Target,
    ToolCall,
    Usage,
)

_LEVEL = 1
"""Texts are small and many: more would cost time of a run and save little."""


def packed(value: Any) -> bytes:
    """Any JSON value, compressed. Characters the database could not take as text do no harm here."""
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), _LEVEL)


def unpacked(data: bytes) -> Any:
    """The value again."""
    return json.loads(zlib.decompress(data))


def suites_key(suites: Sequence[Suite]) -> str:
    """The same for runs of the same suites, whatever these say."""
    return _sha256(sorted({suite.name for suite in suites}))


def suites_digest(suites: Sequence[Suite]) -> str:
    """The same for runs of suites that say the same."""
    return _sha256(sorted({(suite.name, suite.digest) for suite in suites}))


def contents_to(contents: Contents) -> bytes:
    """A plan's contents for the column `plan`."""
    suites = [dataclasses.asdict(suite) for suite in contents.suites]
    return packed({"artifact": dict(contents.artifact), "suites": suites})


def contents_from(data: bytes) -> Contents:
    """The contents again."""
    value = unpacked(data)
    return Contents(value["artifact"], tuple(_suite(each) for each in value["suites"]))


def target_to(target: Target, catalogue_digest: str = "") -> dict[str, Any]:
    """A target as JSON with the digest of its catalogue entry. The secret is not in it, only where that lies."""
    return {**dataclasses.asdict(target), "catalogue_digest": catalogue_digest}


def target_from(value: Mapping[str, Any]) -> Target:
    """The target again."""
    projects = value.get("projects")
    more = {
        "limits": Limits(**value["limits"]),
        "credential": Credential(**value["credential"]),
        "projects": None if projects is None else tuple(projects),
    }
    made = {**value, **more}
    made.pop("catalogue_digest", None)
    return Target(**made)


def progress_to(progress: Progress) -> str:
    """Progress for its column."""
    tallies = {key: dataclasses.asdict(tally) for key, tally in progress.tallies.items()}
    return json.dumps(tallies, separators=(",", ":"))


def progress_from(text: str | None) -> Progress:
    """The progress again."""
    if not text:
        return Progress()
    return Progress({key: Tally(**tally) for key, tally in json.loads(text).items()})


def reply_to(reply: Reply) -> dict[str, Any]:
    """A reply as JSON."""
    return dataclasses.asdict(reply)


def reply_from(value: Mapping[str, Any]) -> Reply:
    """The reply again."""
    more = {
        "usage": Usage(**value["usage"]),
        "tool_calls": tuple(ToolCall(**call) for call in value["tool_calls"]),
    }
    return Reply(**{**value, **more})


def scores_to(scores: Sequence[Score]) -> str:
    """Scores for their column. Half surrogates and NUL stay escapes, so that every database takes them."""
    return json.dumps([_score(score) for score in scores], separators=(",", ":")).replace(
        "\\u0000", "\\ufffd"
    )


def storable_text(text: str | None) -> str | None:
    """A text that every database takes."""
    if text is None:
        return None
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _sha256(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _score(score: Score) -> dict[str, Any]:
    made = {
        "check": score.check,
        "kind": score.kind,
        "passed": score.passed,
        "value": score.value,
        "detail": score.detail,
        "required": score.required,
    }
    if score.cost:
        made["cost"] = score.cost
    return made


def _suite(value: Mapping[str, Any]) -> Suite:
    cases = tuple(
        Case(**{**case, "checks": _checks(case["checks"]), "tags": tuple(case["tags"])})
        for case in value["cases"]
    )
    return Suite(**{**value, "cases": cases, "checks": _checks(value["checks"])})


def _checks(values: Sequence[Mapping[str, Any]]) -> tuple[Check, ...]:
    return tuple(Check(**value) for value in values)
