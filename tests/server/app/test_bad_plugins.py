"""A package of PROMPTOPS_PLUGINS that cannot be used stops the start with one line and exit code 2."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from support.server import BIN

EVALUATOR = '''
from promptops_server.evaluation.evaluator import Evaluator, EvaluatorSettings

class Tone(Evaluator[EvaluatorSettings]):
    """An evaluator of a kind there is already."""

    kind = "regex"
    settings = EvaluatorSettings
'''


def install(folder: Path, code: str, group: str, value: str) -> None:
    (folder / "house_parts.py").write_text(code)
    info = folder / "house_parts-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house-parts\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\nhouse = {value}\n")


@pytest.mark.parametrize(
    ("code", "group", "value", "said"),
    [
        ("", "", "", "not installed"),
        ("raise OSError('no licence')", "promptops.providers", "house_parts:House", "no licence"),
        ("House = 3", "promptops.providers", "house_parts:House", "no class on"),
        (EVALUATOR, "promptops.evaluators", "house_parts:Tone", "'regex' already"),
        ("Tone = 3", "promptops.evaluators", "house_parts:Tone", "no class on"),
        ("raise OSError('no\\nlicence')", "promptops.scorers", "house_parts:share", "no licence"),
        ("share = 3", "promptops.scorers", "house_parts:share", "cannot be called"),
    ],
)
def test_a_bad_package_stops_the_start_in_one_line(
    tmp_path: Path, code: str, group: str, value: str, said: str
) -> None:
    if code:
        install(tmp_path, code, group, value)
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH", ""))))
    done = subprocess.run(
        [str(BIN / "promptops-server"), "up", "--data", str(tmp_path / "data"), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": path, "PROMPTOPS_PLUGINS": "house-parts"},
    )
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    (line,) = [x for x in done.stderr.splitlines() if x.startswith("promptops-server: ")]
    assert "PROMPTOPS_PLUGINS" in line
    assert "house-parts" in line
    assert said in line
