"""The report: what people wrote stays text, whatever it is; the same data give the same bytes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from promptops_server.compliance import report
from promptops_server.compliance.pack import make_pack, read_facts, release_json
from promptops_server.compliance.printable import all_printable, printable
from promptops_server.compliance.report import render_pages, render_report
from promptops_server.compliance.report_data import report_data
from promptops_server.compliance.subject import subject_of_address
from promptops_server.compliance.values import moment, text_of
from promptops_server.infra.database import Database
from server.compliance.pack_world import PATH, PackWorld, bank, file_of

HOSTILE = [
    '#read("/etc/passwd")',
    '#import "@preview/x:0.1.0": *',
    "#panic()",
    "\\ \\u{0} $x^2$ *bold* _it_ `raw` <label> @ref // comment /* x */",
    '"]) #let data = none ["',
    "“quotes” ' \" `",
    "{{ name }} ${x} %s {0}",
    "نص عربي ועברית \u202eright to left\u202c",
    "中文字符 日本語 한국어 😀 \U00010330",
    "nul-\x01-bell-\x07-esc-\x1b[31m",
    "a\u200b\u200d\ufeffb\u00ad",
    "x" * 700,
    "e\u0301 \u0e01\u0e33 \u0915\u094d\u0937",
    "\ud7ff\ue000\uffff",
]


def data_of(world: PackWorld) -> tuple[dict[str, Any], Any]:
    with world.db.read() as conn:
        subject = subject_of_address(conn, world.project, PATH, "staging", world.packs.sources.live)
        facts = read_facts(conn, subject, world.packs.sources, None)
    release = release_json(subject, world.signer)
    return report_data(facts, {"README.txt": b"x"}, release, world.key_id), facts


def text_in(pdf: bytes) -> str:
    return re.sub(
        r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    )


@pytest.fixture
def plain(database: Database, tmp_path: Path) -> PackWorld:
    return bank(database, tmp_path)


def test_it_says_what_was_released_who_decided_and_what_is_missing(plain: PackWorld) -> None:
    data, _ = data_of(plain)
    pdf = render_report(data, created_at=1_767_225_600)
    said = text_in(pdf)
    for text in (
        "retail-bank/claims/motor/triage", "Ticket RB-2210", "approved by anna for exactly this content",
        "rahel as reviewer, 2026-01-01 04:00:00 UTC", "meaning approval", "P14", "weekly sample stays in place",
        "Claims in Malay and Tamil", "test results: none recorded", "not legal advice", "impact 2 + complexity 2",
        "glass, collision, theft, other",
    ):  # fmt: skip
        assert text in said, text
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf


def test_the_same_data_give_the_same_bytes(plain: PackWorld) -> None:
    data, _ = data_of(plain)
    first = render_report(data, created_at=1_767_225_600)
    assert first == render_report(json.loads(json.dumps(data)), created_at=1_767_225_600)
    assert first != render_report(data, created_at=1_767_225_601)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_every_place_is_only_text(
    plain: PackWorld, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, _ = data_of(plain)

    def everywhere(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {k: everywhere(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [everywhere(v, key) for v in value]
        return text if isinstance(value, str) and key not in ("kind", "state") else value

    fallen: list[str] = []
    monkeypatch.setattr(report.log, "warning", lambda *a, **k: fallen.append(str(k)))
    pdf = render_report(everywhere(data), created_at=0)
    assert pdf.startswith(b"%PDF")
    assert not fallen
    if text.startswith("#read"):
        said = text_in(pdf)
        assert '#read("/etc/passwd")' in said
        assert "root:x:0:0" not in said
        assert render_pages(everywhere(data))


def test_a_megabyte_of_text_is_cut_and_says_so(plain: PackWorld) -> None:
    plain.write(PATH, file_of("A very long instruction. " * 30_000 + "{{ claim }}"))
    plain.publish(PATH, reason="x" * 2_000)
    data, facts = data_of(plain)
    pdf = render_report(data, created_at=0)
    assert len(pdf) < 2_000_000
    assert len(PdfReader(io.BytesIO(pdf)).pages) < 30
    assert "(cut;" in text_in(render_report({**data, "installation": "y" * 100_000}, created_at=0))
    assert len(make_pack(facts, plain.packs.signing)) > 750_000  # the files hold all of it


def test_a_glyph_that_is_missing_after_all_costs_letters_not_the_report(
    plain: PackWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, _ = data_of(plain)
    monkeypatch.setattr("promptops_server.compliance.printable._RANGES", ((0x20, 0x10FFFF),))
    monkeypatch.setattr("promptops_server.compliance.printable._STARTS", [0x20])
    said = text_in(render_report({**data, "installation": "中"}, created_at=0))
    assert "<U+4E2D>" in said


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_printed(text: str) -> None:
    shown = printable(text)
    assert render_plain(shown)
    assert printable(text, plain=True).replace("\n", "").isascii()


def render_plain(shown: str) -> bytes:
    """A page of one text in both of the report's fonts, as strict about glyphs as the report."""
    import typst

    template = (
        b'#set text(font: ("Libertinus Serif", "DejaVu Sans Mono", "New Computer Modern"))\n#sys.inputs.data\n'
        b'#text(font: ("DejaVu Sans Mono", "Libertinus Serif", "New Computer Modern"), sys.inputs.data)\n'
    )
    made: bytes = typst.compile(
        template, ignore_system_fonts=True, format="pdf", sys_inputs={"data": shown},
        pdf_standards=["a-2b"], timestamp=0,
    )  # fmt: skip
    return made


def test_values_are_words() -> None:
    assert (
        text_of({"risk_owner": "a", "done": True, "list": ["x", "y"]})
        == "risk owner: a; done: yes; list: x, y"
    )
    assert text_of([{"a": 1}, {"a": 2}]) == "a: 1 | a: 2"
    assert text_of("z" * 700).endswith(" …")
    deep: Any = "x"
    for _ in range(50):
        deep = [deep]
    assert "…" in text_of(deep)
    assert moment("2026-01-02T03:04:05.678901Z") == "2026-01-02 03:04:05 UTC"
    assert all_printable({"中": ["中", 1, None]}) == {"中": ["⟨U+4E2D⟩", 1, None]}
