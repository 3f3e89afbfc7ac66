"""A run and all its results as one JSON document, without texts of requests and replies."""

from __future__ import annotations

import json
from collections.abc import Iterator

from promptops_server.evaluation.runs.report.material import Material


def write(material: Material) -> Iterator[str]:
    """`{"run": …, "results": […]}`."""
    yield '{"run":' + json.dumps(dict(material.run), ensure_ascii=False) + ',"results":['
    between = ""
    for result in material.results():
        yield between + json.dumps(dict(result), ensure_ascii=False)
        between = ","
    yield "]}\n"
