"""A model target of the sample workspace that needs no key: a small model of this machine, where it is installed."""

from __future__ import annotations

from sqlalchemy import select

from promptops_server.infra.actor import SYSTEM
from promptops_server.providers.local_model.files import SAMPLES, missing
from promptops_server.providers.model import Limits
from promptops_server.providers.tables import model_target
from promptops_server.providers.targets.add import add_target
from promptops_server.providers.targets.ports import TargetDeps
from promptops_server.providers.targets.values import Wanted

NAME = "smollm2-local"
MODEL = next(iter(SAMPLES))
TESTED = "retail-bank/advice/savings-explainer"
"""A prompt whose cases it can meet in part."""


def offer_local_model(deps: TargetDeps) -> bool:
    """Add the target, unless a part of it is not installed or it was there before; True when it was added.

    One that an administrator changed, switched off or removed stays so.
    """
    if missing() or _known(deps):
        return False
    add_target(
        deps,
        SYSTEM,
        Wanted(
            name=NAME,
            provider="local",
            model=MODEL,
            alias=False,
            region="this machine",
            data_class="sensitive_personal",  # nothing leaves the machine
            limits=Limits(
                concurrency=1
            ),  # it answers one at a time; waiting in line would count as its latency
        ),
    )
    return True


def _known(deps: TargetDeps) -> bool:
    """Whether it is there or was, removed ones included."""
    found = select(model_target.c.id).where(
        model_target.c.provider == "local", model_target.c.model == MODEL
    )
    with deps.db.read() as conn:
        return conn.execute(found.limit(1)).first() is not None
