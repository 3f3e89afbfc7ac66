"""`promptops login --sso` against a server and an identity provider that run, approved in a browser elsewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx2

from support.identity_provider import CLIENT, SECRET, identity_provider
from support.server import BIN, RunningServer


def test_a_terminal_without_browser_signs_in(
    start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    with identity_provider() as provider:
        provider.claims["groups"] = ["audit"]
        secret = tmp_path / "client-secret"
        secret.write_text(SECRET + "\n")
        server = start_server(
            env={
                "PROMPTOPS_OIDC_ISSUER": provider.issuer,
                "PROMPTOPS_OIDC_CLIENT_ID": CLIENT,
                "PROMPTOPS_OIDC_CLIENT_SECRET_FILE": str(secret),
                "PROMPTOPS_OIDC_GROUPS": json.dumps({"audit": ["*:auditor"]}),
            }
        )
        env = {
            **os.environ,
            "PROMPTOPS_URL": server.url,
            "PROMPTOPS_LOGIN_FILE": str(tmp_path / "login"),
        }
        env.pop("PROMPTOPS_TOKEN", None)
        terminal = subprocess.Popen(
            [str(BIN / "promptops"), "login", "--sso"], env=env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert terminal.stderr is not None
        shown = ""
        while not re.search(r"\b[A-Z]{4}-[A-Z]{4}\b", shown):
            line = terminal.stderr.readline()
            assert line, shown
            shown += line
        code = re.search(r"\b[A-Z]{4}-[A-Z]{4}\b", shown)
        url = re.search(r"http://\S+?(?=[,\s])", shown)
        assert code is not None
        assert url is not None
        with httpx2.Client(base_url=server.url, timeout=60) as browser:
            there = browser.get(browser.get(url[0]).headers["location"]).headers["location"]
            back = browser.get(f"/auth/oidc/callback?{provider.authorise(there)}")
            page = browser.get(back.headers["location"])
            csrf = re.search(r'name="csrf" value="(\w+)"', page.text)
            assert csrf is not None
            form = {"code": code[0], "csrf": csrf[1]}
            assert browser.post("/auth/oidc/terminal", data=form).status_code == 200
        out, err = terminal.communicate(timeout=60)
        assert terminal.returncode == 0, err
        assert "as ana" in out
        who = subprocess.run(
            [str(BIN / "promptops"), "whoami", "--json"], env=env, capture_output=True, text=True
        )
        assert json.loads(who.stdout)["roles"] == ["*:auditor"]
        log = server.log.read_text()
        assert SECRET not in log
        assert csrf[1] not in log
