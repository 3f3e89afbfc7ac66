"""Passwords hashed cheaply: these tests set and check many, and what they test is not the cost."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from promptops_server.access import users


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    monkeypatch.setattr(users, "_hasher", cheap)
    monkeypatch.setattr(users, "_NOBODY", cheap.hash("nobody has this password"))
