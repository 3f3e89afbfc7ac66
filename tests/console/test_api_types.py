"""The console's types of the API are those of the server beside it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from promptops_server.app.print_openapi import description

CONSOLE = Path(__file__).parents[2] / "console"


def test_the_types_are_what_the_servers_description_says(tmp_path: Path) -> None:
    if not (CONSOLE / "node_modules").is_dir():
        pytest.skip("the console's packages are not installed: run `make install`")
    spec = importlib.util.spec_from_file_location("console_build", CONSOLE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    file, made = tmp_path / "openapi.json", tmp_path / "schema.ts"
    file.write_text(json.dumps(description(), sort_keys=True))
    build.api(file, made)
    assert made.read_text() == (CONSOLE / "src" / "api" / "schema.ts").read_text(), "run `make api`"
