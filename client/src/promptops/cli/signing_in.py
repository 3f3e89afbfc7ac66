"""From a person to a token: with name, password and code here, or through a browser elsewhere.

Owns the conversation with the server; which options lead here is known by `commands/account.py`.
"""

from __future__ import annotations

import time
from typing import Any

import typer

from promptops.cli import config
from promptops.cli.failures import BadInput, Refused, ServerProblem
from promptops.cli.output import note
from promptops.cli.session import Answer, Session, api


def sign_in_here(
    url: str, user: str, password: str, code: str | None, token_name: str, *, asking: bool
) -> config.Login:
    """A token for a name and a password. `asking`: there is a terminal to ask for a code.

    Raises ServerProblem, BadInput, Unreachable.
    """
    answer = _start(url, user, password, code, asking=asking)
    with Session(_nobody(url), browser=_headers(answer)) as server:
        try:
            if "enrol_totp" in answer.value["must"]:
                _enrol(server, password, asking=asking)
            if "change_password" in answer.value["must"]:
                note("Somebody else chose your password: change it with `promptops me password`.")
            made = server.post(api("tokens"), {"name": token_name})
        finally:
            server.request("DELETE", api("session"))
    return config.Login(token=made["token"], user=made["user"], token_id=made["id"])


def sign_in_elsewhere(url: str, token_name: str) -> config.Login:
    """A token for whoever approves it in a browser. Raises Refused when nobody does in time."""
    with Session(_nobody(url), browser={}) as server:
        try:
            asked = server.post(api("session", "terminal"), {})
        except ServerProblem as problem:
            if problem.status not in (404, 405):
                raise
            raise BadInput(
                f"{url} has no identity provider", remedy="sign in with --user instead"
            ) from None
        note(f"Open {asked['url']} in any browser, sign in, and type this code there:")
        note(f"\n    {asked['code']}\n")
        deadline = time.monotonic() + asked["expires_in_seconds"]
        while time.monotonic() < deadline:
            body = {"secret": asked["secret"], "name": token_name}
            made = server.post(api("session", "terminal", "token"), body)
            if made["token"]:
                return config.Login(token=made["token"], user=made["user"], token_id=made["id"])
            time.sleep(asked["interval_seconds"])
    raise Refused("nobody typed the code in time", remedy="run `promptops login --sso` again")


def _start(url: str, user: str, password: str, code: str | None, *, asking: bool) -> Answer:
    body = {"name": user, "password": password, **({"code": code} if code else {})}
    with Session(_nobody(url), browser={}) as server:
        try:
            return server.request("POST", api("session"), json=body)
        except ServerProblem as problem:
            if problem.slug_received != "code-needed" or code or not asking:
                raise
        body["code"] = typer.prompt("Code of your authenticator app", err=True).strip()
        return server.request("POST", api("session"), json=body)


def _headers(answer: Answer) -> dict[str, str]:
    """The session's cookie and token. Sent by hand: behind a proxy the cookie is for https only."""
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return {"Cookie": cookie, "X-CSRF-Token": answer.value["csrf"]}


def _enrol(server: Session, password: str, *, asking: bool) -> None:
    """This installation asks everybody for a second factor, and this person has none yet."""
    if not asking:
        raise BadInput(
            "this server asks for an authenticator app, and you have none yet",
            remedy="run `promptops login` at a terminal once: it enrols one",
        )
    note("This server asks everybody for an authenticator app. Scan this with yours:")
    made = server.post(api("me", "totp"), {"password": password})
    show_enrolment(made)
    code = typer.prompt("Code it shows", err=True).strip()
    codes = server.post(api("me", "totp", "confirm"), {"code": code})["codes"]
    note("Recovery codes, each good once; keep them safe:")
    for line in codes:
        note(f"  {line}")


def show_enrolment(made: dict[str, Any]) -> None:
    """The QR code and the secret, beside the result: neither belongs into a file."""
    note(made["qr"])
    note(f"Or type this secret: {made['secret']}")


def _nobody(url: str) -> config.Target:
    return config.Target(url, "", "sign-in")
