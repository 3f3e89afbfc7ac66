"""`promptops lint --project`: fragments compared with the prompts and versions of a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from promptops.cli import run
from support.cli import Done
from support.server import RunningServer

FRAGMENT = "messages:\n  - role: system\n    content: Decides nothing.\n"
USES = """\
messages:
  - role: user
    content: |
      {{> shared/disclaimer@1 }} {{> shared/disclaimer@2 }}
      {{> shared/other@1 }}
"""


def test_versions_are_compared_with_the_projects(
    lint: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = RunningServer(tmp_path / "data").start()
    try:
        monkeypatch.setenv("PROMPTOPS_URL", server.url)
        monkeypatch.setenv("PROMPTOPS_TOKEN", server.token("maya", "admin"))
        Path("fragment.prompt.yml").write_text(FRAGMENT)
        Path("a.prompt.yml").write_text(USES)
        assert run(["project", "create", "bank"]) == 0
        assert run(["prompt", "put", "fragment.prompt.yml", "bank/shared/disclaimer"]) == 0
        done = lint("a.prompt.yml", "--project", "bank", "--json")
        assert done.code == 1
        assert [(f["line"], f["column"], f["message"]) for f in done.json["findings"]] == [
            (4, 34, "shared/disclaimer has no version 2 in the project bank: its latest is 1"),
            (5, 7, "there is no prompt shared/other in the project bank"),
        ]
        assert run(["prompt", "archive", "bank/shared/disclaimer", "--yes"]) == 0
        after = lint("a.prompt.yml", "--project", "bank", "--json").json["findings"]
        assert len(after) == 2, "versions of an archived prompt can still be included"
    finally:
        server.stop()
