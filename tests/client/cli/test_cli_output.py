"""What a person, a pipe and a program get to see."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable

import pytest

from promptops.cli import output
from promptops.cli.output import Output


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], _Terminal]:
    """Makes stdout a terminal; called in the test, after pytest has put its own capture there."""

    def make() -> _Terminal:
        stream = _Terminal()
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("COLUMNS", "80")
        return stream

    return make


def test_a_pipe_gets_one_tab_separated_line_per_row(capsys: pytest.CaptureFixture[str]) -> None:
    Output(False).table(("A", "B"), [("x", None), ("two\nlines", ["p", "q"]), (1, True)], "none")
    assert capsys.readouterr().out == "x\t\ntwo lines\tp, q\n1\tyes\n"


def test_a_terminal_gets_a_table_with_its_columns(at_terminal: Callable[[], _Terminal]) -> None:
    terminal = at_terminal()
    Output(False).table(("NAME", "TITLE"), [("a", "[bold]b[/bold]")], "none")
    shown = terminal.getvalue()
    assert "NAME" in shown
    assert "[bold]b[/bold]" in shown


def test_an_empty_list_says_so_beside_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    Output(False).table(("A",), [], "There is none.")
    assert capsys.readouterr() == ("", "There is none.\n")


def test_json_and_text_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (True, False):
        out = Output(as_json)
        out.json({"ä": 1})
        out.line("text")
        out.fields([("a", 1)])
        out.table(("A",), [("x",)], "none")
        out.diff("+a")
        out.exact(b"raw")
    shown = capsys.readouterr().out
    assert json.loads(shown.partition("text")[0]) == {"ä": 1}
    assert shown.endswith("text\na: 1\nx\n+a\nraw")


def test_colour_only_on_a_terminal_and_never_with_no_color(
    at_terminal: Callable[[], _Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = at_terminal()
    Output(False).diff("+new\n-old")
    assert terminal.getvalue() == "\x1b[32m+new\x1b[0m\n\x1b[31m-old\x1b[0m\n"
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert output.paint("x", "red", sys.stdout) == "x"
    assert output.paint("x", "red", io.StringIO()) == "x"


def test_text_from_the_server_cannot_steer_the_terminal(
    at_terminal: Callable[[], _Terminal],
) -> None:
    terminal = at_terminal()
    out = Output(False)
    out.line("a\x1b[31mb\rc\u202ed")
    out.exact(b"e\x1b]0;title\x07f\ttab\r\n")
    out.table(("A",), [("\x1b[2J",)], "none")
    shown = terminal.getvalue()
    assert "\x1b" not in shown.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert "a\\x1b[31mb\\x0dc\\x202ed\n" in shown
    assert "f\ttab\n" in shown


def test_a_pipe_gets_a_file_byte_for_byte(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Output(False).exact(b"a\x1b\r\n\xff no end")
    assert capfdbinary.readouterr().out == b"a\x1b\r\n\xff no end"


def test_a_character_the_stream_lacks_is_escaped() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    output.write(stream, "ä → b\n")
    assert raw.getvalue() == b"\\xe4 \\u2192 b\n"


def test_times_are_cut_to_seconds() -> None:
    assert output.when("2026-01-02T03:04:05.678901Z") == "2026-01-02 03:04:05Z"
    assert output.when(None) == ""
