"""Pictures of the console for people to look at: `docs/screenshots/`. Run by `make screenshots`.

A server with the sample workspace is started, a day's work is done in it through the API, applications follow it, and Chromium
takes the pictures. The data are made anew each time, so two runs differ only in times and names of processes.
"""

from __future__ import annotations

import base64
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import guide_shots as guide
import httpx2
import numpy as np
from playwright.sync_api import Browser, Page, expect, sync_playwright

from promptops_server.app.demo.model import NAME, TESTED
from promptops_server.app.welcome import DEMO_PASSWORD, DEMO_PROJECT
from support.browser import FLAGS, Console, find
from support.follower import Follower
from support.server import RunningServer

OUT = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
LARGEST = 120_000  # bytes of a picture
HOME = f"/p/{DEMO_PROJECT}"
TRIAGE = f"{HOME}/prompt/claims/triage"
DESK = {"width": 1440, "height": 900}
APPROVER = "nadia.hoffmann"
PHONE = {"width": 390, "height": 844}


_PIXELS = """async (png) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const bytes = context.getImageData(0, 0, image.width, image.height).data;
    let text = '';
    for (let at = 0; at < bytes.length; at += 32768) {
        text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    }
    return [image.width, image.height, btoa(text)];
}"""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: its name, the address, how it is seen, and what is done there first."""

    name: str
    address: str
    dark: bool = False
    phone: bool = False
    user: str = "admin"
    then: Callable[[Page], None] | None = None


SHOTS = [
    Shot("home", HOME),
    Shot("prompt", TRIAGE),
    Shot("diff", f"{HOME}/diff/claims/triage?from=production&to=staging"),
    Shot("review", f"{HOME}/reviews/7", user=APPROVER),
    Shot("publish", f"{HOME}/env/staging?sheet=publish&prompts=advice/savings-explainer@2&to=staging"),
    Shot("environment", f"{HOME}/env/production"),
    Shot("matrix", f"{HOME}/matrix"),
    Shot("audit", f"{HOME}/audit"),
    Shot("compliance", f"{HOME}/compliance"),
    Shot("home-dark", HOME, dark=True),
    Shot("prompt-dark", TRIAGE, dark=True),
    Shot("home-phone", HOME, phone=True),
    Shot("review-phone", f"{HOME}/reviews/7", phone=True, user=APPROVER),
]  # fmt: skip
_SHEET = "?sheet=publish&to=production&prompts="
GUIDE = [
    Shot("guide-write", f"{HOME}/prompt/{guide.LETTER_PATH}", user="maria.lopez", then=guide.use_an_unknown_variable),
    Shot("guide-create", f"{HOME}/prompt/{guide.LETTER_PATH}", user="maria.lopez", then=guide.create_a_version),
    Shot("guide-record", f"{HOME}/prompt/{guide.LETTER_PATH}?tab=record", user="maria.lopez"),
    Shot("guide-suggest", f"{HOME}/reviews/7", user="hana.sato", then=guide.suggest),
    Shot("guide-sign", "/p/city-hospital/reviews/2", user="hana.sato", then=guide.sign),
    Shot("guide-refused", f"{HOME}/env/production{_SHEET}claims/triage@4", user="maria.lopez", then=guide.see_conditions),
    Shot("guide-emergency", f"{HOME}/env/production{_SHEET}claims/triage@4", user="anna.schmidt", then=guide.declare_an_emergency),
    Shot("guide-verification", f"{HOME}/audit?tab=verification", user="sofia.rossi"),
    Shot("guide-evidence", f"{HOME}/evidence/claims/letters/decision", user="sofia.rossi"),
    Shot("guide-who", "/admin/access?tab=ask&action=publish&project=retail-bank&environment=production"),
    Shot("guide-rules", f"{HOME}/settings?tab=environments", then=guide.change_rules),
    Shot("guide-health", "/admin/health"),
    Shot("guide-spread", f"{HOME}/env/staging?sheet=publish&to=staging&prompts={guide.LETTER_PATH}@1", user="anna.schmidt", then=guide.publish),
]  # fmt: skip
"""Pictures of `docs/guide`, taken after the others: more has happened by then. The last one publishes."""


def hire_an_approver(server: RunningServer) -> None:
    """Nobody of the sample workspace has a password: one more person, who chose her own."""
    first = "given at the desk once"
    with httpx2.Client(base_url=f"{server.url}/api/v1", auth=("admin", DEMO_PASSWORD)) as api:
        account = {"name": APPROVER, "display_name": "Nadia Hoffmann", "password": first}
        api.post("/users", json=account).raise_for_status()
        role = {"user": APPROVER, "project": DEMO_PROJECT, "role": "approver"}
        api.post("/grants", json=role).raise_for_status()
    with httpx2.Client(base_url=f"{server.url}/api/v1", auth=(APPROVER, first)) as api:
        change = {"old_password": first, "password": DEMO_PASSWORD}
        api.patch(f"/users/{APPROVER}", json=change).raise_for_status()


def live_a_day(server: RunningServer) -> None:
    """Remarks on an open request, another request, and a test run on the small model where it is installed."""
    hire_an_approver(server)
    tom = server.api(server.token("tom.becker", "author", DEMO_PROJECT))
    hana = server.api(server.token("hana.sato", "reviewer", DEMO_PROJECT))
    project = f"/projects/{DEMO_PROJECT}"

    def post(who: Any, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = who.post(f"{project}{path}", json=body)
        answer.raise_for_status()
        return dict(answer.json())

    remark = {
        "body": "Quoting is what the handlers asked for. Is ten words enough for travel?",
        "line": 25,
    }
    asked = post(hana, "/reviews/7/comments", remark)
    answer = "Yes: the longest of last month's were eight."
    post(tom, "/reviews/7/comments", {"body": answer, "reply_to": asked["id"]})
    message = "Compare the hourly rate of the garage too"
    post(
        tom,
        "/reviews",
        {"path": "claims/motor/estimate-check", "message": message, "asked": ["hana.sato"]},
    )
    try:
        run = post(
            tom,
            "/runs",
            {"path": TESTED.removeprefix(f"{DEMO_PROJECT}/"), "targets": [NAME], "repeat": 1},
        )
    except Exception as refused:
        print(f"no test run: {refused}", file=sys.stderr)
        return
    until = time.monotonic() + 120
    while time.monotonic() < until:
        shown = tom.get(f"{project}/runs/{run['number']}").json()
        if shown["state"] in {"done", "cancelled", "stopped", "failed"}:
            return
        time.sleep(0.5)


@contextmanager
def applications(server: RunningServer, **counts: int) -> Iterator[None]:
    """So many processes with the SDK on each environment."""
    with ExitStack() as running:
        for environment, count in counts.items():
            token = server.token("claims-desk", "delivery", DEMO_PROJECT, environment)
            options = {
                "url": server.url,
                "token": token,
                "project": DEMO_PROJECT,
                "environment": environment,
            }
            for _ in range(count):
                one = Follower(options, ["claims/triage"])
                running.callback(one.close)
                one.wait_for(lambda report: bool(report["connected"]))
        yield


def take(browser: Browser, server: RunningServer, shot: Shot) -> Path:
    """The picture's file, written."""
    people = Console(browser, server)
    page = people.page(
        shot.user,
        DEMO_PASSWORD,
        viewport=PHONE if shot.phone else DESK,
        is_mobile=shot.phone,
        has_touch=shot.phone,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
    )
    page.goto(shot.address)
    settle(page)
    if shot.then is not None:
        shot.then(page)
        settle(page)
    file = OUT / f"{shot.name}.png"
    picture = page.screenshot(scale="css", animations="disabled", caret="hide")
    page.goto("about:blank")
    file.write_bytes(smaller(page, picture))
    for trouble in people.troubles:
        print(f"{shot.name}: {trouble}", file=sys.stderr)
    people.close()
    return file


