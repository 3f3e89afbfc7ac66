"""What a check of a target found, in words. Pure: from an answer or a fault to the result that is kept and shown."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from promptops_server.providers.model import CallError, Fault, Reply, Target

SHOWN = 12
"""Models of an endpoint that a sentence names; the nearest first."""
KEPT = 100
_MAX_TEXT = 300
_MAX_NAME = 200
"""Results of runs keep as much of it, and are compared with it."""
_REACHED: frozenset[Fault] = frozenset(
    (
        "rate_limit",
        "overloaded",
        "context_too_long",
        "refused",
        "invalid_parameter",
        "authentication",
        "permission",
        "not_found",
        "bad_answer",
    )
)
_PAST_THE_DOOR: frozenset[Fault] = frozenset(
    ("context_too_long", "refused", "invalid_parameter", "permission", "not_found")
)
"""Faults that an endpoint tells only to whom it knows."""
_DATED = re.compile(r"[-@:._]?v?\d[\d.\-_:v]*$")


@dataclass(frozen=True, slots=True)
class Checked:
    """One check. None where it could not be told.

    `model` is what the endpoint says it is, `stands_for` the dated version an alias meant. `notes` are things to know
    though the target works. `cost` is millionths of a US dollar.
    """

    ok: bool
    problem: str = ""
    remedy: str = ""
    fault: Fault | None = None
    reachable: bool | None = None
    authenticated: bool | None = None
    model_there: bool | None = None
    model: str = ""
    stands_for: str = ""
    fingerprint: str = ""
    latency_ms: float | None = None
    first_token_ms: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: int | None = None
    attempts: int = 0
    notes: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    """Models the endpoint lists, where it was asked; the first hundred."""

    def document(self) -> dict[str, Any]:
        """As it is kept and sent."""
        return asdict(self) | {"notes": list(self.notes), "listed": list(self.listed)}


def of_reply(target: Target, reply: Reply, cost: int | None) -> Checked:
    """The target answered."""
    model = _name(reply.model)
    stands_for, notes = _named(target, model)
    if reply.usage.input is None and reply.usage.output is None:
        notes.append("The endpoint does not report usage, so what calls cost cannot be told.")
    elif cost is None:
        notes.append(
            f"The price of {target.catalogue_id or target.model} is not known: costs stay empty, and a budget cannot be kept."
        )
    if not (reply.text or reply.reasoning or reply.refusal):
        notes.append(f"The answer was empty ({reply.stop_said or reply.stop}).")
    return Checked(
        ok=True,
        reachable=True,
        authenticated=True,
        model_there=True,
        model=model,
        stands_for=stands_for,
        fingerprint=_name(reply.fingerprint),
        latency_ms=round(reply.latency_ms, 1),
        first_token_ms=None if reply.first_token_ms is None else round(reply.first_token_ms, 1),
        input_tokens=reply.usage.input,
        output_tokens=reply.usage.output,
        cost=cost,
        attempts=reply.attempts,
        notes=tuple(notes),
    )


def of_fault(
    target: Target,
    error: CallError,
    *,
    place: str,
    listed: Sequence[str] = (),
) -> Checked:
    """The call gave no answer.

    Args:
        place: scheme, host and port of the endpoint.
        listed: the models the endpoint says it has, where it was asked.
    """
    fault = error.fault
    there = target.model in listed if listed else None
    if fault == "not_found" and there:
        fault = "permission"  # some endpoints tell both with one status
    problem, remedy = _words(target, fault, error, place, listed)
    reachable = True if fault in _REACHED else False if fault in ("network", "time_out") else None
    authenticated = (
        True if fault in _PAST_THE_DOOR else False if fault == "authentication" else None
    )
    return Checked(
        ok=False,
        problem=problem,
        remedy=remedy,
        fault=fault,
        reachable=reachable,
        authenticated=authenticated,
        model_there=False if fault == "not_found" else there,
        attempts=error.attempts if fault not in ("no_credentials", "budget") else 0,
        listed=tuple(listed[:KEPT]),
    )


def _words(
    target: Target,
    fault: Fault,
    error: CallError,
    place: str,
    listed: Sequence[str],
) -> tuple[str, str]:
    said = _cut(error.detail)
    set_ = f"promptops models set {target.name}"
    match fault:
        case "no_credentials":
            return said, "Put the secret there, or name another credential."
        case "authentication" if target.credential.kind == "none":
            return (
                f"{place} asks for a key, and the target has none. {said}",
                f"Give it one: {set_} --env NAME, or --secret-stdin.",
            )
        case "authentication":
            return (
                f"{place} does not take the key. {said}",
                "It may be wrong, expired, or of another provider or region.",
            )
        case "permission":
            return (
                f"The key is valid but has no access to {target.model}. {said}",
                "Ask the provider for access, or use a key of another project or organisation.",
            )
        case "not_found":
            return _not_found(target, said, place, listed)
        case "network" if "models.ca_file" in said:
            return said, ""
        case "network" if "certificate" in said.lower():
            return said, "Name the authority's PEM file in the setting models.ca_file."
        case "network" if "TLS" in said or "proxy" in said.lower():
            return said, ""
        case "network":
            return (
                f"Nothing answers at {place}. {said}",
                "Check the base URL, the network, and the setting models.proxy.",
            )
        case "time_out":
            return (
                f"{place} gave no whole answer in time. {said}",
                "Try again; a model that is loaded for the first call may take minutes.",
            )
        case "rate_limit":
            return (
                f"{place} is there, but takes no more calls now. {said}",
                "Wait, or ask the provider for a higher limit or credit.",
            )
        case "overloaded":
            return f"{place} is there, but overloaded. {said}", "Try again later."
        case "invalid_parameter":
            named = f" ({error.parameter})" if error.parameter else ""
            return (
                f"{place} refuses a parameter of a plain request{named}. {said}",
                "Give the catalogue's id of the model (--catalogue-id), so that requests are made as it takes them.",
            )
        case "bad_answer":
            return (
                f"{place} answers, but not as a model's endpoint does. {said}",
                "Check provider and base URL: it may be another service, or want another path.",
            )
        case "budget":
            return said, ""
        case _:
            return f"The call failed. {said}", "Try again; the server's log may tell more."


def _not_found(target: Target, said: str, place: str, listed: Sequence[str]) -> tuple[str, str]:
    if not listed:
        return (
            f"{place} has no model {target.model}, or nothing at this path. {said}",
            "Check model and base URL.",
        )
    near = difflib.get_close_matches(target.model, listed, n=3, cutoff=0.6)
    order = [*near, *(name for name in listed if name not in near)]
    more = f" and {len(order) - SHOWN:,} more" if len(order) > SHOWN else ""
    return (
        f"The endpoint has no model {target.model}; it lists: {', '.join(order[:SHOWN])}{more}.",
        f"Set one of these: promptops models set {target.name} --model {near[0] if near else 'ID'}",
    )


def _named(target: Target, said: str) -> tuple[str, list[str]]:
    """The version an alias stands for, and what to know about the name the endpoint gives."""
    asked = target.model
    if not said:
        return "", ["The endpoint does not say which model answered."]
    same = said.lower() == asked.lower() or said.lower().endswith("/" + asked.lower())
    if same:
        if target.alias:
            return "", [f"The endpoint does not say which version {asked} stands for."]
        return "", []
    if target.alias:
        return said, []
    if said.lower().startswith(asked.lower()) and _DATED.fullmatch(said[len(asked) :]):
        return said, [
            f"{asked} is an alias: today it stands for {said}, and it may come to mean another model. "
            f"Pin it with --model {said}, or say so with --alias."
        ]
    if asked.lower().endswith("/" + said.lower()) or said.lower() in asked.lower():
        return "", []
    return "", [f"The endpoint says that it is {said}, not {asked}."]


def _name(text: str) -> str:
    """What an endpoint calls itself, as every database takes it."""
    return text[:_MAX_NAME].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
