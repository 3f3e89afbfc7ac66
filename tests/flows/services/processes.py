"""Processes: a forked child goes on with its parent's client; one that is spawned makes its own."""

import multiprocessing

from promptops import PromptOps

ops: PromptOps


def start() -> None:
    global ops
    ops = PromptOps()


def work(claim: str) -> str:
    return ops.get("claims/triage").render(claim=claim)[-1]["content"]


if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1, initializer=start) as pool:
        print(pool.map(work, ["Hail"]))
    start()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        print(pool.map(work, ["Hail"]))
    ops.close()