def smaller(page: Page, picture: bytes) -> bytes:
    """The same picture as a PNG with a palette: its 256 commonest colours, others as the nearest of them."""
    width, height, encoded = page.evaluate(_PIXELS, base64.b64encode(picture).decode())
    pixels = np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(-1, 4)[:, :3]
    packed = pixels.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    colours, where, counts = np.unique(packed, return_inverse=True, return_counts=True)
    rgb = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], 1).astype(np.int32)
    palette = rgb[np.argsort(counts)[::-1][:256]]
    nearest = np.concatenate(
        [
            ((some[:, None] - palette[None]) ** 2).sum(2).argmin(1)
            for some in np.array_split(rgb, len(rgb) // 2000 + 1)
        ]
    )
    rows = nearest[where].astype(np.uint8).reshape(height, width)
    unfiltered = np.pad(rows, ((0, 0), (1, 0))).tobytes()  # a zero before each row: no filter
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", palette.astype(np.uint8).tobytes()),
            _chunk(b"IDAT", zlib.compress(unfiltered, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def settle(page: Page) -> None:
    """Wait until everything is on the page, charts and editors included."""
    expect(page.locator("h1, [role=dialog]").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.mouse.move(0, 0)
    page.wait_for_timeout(1200)


def main(wanted: list[str]) -> int:
    """All pictures, or those named."""
    executable = find()
    if executable is None:
        print("no Chromium was found: run `make browser`", file=sys.stderr)
        return 1
    OUT.mkdir(parents=True, exist_ok=True)
    large = []
    prepared = False
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = RunningServer(folder / "data", args=("--demo",)).start(90)
        stack.callback(server.stop)
        live_a_day(server)
        stack.enter_context(applications(server, staging=2, production=3))
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=executable, args=FLAGS)
        stack.callback(browser.close)
        chosen = [shot for shot in [*SHOTS, *GUIDE] if not wanted or shot.name in wanted]
        for shot in chosen:
            if shot in GUIDE and not prepared:
                guide.prepare(server)
                prepared = True
            file = take(browser, server, shot)
            size = file.stat().st_size
            print(f"{size:>8} {file.name}")
            if size > LARGEST:
                large.append(file.name)
    if large:
        print(f"larger than {LARGEST} bytes: {', '.join(large)}", file=sys.stderr)
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
