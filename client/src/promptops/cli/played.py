"""What the playground's events look like: text as it comes for one model, one answer below the other for several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promptops.cli.output import Output, is_terminal, note, paint, visible, write
from promptops.money import dollars

Event = tuple[str, Mapping[str, Any]]


class Shown:
    """Collects events and writes them. `live` writes the text of a single model while it comes."""

    def __init__(self, out: Output, targets: Sequence[str], *, live: bool) -> None:
        self._out = out
        self._targets = targets
        self._live = live
        self._starts: dict[str, Mapping[str, Any]] = {}
        self._ends: dict[str, dict[str, Any]] = {}
        self._cost: int | None = None
        self._wrote = False
        self._over = False

    @property
    def failed(self) -> bool:
        """Whether a model gave no answer."""
        return any("fault" in end for end in self._ends.values()) or not self._over

    def take(self, event: Event) -> None:
        """One event."""
        kind, data = event
        if kind == "start":
            self._starts[data["target"]] = data
            for said in data["notes"] if not self._out.as_json else ():
                note(f"{data['target']}: {said.get('what', '')}")
        elif kind == "delta" and self._live:
            self._wrote = True
            write(self._out.stream, visible(data["text"]))
        elif kind in ("done", "error"):
            self._ends[data["target"]] = dict(data)
            self._answer(data)
        elif kind == "end":
            self._cost, self._over = data["cost"], True

    def finish(self) -> None:
        """What stands below the answers."""
        if not self._over:
            note("The server ended the stream early.")
        elif len(self._targets) > 1 and self._cost is not None:
            note(f"All together {dollars(self._cost)}.")

    def document(self) -> dict[str, Any]:
        """For programs."""
        answers = [{**self._starts.get(name, {}), **end} for name, end in self._ends.items()]
        return {"answers": answers, "cost": self._cost}

    def _answer(self, data: Mapping[str, Any]) -> None:
        if self._out.as_json:
            return
        stream = self._out.stream
        if self._live and self._wrote:
            write(stream, "\n")
        if len(self._targets) > 1:
            write(
                stream, paint(f"── {visible(data['target'])} ──", "cyan", stream, bold=True) + "\n"
            )
        if "fault" in data:
            fault = data["fault"].replace("_", " ")
            self._out.line(f"no answer: {fault}: {data['detail']}", "red")
            return
        if not self._wrote:
            self._out.line(data["text"] or data["refusal"] or "(no text)")
        for call in data["tool_calls"]:
            self._out.line(f"calls {call['name']}({call['arguments']})")
        note(f"{data['target']}: {told_of(data)}")


def shown_on(out: Output, targets: Sequence[str]) -> Shown:
    """For this terminal or pipe."""
    live = len(targets) == 1 and not out.as_json and is_terminal(out.stream)
    return Shown(out, targets, live=live)


def told_of(done: Mapping[str, Any]) -> str:
    """`gpt-4o-2024-08-06, 812 ms, 120 + 40 tokens, $0.000900, stopped at the token limit`."""
    usage = done["usage"]
    parts = [visible(done["model"])] if done["model"] else []
    parts.append(f"{done['latency_ms']:,.0f} ms")
    if usage["input"] is not None and usage["output"] is not None:
        parts.append(f"{usage['input']:,} + {usage['output']:,} tokens")
    parts.append("cost unknown" if done["cost"] is None else dollars(done["cost"]))
    if done["stop"] == "length":
        parts.append("stopped at the token limit")
    elif done["stop"] not in ("stop", "tool_calls"):
        parts.append(str(done["stop"]))
    return ", ".join(parts)
