"""What a start prints: address, sign-in, and lines to copy that work."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from promptops_server.app.data_dir import REDIS_PASSWORD_FILE
from promptops_server.app.installation import FirstSignIn
from promptops_server.app.operator_token import create_operator_token
from promptops_server.infra.problems import ProblemError
from promptops_server.infra.settings import Settings

if TYPE_CHECKING:
    from promptops_server.app.wiring import Services

DEMO_PASSWORD = "a-tower-of-prompts"  # noqa: S105 - printed; only ever given to a demo's administrator
DEMO_PROJECT = "retail-bank"
DEMO_ENVIRONMENT = "production"
DEMO_PROMPT = "claims/triage"
DEMO_READER = "demo-application"
DEMO_FILE = "demo.env"


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """How an application reads the sample workspace."""

    token: str
    file: Path


@dataclass(frozen=True, slots=True)
class Welcome:
    """What is told once requests are answered."""

    address: str
    settings: Settings
    sign_in: FirstSignIn | None
    demo: DemoAccess | None
    crashed_pid: int | None = None
    redis_port: int | None = None
    """Where the embedded Redis listens besides its socket."""


def demo_access(services: Services, data_dir: Path, address: str) -> DemoAccess:
    """Load the sample workspace and see that `demo.env` holds a delivery token that works."""
    from promptops_server.app.demo.load import Workspace, load
    from promptops_server.app.demo.model import offer_local_model

    load(
        Workspace(
            services.database, services.releases, services.workflow, services.on_project_created
        )
    )
    offer_local_model(services.targets)
    file = data_dir / DEMO_FILE
    token = _token_in(file)
    if token is not None:
        try:
            services.authenticator.by_token(token)
        except ProblemError:
            token = None
    if token is None:
        token = create_operator_token(
            services.database,
            user=DEMO_READER,
            role="delivery",
            project=DEMO_PROJECT,
            environment=DEMO_ENVIRONMENT,
            name="sample workspace",
        ).secret
    _write_private(
        file,
        "# Read the sample workspace as an application: set -a; . ./demo.env; set +a\n"
        f"PROMPTOPS_URL={address}\nPROMPTOPS_TOKEN={token}\n"
        f"PROMPTOPS_PROJECT={DEMO_PROJECT}\nPROMPTOPS_ENVIRONMENT={DEMO_ENVIRONMENT}\n",
    )
    return DemoAccess(token, file)


def print_welcome(welcome: Welcome) -> None:
    """Print it on standard output."""
    sys.stdout.write("\n".join(lines_of(welcome)) + "\n")
    sys.stdout.flush()


def lines_of(welcome: Welcome) -> list[str]:
    """The lines, without colour, so that they can be copied."""
    address, sign_in, demo = welcome.address, welcome.sign_in, welcome.demo
    lines = ["", f"PromptOps is ready at {address}", ""]
    if welcome.crashed_pid is not None:
        lines += [
            f"  Note      an earlier run (process {welcome.crashed_pid}) ended by surprise; its data is here",
            "",
        ]
    lines.append(f"  Data      {welcome.settings.data_dir}")
    if welcome.redis_port is not None:
        given = welcome.settings.redis.password is not None
        kept = "redis.password is set" if given else welcome.settings.data_dir / REDIS_PASSWORD_FILE
        lines.append(f"  Redis     redis://127.0.0.1:{welcome.redis_port}/0   (password: {kept})")
    if sign_in is not None:
        shown = "" if demo is not None else "   (shown this once)"
        lines.append(f"  Sign in   {sign_in.name} / {sign_in.password}{shown}")
        lines.append(
            f"            {Path(_python()).parent / 'promptops'} login --url {address} --user {sign_in.name}"
        )
    if demo is not None:
        path = f"{DEMO_PROJECT}/{DEMO_ENVIRONMENT}/prompts/{DEMO_PROMPT}"
        lines += [
            f"  Token     in {demo.file}: reads {DEMO_ENVIRONMENT} of {DEMO_PROJECT}",
            "",
            "  Read a prompt as an application does:",
            f"  curl -H 'Authorization: Bearer {demo.token}' {address}/delivery/v1/{path}",
            "",
            "  The same in Python, from memory, following every release:",
            f'  {_python()} -c \'from promptops import PromptOps; ops = PromptOps(url="{address}", '
            f'token="{demo.token}", project="{DEMO_PROJECT}", environment="{DEMO_ENVIRONMENT}"); '
            f'print(ops.get("{DEMO_PROMPT}").render({{"claim": "Water comes through the ceiling."}}, '
            f'model="claude"))\'',
        ]
        lines += ["", *_model_lines()]
    elif sign_in is not None:
        lines += [
            "",
            f"  curl -u {sign_in.name}:{sign_in.password} {address}/api/v1/me",
        ]
    lines += ["", "  Ctrl-C stops it.", ""]
    return lines


def _model_lines() -> list[str]:
    """How to test a prompt without any key."""
    from promptops_server.app.demo.model import NAME, TESTED
    from promptops_server.providers.local_model.files import missing

    beside = Path(_python()).parent
    needed = [f"  {beside / command}" for command in missing()]
    if needed:
        return [
            "  To test prompts with a small model of this machine, without any key, install it and start again:",
            *needed,
        ]
    return [
        "  Test a prompt with a small model of this machine, without any key (sign in first, as above):",
        f"  {beside / 'promptops'} test {TESTED} --models {NAME}",
    ]


def _python() -> str:
    """The interpreter that has our packages, as short as it can be said from here."""
    executable = Path(sys.executable)
    try:
        return str(executable.relative_to(Path.cwd()))
    except ValueError:
        return str(executable)


def _token_in(file: Path) -> str | None:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    found = [line.partition("=")[2] for line in lines if line.startswith("PROMPTOPS_TOKEN=")]
    return found[0] if found and found[0] else None


def _write_private(file: Path, text: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text)
