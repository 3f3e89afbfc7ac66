"""A Celery worker with forked processes. Who only sends tasks imports this file and gets no client."""

import os

from celery import Celery
from celery.signals import worker_init, worker_process_shutdown

from promptops import PromptOps

app = Celery("claims", broker=os.environ["BROKER_URL"], backend=os.environ["BROKER_URL"])
ops: PromptOps


@worker_init.connect  # in the parent, before it forks
def start(**_):
    global ops
    ops = PromptOps()


@worker_process_shutdown.connect  # in each child: so that it is no longer counted as a follower
def end(**_):
    ops.close()


@app.task
def triage(claim: str) -> str:
    prompt = ops.get("claims/triage")
    # answer = OpenAI().chat.completions.create(**prompt.for_openai({"claim": claim}))
    return prompt.render({"claim": claim})[-1]["content"]
