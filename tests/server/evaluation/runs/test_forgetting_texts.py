"""Requests and replies of old runs are forgotten: what they came to stays, and such answers are not used again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from run_ground import PROJECT, Ground, knowing, prompt_text
from sqlalchemy import update

from promptops_server.evaluation.runs.forget import DAY_US, forget_old_texts
from promptops_server.evaluation.tables import test_run as run
from promptops_server.infra.database import Database
from support.openai_server import OpenAIServer
from support.server import untroubled


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_old_texts_are_forgotten_and_the_rest_stays(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    request.param = engine
    with untroubled(request, tmp_path, "forgets") as server, OpenAIServer(answer=knowing) as model:
        ground = Ground.on(server)
        ground.put(prompt_text(3))
        ground.target("local", model)
        old = ground.tested("local")
        young = ground.tested("local", fresh=True)
        args = server.args
        url = args[-1] if args else f"sqlite:///{server.data / 'promptops.sqlite'}"
        database = Database(url)
        with database.write() as tx:
            then = tx.now - 31 * DAY_US
            tx.conn.execute(update(run).where(run.c.number == old["number"]).values(ended_at=then))
        assert forget_old_texts(database, 30) == 3
        assert forget_old_texts(database, 30) == 0
        route = f"/projects/{PROJECT}/runs"
        whole = ground.api.get(f"{route}/{old['number']}/results/0").json()
        assert (whole["request"], whole["reply"]) == (None, None)
        assert whole["passed"] is True
        assert whole["scores"]
        kept = ground.api.get(f"{route}/{young['number']}/results/0").json()
        assert kept["reply"]["text"] == "It is City0"
        assert ground.tested("local")["targets"][0]["reused"] == 3  # those of the young run
        time.sleep(0.01)
        assert forget_old_texts(database, 0) > 0
        asked = len(model.requests)
        assert ground.tested("local")["targets"][0]["reused"] == 0
        assert len(model.requests) == asked + 3
        database.close()
        ground.api.close()
