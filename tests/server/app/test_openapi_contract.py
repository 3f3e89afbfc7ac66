"""The HTTP API against its own description: generated requests get documented statuses and problem documents, never a 5xx.

Schemathesis makes up the requests from `/openapi.json`, valid and broken ones; a running server with the sample
workspace answers them. The examples are the same in every run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks

from support.server import RunningServer

EXAMPLES = 16
"""Requests made up for each operation."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the sample workspace."""
    data: Path = tmp_path_factory.mktemp("contract") / "data"
    running = RunningServer(data, args=("--demo",)).start()
    yield running
    log = running.log.read_text()
    running.stop()
    assert "unexpected_error" not in log
    assert "Traceback" not in log


@pytest.fixture(scope="module")
def token(demo: RunningServer) -> str:
    return demo.token("contract", "admin")


def test_every_reference_in_the_description_leads_somewhere(demo: RunningServer) -> None:
    document = httpx2.get(f"{demo.url}/openapi.json").json()
    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references
    assert references <= known


ENDLESS = {"GET /api/v1/audit/events/stream", "GET /api/v1/projects/{project}/events"}
"""Answers without an end; their own tests read them."""
KNOWN = {"project": "retail-bank", "environment": "staging", "path": "claims/triage", "number": 1}
STRICT = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_as_described(
    demo: RunningServer, token: str, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_url(f"{demo.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 25
    faults = {}
    with httpx2.Client() as client:
        for operation in operations:
            if operation.label in ENDLESS:
                continue
            if wrong := faults_of(operation, token, mode):
                faults[operation.label] = wrong
            assert client.get(f"{demo.url}/readyz").status_code == 200, operation.label
    assert not faults, "\n\n".join(f"{label}: {wrong}" for label, wrong in faults.items())


def faults_of(operation: Any, token: str, mode: GenerationMode) -> str:
    """The first answer to generated requests that is not as described."""
    try:
        strategy = operation.as_strategy(generation_mode=mode)
    except (schemathesis.errors.SchemathesisError, Unsatisfiable):
        return ""

    @given(case=strategy, known=st.booleans())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    def ask(case: schemathesis.Case, known: bool) -> None:
        if known:  # made-up names alone would only ever meet a 404
            case.path_parameters = {
                name: KNOWN.get(name, value) for name, value in (case.path_parameters or {}).items()
            }
        response = case.call(headers={"authorization": f"Bearer {token}"}, timeout=20)
        case.validate_response(response, checks=STRICT)
        if response.status_code >= 400:
            document = response.json()
            assert document["type"].startswith("urn:promptops:problem:")
            assert document["status"] == response.status_code
            assert document["title"] and document["detail"] and document["request_id"]

    try:
        ask()
    except Unsatisfiable:  # nothing can be wrong with an operation without parameters
        return ""
    except (Exception, BaseExceptionGroup) as error:
        return (
            f"{type(error).__name__}: {error}"[:3000]
            + "".join(getattr(error, "__notes__", []))[:2000]
        )
    return ""
