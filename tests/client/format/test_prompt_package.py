"""The package as a whole: public names, and what importing it costs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import promptops.format as package


@pytest.mark.parametrize("name", package.__all__)
def test_every_public_name_is_there(name: str) -> None:
    value = getattr(package, name)
    assert value is getattr(
        importlib.import_module(f"promptops.format.{package._HOME_OF[name]}"), name
    )


def test_public_names_are_listed_once_and_hide_no_module() -> None:
    assert sorted(package.__all__) == sorted(package._HOME_OF)
    for name in package.__all__:
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(f"promptops.format.{name}")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = package.nonsense


def test_importing_loads_nothing_heavy_and_rendering_no_yaml() -> None:
    program = (
        "import sys\n"
        "import promptops.format\n"
        "heavy = {'yaml', 'ruamel.yaml', 'jsonschema', 'jinja2', 'rfc8785'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "from promptops.format import render\n"
        "made = {'messages': [{'role': 'user', 'content': 'a {{ b }}'}], 'inputs': {'b': {'type': 'string'}}}\n"
        "assert render(made, {'b': 'c'})[0]['content'] == 'a c'\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "from promptops.format import parse\n"
        "parse('messages: [{role: user, content: a}]')\n"
        "assert not {'ruamel.yaml', 'jsonschema', 'jinja2'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
