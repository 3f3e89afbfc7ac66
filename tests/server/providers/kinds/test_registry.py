"""Packages bring providers when they are named, and a bad one is named with what is wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from promptops_server.providers.kinds.registry import BadProvider, all_providers, plugins_named
from server.providers.calling import a_target, an_ask, calling
from support.openai_server import OpenAIServer

GOOD = '''
from promptops_server.providers.kinds.openai_compatible import OpenAICompatible

class House(OpenAICompatible):
    """The house's own gateway."""

    name = "house"
    title = "House gateway"

    def headers_of(self, target, secret):
        return {"x-house-key": secret or ""}
'''


def package(
    folder: Path, code: str, *, value: str = "house_models:House", name: str = "house"
) -> str:
    """A package installed in `folder`, with one entry point; returns its name."""
    (folder / "house_models.py").write_text(code)
    info = folder / "house_models-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house-models\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[promptops.providers]\n{name} = {value}\n")
    return "house-models"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder packages can be installed in."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "house_models", raising=False)
    all_providers.cache_clear()
    return tmp_path


def test_reads_the_names_of_packages() -> None:
    assert plugins_named({"PROMPTOPS_PLUGINS": " a, b ,,a"}) == ("a", "b")
    assert plugins_named({}) == ()


def test_a_named_package_brings_a_provider_that_works(folder: Path) -> None:
    name = package(folder, GOOD)
    assert "house" not in all_providers()
    providers = all_providers((name,))
    assert providers["house"].title == "House gateway"
    assert providers["openai"].name == "openai"
    with OpenAIServer(answer=lambda body: "hello") as server:
        target = a_target(server.url, provider="house")

        async def ask(calls):  # type: ignore[no-untyped-def]
            calls._providers = providers
            return await calls.call(target, an_ask(), deadline=5)

        assert calling(ask, secret_of=lambda target: "k").text == "hello"
        assert server.requests[0].headers["x-house-key"] == "k"


@pytest.mark.parametrize(
    ("code", "value", "said"),
    [
        (GOOD, "house_models:Missing", "cannot be loaded"),
        ("raise RuntimeError('no licence')", "house_models:House", "no licence"),
        ("House = 3", "house_models:House", "no class on"),
        (GOOD.replace('name = "house"', 'name = "openai"'), "house_models:House", "there is already"),
        (GOOD.replace('name = "house"', 'name = "House!"'), "house_models:House", "is no name"),
        (GOOD.replace('title = ', 'protocol = "smoke"\n    title = '), "house_models:House", "no protocol 'smoke'"),
        (GOOD.replace('"""The house\'s own gateway."""', '__doc__ = ""'), "house_models:House", "docstring"),
        (
            "from promptops_server.providers.kind import Provider\n"
            'class House(Provider):\n    """H."""\n    name = title = "house"\n    protocol = "openai"\n',
            "house_models:House", "url_of",
        ),
    ],
)  # fmt: skip
def test_a_bad_provider_is_refused_with_its_package_named(
    folder: Path, code: str, value: str, said: str
) -> None:
    name = package(folder, code, value=value)
    with pytest.raises(BadProvider) as caught:
        all_providers((name,))
    assert said in str(caught.value)
    assert "house-models" in str(caught.value)


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(BadProvider, match="no-such-package"):
        all_providers(("no-such-package",))
