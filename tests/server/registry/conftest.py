"""Actors with real roles, a project, and short ways to put prompts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from promptops_server.access.policy import authorise
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.registry.model import Project
from promptops_server.registry.projects import create_project
from promptops_server.registry.put import Put, put_prompt

ADMIN = Actor(subject="0190-admin", name="ada", admin=True)
AUTHOR = Actor(subject="0190-author", name="ben", roles=frozenset({"bank:author"}))
VIEWER = Actor(subject="0190-viewer", name="vera", roles=frozenset({"bank:viewer"}))
STRANGER = Actor(subject="0190-stranger", name="sam")

PROMPT = """\
# Sorts incoming claims.
name: Triage
description: Sorts motor claims
model: openai/gpt-4o
messages:
  - role: system
    content: Sort the claim.   # one word
  - role: user
    content: "{{ claim }}"
tags: [claims, Motor]
"""

Putter = Callable[..., Put]


def prompt_text(text: str, **keys: str) -> str:
    """A small prompt file whose one message says `text`."""
    head = "".join(f"{key}: {value}\n" for key, value in keys.items())
    return f"{head}messages:\n  - role: user\n    content: {text}\n"


@pytest.fixture
def project(any_database: Database) -> Project:
    """The project `bank`, on both databases."""
    return create_project(any_database, ADMIN, authorise, "bank", "The bank")


@pytest.fixture
def put(any_database: Database, project: Project) -> Putter:
    """Put a prompt into `bank` as its author."""

    def do(path: str, text: str, parent: int | None = None, actor: Actor = AUTHOR, **more: str) -> Put:
        return put_prompt(
            any_database, actor, authorise, "bank", path, text, parent=parent, **more
        )

    return do
