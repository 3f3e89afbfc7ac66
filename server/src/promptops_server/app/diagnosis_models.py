"""What `doctor` says of model targets: whether each one's credential is there. Calls nobody."""

from __future__ import annotations

from promptops_server.app.data_dir import secret_of
from promptops_server.app.errors import CannotStart
from promptops_server.app.model_targets import credentials_of
from promptops_server.infra.database import Database
from promptops_server.infra.settings import Settings
from promptops_server.providers.targets import store
from promptops_server.providers.targets.store import Stored

MAX_TARGETS = 200
"""Named one by one; a check must not print a thousand lines."""


def missing_credentials(db: Database, settings: Settings) -> tuple[int, list[tuple[str, str]]]:
    """How many enabled targets were looked at, and those without their credential, with what is missing."""
    try:
        secret: bytes | None = secret_of(settings, create=False)
    except CannotStart:
        secret = None
    credentials = credentials_of(settings, db, secret)
    with db.read() as conn:
        found: list[Stored] = store.some(conn, limit=MAX_TARGETS)
    targets = [one.target for one in found if one.target.enabled]
    told = [(target.name, credentials.missing(target)) for target in targets]
    return len(targets), [(name, why) for name, why in told if why]
