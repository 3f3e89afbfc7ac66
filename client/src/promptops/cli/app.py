"""The tree of commands: which word leads to which file in `commands`."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli.command import group
from promptops.cli.commands import (
    account,
    activity,
    audit,
    bulk,
    certification,
    compare,
    crosswalk,
    emergency,
    environment,
    evidence,
    exception,
    export,
    fragment,
    get,
    hold,
    import_prompts,
    inventory,
    lint,
    matrix,
    me,
    mirror,
    models,
    play,
    policy,
    project,
    promote,
    prompt,
    publish,
    record,
    redact,
    retire,
    review,
    rollback,
    runs,
    schedule,
    stop,
    suite,
    test,
    token,
    user,
    view,
    working_copy,
)
from promptops.cli.session import Settings

app = group(
    "Write, version, publish and read prompts.\n\n"
    "Addresses: project/module/prompt, with @7 (version), @production (what is live there) or "
    "@3f9c2ab (commit).\n\n"
    "Environment: PROMPTOPS_URL, PROMPTOPS_TOKEN, PROMPTOPS_LOGIN_FILE, NO_COLOR. "
    "Exit codes: 0 done, 1 refused, 2 bad input, 3 the server cannot be reached."
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"promptops {version('promptops-client')}")
        raise typer.Exit


@app.callback()
def settings(
    ctx: typer.Context,
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="The server, instead of PROMPTOPS_URL.")
    ] = "",
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an unexpected error happened.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    ctx.obj = Settings(url=url, debug=debug)


account.add_to(app)
app.add_typer(project.app, name="project")
app.add_typer(prompt.app, name="prompt")
app.add_typer(working_copy.app, name="working-copy")
app.add_typer(fragment.app, name="fragment")
bulk.add_to(app)
import_prompts.add_to(app)
export.add_to(app)
lint.add_to(app)
record.add_to(app)
suite.add_to(app)
app.add_typer(review.app, name="review")
review.look.add_to(app)
certification.add_to(review.app)
inventory.add_to(app)
matrix.add_to(app)
play.add_to(app)
publish.add_to(app)
promote.add_to(app)
retire.add_to(app)
rollback.add_to(app)
stop.add_to(app)
environment.add_to(app)
compare.add_to(app)
get.add_to(app)
app.add_typer(environment.app, name="env")
app.add_typer(mirror.app, name="mirror")
app.add_typer(models.app, name="models")
app.add_typer(view.app, name="view")
activity.add_to(app)
app.add_typer(schedule.app, name="schedule")
app.add_typer(redact.app, name="redact")
app.add_typer(emergency.app, name="emergency")
app.add_typer(exception.app, name="exception")
app.add_typer(audit.app, name="audit")
app.add_typer(me.app, name="me")
app.add_typer(hold.app, name="hold")
app.add_typer(evidence.app, name="evidence")
crosswalk.add_to(app)
app.add_typer(token.app, name="token")
app.add_typer(user.app, name="user")
app.add_typer(policy.app, name="policy")
test.add_to(app)
app.add_typer(runs.app, name="runs")
