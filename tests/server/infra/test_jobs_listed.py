"""Pages of jobs: each job once, whatever order the library gives jobs of one millisecond in."""

from __future__ import annotations

import random
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.infra import jobs_listed

BEGIN = 1_790_000_000_000


def library(moments: list[int], chance: random.Random) -> Any:
    """`list_workflows` over jobs of these milliseconds: the newest first, and those of one millisecond in any order."""

    def list_workflows(*, end_time: str | None, limit: int, **_: object) -> list[Any]:
        jobs = [
            SimpleNamespace(
                workflow_id=f"job-{number}", name="look", status="SUCCESS", input=None, error=None,
                created_at=BEGIN + moment, dequeued_at=None, completed_at=None,
            )
            for number, moment in enumerate(moments)
        ]  # fmt: skip
        if end_time is not None:
            until = round(datetime.fromisoformat(end_time).timestamp() * 1000)
            jobs = [job for job in jobs if job.created_at <= until]
        chance.shuffle(jobs)
        return sorted(jobs, key=lambda job: -job.created_at)[:limit]

    return list_workflows


@given(
    st.lists(st.integers(0, 4), max_size=30),
    st.integers(1, 7),
    st.integers(0, 3),
    st.randoms(use_true_random=False),
)
def test_pages_hold_every_job_once_and_the_newest_first(
    moments: list[int], limit: int, more: int, chance: random.Random
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs_listed.DBOS, "list_workflows", library(moments, chance))
        patch.setattr(jobs_listed, "_MORE", more)
        seen, cursor = [], None
        for _ in range(len(moments) + 1):
            page = jobs_listed.page(state=None, kind=None, limit=limit, cursor=cursor)
            seen += page.items
            assert len(page.items) == limit or page.next is None
            if (cursor := page.next) is None:
                break
    assert sorted(job.id for job in seen) == sorted(f"job-{n}" for n in range(len(moments)))
    assert [job.created_at for job in seen] == sorted((j.created_at for j in seen), reverse=True)
