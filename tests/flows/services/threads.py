"""Threads: one client for all of them. A piece of work that needs several prompts pins one release."""

from concurrent.futures import ThreadPoolExecutor

from promptops import PromptOps

ops = PromptOps()


def work(claim: str) -> str:
    pinned = ops.snapshot()  # a release that arrives meanwhile changes nothing in here
    return pinned.get("claims/triage").render(claim=claim)[-1]["content"]


with ThreadPoolExecutor(8) as pool:
    answers = set(pool.map(work, ["Hail"] * 200))
print(answers)
ops.close()
