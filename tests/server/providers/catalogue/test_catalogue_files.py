"""The files of the catalogue: the product's own, and what is said about an installation's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import promptops_server.providers.catalogue as package
from promptops_server.providers.catalogue.catalogue import FILES, Catalogue
from promptops_server.providers.catalogue.errors import CatalogueError
from promptops_server.providers.catalogue.read_file import read_content, read_path
from promptops_server.providers.catalogue.rules import rules

HERE = Path(package.__file__).parent
PAPERS = 'source: "our test", date: "2026-11-27"'


def places(text: str) -> tuple[str, ...]:
    with pytest.raises(CatalogueError) as refused:
        read_content(text.encode(), "own.yaml")
    return refused.value.places


@pytest.mark.parametrize("name", FILES)
def test_the_products_own_files_are_valid_and_say_where_they_know_it_from(name: str) -> None:
    file = read_path(HERE / name)
    assert len(file.models) + len(file.contracts) > 15
    for row in file.models:
        assert row.said["source"] and row.said["date"] <= "2026-12-31"
    for contract in file.contracts:
        assert contract.contract is not None
        assert contract.contract.why and contract.contract.source and contract.contract.date


def test_no_name_means_two_models() -> None:
    owners: dict[str, str] = {}
    for row in read_path(HERE / "models.yaml").models:
        for name in {row.id, *row.said.get("names", ()), *row.said.get("snapshots", ())}:
            assert owners.setdefault(name, row.id) == row.id, name


def test_every_rule_explains_itself_and_is_used_by_a_contract() -> None:
    used = {
        row.contract.rule for row in read_path(HERE / "contracts.yaml").contracts if row.contract
    }
    assert used == set(rules())
    for name, rule in rules().items():
        assert rule.help.endswith("."), name
        assert all(setting.help for setting in rule.settings.values()), name


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("models:\n  - id: GPT\n", "own.yaml:2:9", "letters in lower case"),
        ("models:\n  - {id: a, " + PAPERS + ", contxt: 3}\n", "own.yaml:2:", "'contxt' is not known"),
        ("models:\n  - {id: a, " + PAPERS + ", context: many}\n", "own.yaml:2:", "number of tokens"),
        ("models:\n  - {id: a, " + PAPERS + "}\n  - {id: a, " + PAPERS + "}\n", "own.yaml:3:", "twice"),
        ("models:\n  - id: a\n", "own.yaml:2:", "no source"),
        ("models:\n  - {id: a, " + PAPERS + ", retired_at: soon}\n", "own.yaml:2:", "not a day"),
        ("models:\n  - {id: a, " + PAPERS + ", family: gtp}\n", "own.yaml:2:", "known: gpt"),
        ("models:\n  - {id: a, " + PAPERS + ", price: {input: 1, " + PAPERS + "}}\n", "own.yaml:2:", "no output"),
        ("models:\n  - {id: a, " + PAPERS + ", price: {input: -1, output: 2, " + PAPERS + "}}\n", "own.yaml:2:", "dollars"),
        ("contracts:\n  - {id: a, rule: magic, match: {families: [gpt]}, " + PAPERS + "}\n", "own.yaml:2:", "no_prefill"),
        ("contracts:\n  - {id: a, rule: no_prefill, " + PAPERS + "}\n", "own.yaml:2:", "is empty"),
        ("contracts:\n  - {id: a, rule: refuse_parameters, match: {models: [x]}, " + PAPERS + "}\n", "own.yaml:2:", "needs settings.parameters"),
        ("contracts:\n  - {id: a, rule: no_prefill, settings: {x: 1}, match: {models: [x]}, " + PAPERS + "}\n", "own.yaml:2:", "'x' is not known"),
        ("contracts:\n  - {id: a, rule: no_prefill, when: {parameter: p, is: [1], is_not: [2]}, match: {models: [x]}, " + PAPERS + "}\n", "own.yaml:2:", "both is and is_not"),
        ("models: 7\n", "own.yaml:1:9", "not a list"),
        ("- a\n", "own.yaml:1:1", "not a mapping"),
        ("models: [\n", "own.yaml:2:1", "not valid YAML"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_file_line_and_column(text: str, place: str, words: str) -> None:
    found = places(text)
    assert any(one.startswith(place) and words in one for one in found), found


@settings(deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_no_content_breaks_the_reader(content: str | bytes) -> None:
    found: tuple[str, ...] = ()
    try:
        read_content(
            content if isinstance(content, bytes) else content.encode("utf-8", "replace"), "f"
        )
    except CatalogueError as error:
        found = error.places
    assert all(place.startswith("f:") for place in found)


def test_an_installations_file_goes_over_ours(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "models:\n"
        "  - id: gpt-4o-mini\n"
        "    max_output: 1000\n"
        '    source: "contract 4711"\n'
        '    date: "2026-11-01"\n'
        "  - id: qwen-max\n"
        "    price: {provider: dashscope, input: 1.6, output: 6.4, " + PAPERS + "}\n"
        "    " + PAPERS.replace(", ", "\n    ") + "\n"
        "  - id: house-model\n"
        "    names: [our-model*]\n"
        "    family: llama\n"
        "    context: 9000\n"
        "    " + PAPERS.replace(", ", "\n    ") + "\n"
        "contracts:\n"
        "  - {id: gpt-strict-schema, off: true}\n"
        "  - id: house-rule\n"
        "    rule: refuse_parameters\n"
        "    match: {models: [house-model]}\n"
        "    settings: {parameters: [seed]}\n"
        "    " + PAPERS.replace(", ", "\n    ") + "\n"
    )
    catalogue = Catalogue(own)
    catalogue.check()
    own.write_text("broken: [")  # what was checked at the start holds until the next one
    mini = catalogue.entry("gpt-4o-mini")
    assert mini is not None
    assert (mini.max_output, mini.source, mini.alias) == (1000, "contract 4711", True)
    assert [c.id for c in mini.contracts] == []
    house = catalogue.entry("our-model-v2", "vllm")
    assert house is not None
    assert (house.id, house.family, house.context) == ("house-model", "llama", 9000)
    assert house.parameters.refused == ("seed",)
    qwen = catalogue.entry("qwen-max", "dashscope")
    assert qwen is not None and qwen.price is not None
    assert (str(qwen.price.input.base), qwen.price.source) == ("1.6", "our test")
    elsewhere = catalogue.entry("qwen-max", "vllm")
    assert elsewhere is not None and elsewhere.price is None


@pytest.mark.parametrize(
    ("content", "words"), [("models:\n  - id: a\n", ":2:"), (None, "cannot be read")]
)
def test_a_bad_file_stops_the_start_with_a_sentence(
    content: str | None, words: str, tmp_path: Path
) -> None:
    own = tmp_path / "own.yaml"
    if content is not None:
        own.write_text(content)
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "promptops-server"),
            *("up", "--data", str(tmp_path / "data"), "--port", "0"),
        ],
        env={**os.environ, "PROMPTOPS_MODELS_CATALOGUE": str(own)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    assert "models.catalogue" in done.stderr
    assert f"{own}" in done.stderr and words in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_is_loaded_before_the_first_question() -> None:
    program = (
        "import sys\n"
        "def size(): return int(open('/proc/self/statm').read().split()[1]) * 4 // 1024\n"
        "from promptops_server.app import api\n"
        "from promptops_server.providers.catalogue.catalogue import Catalogue\n"
        "before = size(); c = Catalogue(); c.check()\n"
        "assert size() - before <= 1, size() - before\n"
        "assert 'genai_prices' not in sys.modules and 'quicktok' not in sys.modules\n"
        "assert not any(m.startswith('promptops_server.providers.catalogue.rules.no_') for m in sys.modules)\n"
        "assert c.entry('gpt-4o').price is not None\n"
        "assert 'genai_prices' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
