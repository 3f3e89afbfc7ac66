"""`promptops-server token create`: a misspelt data directory does not pass for the server's."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from promptops_server.app.cli import app


def test_a_token_of_a_new_installation_says_so(tmp_path: Path) -> None:
    command = ["token", "create", "--user", "a", "--role", "admin", "--data", str(tmp_path / "new")]
    first, second = (CliRunner().invoke(app, command) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert "There was no installation in" in first.stderr
    assert "There was no installation in" not in second.stderr
