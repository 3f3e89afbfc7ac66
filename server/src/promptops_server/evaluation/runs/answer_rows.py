"""An answer with its scores as the row of a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promptops_server.evaluation.model import Score
from promptops_server.evaluation.runs import packing
from promptops_server.evaluation.runs.lane import Ready
from promptops_server.providers.model import Reply


def row_of(ready: Ready, reply: Reply, cost: int | None, scores: Sequence[Score]) -> dict[str, Any]:
    """The row of an answer that was called for or found, with its scores."""
    usage = reply.usage
    assert ready.ask is not None
    seed = ready.ask.parameters.get("seed")
    return {
        "ordinal": ready.call.ordinal,
        "state": "done",
        "passed": passed_all(scores),
        "scores": packing.scores_to(scores),
        "request_key": ready.key,
        "model": packing.storable_text(reply.model[:200]),
        "fingerprint": packing.storable_text(reply.fingerprint[:200]) or None,
        "stop": reply.stop,
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cached_tokens": usage.cached,
        "reasoning_tokens": usage.reasoning,
        "cost": cost,
        "latency_ms": reply.latency_ms,
        "first_token_ms": reply.first_token_ms,
        "attempts": reply.attempts,
        "seed": seed if isinstance(seed, int) and abs(seed) < 2**63 else None,
        "texts": texts_of(ready, reply),
    }


def texts_of(ready: Ready, reply: Reply, **more: Any) -> bytes:
    """Request and reply as they are kept; `more` stands beside them."""
    return packing.packed(
        {"request": dict(ready.request or {}), "reply": packing.reply_to(reply), **more}
    )


def passed_all(scores: Sequence[Score]) -> bool | None:
    """Whether every required check passed; None where none is required: then nothing is known."""
    required = [score.passed is True for score in scores if score.required]
    return all(required) if required else None
