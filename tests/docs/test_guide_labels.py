"""`docs/guide` and `docs/demo.md` name what is on the screen: bold words are labels of the console, links and pictures exist.

A label is looked for in the texts of `console/src/strings/en`; where a text has a value in it (`Publish to ${environment}`), any
words may stand there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from docs_page import DOCS

STRINGS = DOCS.parent / "console" / "src" / "strings" / "en"
PAGES = [*sorted((DOCS / "guide").glob("*.md")), DOCS / "demo.md"]
HERE = [str(page.relative_to(DOCS)) for page in PAGES]
FEWEST = 4
"""Letters that a text with values must have of its own, so that it does not fit everything."""

_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


def texts_of(source: str) -> Iterator[str]:
    """The quoted texts of TypeScript source, values in them as a NUL; comments are passed over."""
    at = 0
    while at < len(source):
        if source.startswith("//", at):
            at = source.find("\n", at) % (len(source) + 1)
        elif source.startswith("/*", at):
            at = source.index("*/", at) + 2
        elif source[at] in "'\"`":
            text, inner, at = _quoted(source, at)
            yield text
            yield from inner
        else:
            at += 1


def _quoted(source: str, at: int) -> tuple[str, list[str], int]:
    """The text that begins at a quote, the texts inside its values, and where it ends."""
    quote, text, inner = source[at], "", list[str]()
    at += 1
    while source[at] != quote:
        if source[at] == "\\":
            text += source[at + 1]
            at += 2
        elif quote == "`" and source.startswith("${", at):
            end = _value_end(source, at + 2)
            inner += texts_of(source[at + 2 : end])
            text += "\0"
            at = end + 1
        else:
            text += source[at]
            at += 1
    return text, inner, at + 1


def _value_end(source: str, at: int) -> int:
    depth = 0
    while depth or source[at] != "}":
        if source[at] in "'\"`":
            at = _quoted(source, at)[2]
            continue
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        at += 1
    return at


class Labels:
    """What the console says."""

    def __init__(self, sources: list[str]) -> None:
        texts = {text for source in sources for text in texts_of(source)}
        self.plain = {text for text in texts if "\0" not in text}
        filled = [text for text in texts if "\0" in text and len(_letters(text)) >= FEWEST]
        shapes = (".+".join(re.escape(part) for part in text.split("\0")) for text in filled)
        self.filled = re.compile("|".join(sorted(shapes)) or r"(?!)")

    def has(self, label: str) -> bool:
        """Whether a label is one of the console, as it stands or with values in it."""
        return label in self.plain or self.filled.fullmatch(label) is not None


def _letters(text: str) -> str:
    return re.sub(r"[^A-Za-z]", "", text)


def bold_of(text: str) -> list[str]:
    """Bold words of a page, outside its code."""
    return [" ".join(found.split()) for found in _BOLD.findall(_FENCE.sub("", text))]


def anchors_of(page: Path) -> set[str]:
    """The places of a page that a link may name."""
    heads = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.fixture(scope="module")
def labels() -> Labels:
    return Labels([file.read_text() for file in STRINGS.glob("*.ts")])


def test_texts_are_read_with_their_values() -> None:
    source = "a: (n: number) => `Publish ${n === 1 ? 'one' : `all ${n}`} to ${where}`, // it's\n b: 'Don\\'t'"
    read = Labels([source])
    assert read.plain == {"one", "Don't"}
    assert read.has("Publish one to production")
    assert read.has("all 3") is False  # three letters would fit too much
    assert not read.has("Publish to production")


@pytest.mark.parametrize("page", PAGES, ids=HERE)
def test_bold_words_are_labels_of_the_console(page: Path, labels: Labels) -> None:
    found = bold_of(page.read_text())
    assert found or page.name in ("index.md", "integrate.md")
    assert [label for label in found if not labels.has(label)] == []


@pytest.mark.parametrize("page", PAGES, ids=HERE)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text())
    lost = []
    for link in _LINK.findall(text):
        if re.match(r"https?:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.is_file() or (anchor and anchor not in anchors_of(target)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent != DOCS], ids=lambda page: page.name
)
def test_a_page_of_a_role_has_one_to_three_pictures_with_words(page: Path) -> None:
    pictures = _IMAGE.findall(page.read_text())
    assert all(words for words, _ in pictures)
    assert len(pictures) <= 3
    assert pictures or page.name in ("index.md", "integrate.md")


def test_every_page_of_the_guide_is_in_its_index() -> None:
    named = set(_LINK.findall((DOCS / "guide" / "index.md").read_text()))
    assert {page.name for page in PAGES if page.parent != DOCS} - {"index.md"} <= named


def test_authors_read_no_words_of_the_machinery() -> None:
    text = (DOCS / "guide" / "author.md").read_text()
    assert re.findall(r"\b(?:commit|ref|digest|follower)s?\b", text, re.IGNORECASE) == []
