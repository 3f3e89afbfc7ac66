"""`docs/providers.md` knows every provider of its protocol and every fault, and its example is a provider."""

from __future__ import annotations

import re
from typing import get_args

from docs_page import DOCS, blocks, rows

from promptops_server.infra.settings import names
from promptops_server.providers.calls import ATTEMPTS
from promptops_server.providers.kind import Provider
from promptops_server.providers.kinds.openai_compatible import OpenAICompatible
from promptops_server.providers.kinds.registry import all_providers
from promptops_server.providers.model import RETRIED, Fault

PAGE = "providers.md"


def firsts(columns: int) -> dict[str, list[str]]:
    """The rows of this many columns by each name in their first cell."""
    return {
        name: cells
        for cells in rows(PAGE)
        if len(cells) == columns
        for name in re.findall(r"`(\w+)`", cells[0])
    }


def test_every_fault_is_told_and_whether_it_is_tried_again() -> None:
    told = {name: cells for name, cells in firsts(3).items() if name in get_args(Fault)}
    assert told.keys() == set(get_args(Fault))
    for name, cells in told.items():
        assert (cells[2] != "no") == (name in RETRIED), name
    assert f"up to {ATTEMPTS} attempts" in told["failed"][2]


def test_every_provider_of_the_protocol_is_told() -> None:
    told = firsts(3)
    for name, provider in all_providers().items():
        if isinstance(provider, OpenAICompatible):
            assert name in told, f"{name} is not on the page"


def test_every_setting_it_names_is_one() -> None:
    named = set(re.findall(r"`(models\.(?!md)[a-z_]+)`", (DOCS / PAGE).read_text()))
    assert len(named) >= 5
    assert named <= set(names())


def test_the_example_is_a_provider() -> None:
    (example,) = [block for block in blocks(PAGE) if block.info == "python"]
    made: dict[str, type[Provider]] = {}
    exec(example.text, made)
    house = made["House"]()
    assert house.title == "House gateway"
    assert house.headers_of(None, "k") == {"x-house-key": "k"}  # type: ignore[arg-type]
