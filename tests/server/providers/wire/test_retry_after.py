"""How long to wait is read wherever endpoints say it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.providers.wire.retry_after import LONGEST, retry_after

NOW = datetime(2026, 11, 27, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"retry-after": "3"}, "", 3),
        ({"Retry-After": "0.5"}, "", 0.5),
        ({"retry-after": "3s"}, "", 3),
        ({"retry-after-ms": "250", "retry-after": "1"}, "", 0.25),
        ({"retry-after": "Fri, 27 Nov 2026 08:00:10 GMT"}, "", 10),
        ({"retry-after": "Friday, 27-Nov-26 08:00:10 GMT"}, "", 10),
        ({"retry-after": "Fri, 27 Nov 2026 07:00:00 GMT"}, "", 0),
        ({"retry-after": "-1"}, "", 0),
        ({"retry-after": "999999999"}, "", LONGEST),
        ({"retry-after": "soon"}, "", None),
        ({}, "Limit 30, used 30. Please try again in 1.5s. Visit", 1.5),
        ({}, "Please try again in 7m12.5s.", 432.5),
        ({}, "Please retry after 20 seconds.", 20),
        ({}, "Try again in 900ms", 0.9),
        ({}, "Try again later", None),
    ],
)
def test_reads_every_spelling(headers: dict[str, str], message: str, seconds: float | None) -> None:
    assert retry_after(headers, message, now=NOW) == seconds


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=40))
def test_nothing_said_makes_it_wait_longer_than_a_day(one: str, two: str, message: str) -> None:
    found = retry_after({"retry-after": one, "retry-after-ms": two}, message, now=NOW)
    assert found is None or 0 <= found <= LONGEST
