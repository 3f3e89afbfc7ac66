"""A run as JUnit XML, as build servers read it: a test suite per target and suite, a test case per call.

A failed required check is a `failure`, a call without an answer an `error`, one never sent is `skipped`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from promptops.money import dollars
from promptops_server.evaluation.runs.report.material import Material, why_not

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write(material: Material) -> Iterator[str]:
    """The document. Numbers of a suite come before its cases, so one suite's results are held at a time."""
    run = material.run
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    name = f"{material.address}, run {run['number']}"
    yield f"<testsuites name={_attribute(name)} tests={_attribute(run['calls'])}>\n"
    results = material.results()
    for (target, suite), group in groupby(results, key=lambda r: (r["target"], r["suite"])):
        yield from _suite(material, f"{target} / {suite}", list(group))
    yield "</testsuites>\n"


def _suite(material: Material, name: str, results: list[Mapping[str, Any]]) -> Iterator[str]:
    failures = sum(r["state"] == "done" and r["passed"] is False for r in results)
    errors = sum(r["state"] == "error" for r in results)
    skipped = sum(_is_skipped(r) for r in results)
    seconds = sum(r["latency_ms"] or 0 for r in results) / 1000
    yield (
        f'  <testsuite name={_attribute(name)} tests="{len(results)}" failures="{failures}" '
        f'errors="{errors}" skipped="{skipped}" time="{seconds:.3f}">\n'
    )
    for result in results:
        yield from _case(material, name, result)
    yield "  </testsuite>\n"


def _case(material: Material, suite: str, result: Mapping[str, Any]) -> Iterator[str]:
    name = material.case(result)
    if material.run["repeat"] > 1:
        name += f" (repeat {result['repeat'] + 1})"
    seconds = (result["latency_ms"] or 0) / 1000
    yield (
        f"    <testcase classname={_attribute(suite)} name={_attribute(name)} "
        f'time="{seconds:.3f}">\n'
    )
    reasons = why_not(result)
    said = "\n".join(reasons)
    if result["state"] == "waiting":
        said = result["detail"] or "the run ended before it was called"
        yield f"      <skipped message={_attribute(said)}/>\n"
    elif result["state"] == "skipped":
        yield f"      <skipped message={_attribute(said)}/>\n"
    elif result["state"] == "error":
        kind = _attribute(result["fault"])
        yield f"      <error type={kind} message={_attribute(result['detail'] or said)}/>\n"
    elif result["passed"] is None:
        yield '      <skipped message="no required check looks at the answer"/>\n'
    elif result["passed"] is not True:
        first = reasons[0] if reasons else "not passed"
        yield (f'      <failure type="check" message={_attribute(first)}>{_text(said)}</failure>\n')
    cost = dollars(result["cost"]) + (", if it was charged" if result["cost_estimated"] else "")
    notes = f"cost {cost}, {'stored answer' if result['reused'] else 'called'}"
    yield f"      <system-out>{_text(notes)}</system-out>\n    </testcase>\n"


def _is_skipped(result: Mapping[str, Any]) -> bool:
    unchecked = result["state"] == "done" and result["passed"] is None
    return unchecked or result["state"] in ("skipped", "waiting")


def _attribute(value: Any) -> str:
    return quoteattr(_NO_XML.sub("\ufffd", str(value)))


def _text(value: str) -> str:
    return escape(_NO_XML.sub("\ufffd", value))
