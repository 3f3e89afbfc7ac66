"""Environments that ask for no approval, for tests whose subject is something else."""

from __future__ import annotations

import httpx2


def without_approval(api: httpx2.Client, project: str, environment: str = "production") -> None:
    """Take the need for approval from an environment, as its administrator may; `api` is the administrator's."""
    answer = api.patch(
        f"/projects/{project}/environments/{environment}", json={"approval_required": False}
    )
    assert answer.status_code == 200, answer.text
