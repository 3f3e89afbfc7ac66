"""Logs: JSON lines with the request's id, and no credentials."""

from __future__ import annotations

import json
import logging as stdlib
from collections.abc import Iterator

import pytest
import structlog

from promptops_server.infra import logging


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    root = stdlib.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_a_json_line_with_bound_context(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure("info", "json")
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("here").info("happened", count=3)
        stdlib.getLogger("library").warning("careful %s", "now")
    first, second = lines(capsys)
    assert (first["event"], first["count"], first["request_id"]) == ("happened", 3, "r-1")
    assert (first["level"], first["logger"]) == ("info", "here")
    assert (second["event"], second["request_id"]) == ("careful now", "r-1")


def test_credentials_are_hidden_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure("info", "json")
    structlog.get_logger("here").info(
        "signed_in", Authorization="Bearer x", api_key="x", new_password="x", token_id="t1"
    )
    (line,) = lines(capsys)
    assert line["Authorization"] == line["api_key"] == line["new_password"] == "********"
    assert line["token_id"] == "t1"


def test_less_severe_events_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure("warning", "json")
    structlog.get_logger("here").info("quiet")
    structlog.get_logger("here").error("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_an_exception_is_written_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    logging.configure("info", "json")
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger("here").exception("failed")
    (line,) = lines(capsys)
    assert "ValueError: broken" in str(line["exception"])
