"""A target as somebody wants it, checked: every fault at once, each with its field. Pure but for `lookup`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from promptops.format.names import InvalidName, check_name
from promptops_server.infra.plain_text import control_in
from promptops_server.infra.problems import Invalid
from promptops_server.providers.kind import Provider
from promptops_server.providers.model import DATA_CLASSES, Credential, Limits, Target
from promptops_server.providers.targets.address import (
    BadAddress,
    Lookup,
    check_base_url,
    origin_of,
)

RESERVED = frozenset({"catalogue"})
"""Names that are words of the routes."""
MAX_MODEL = 200
MAX_OPTION = 500
MAX_PROJECTS = 500
MAX_BUDGET = 10**15
"""Millionths of a US dollar: a billion dollars a month."""
_RANGES = {
    "requests_per_minute": (1, 1_000_000),
    "tokens_per_minute": (1, 10_000_000_000),
    "concurrency": (1, 1_000),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A target without id, revision and credential. `alias` None: as the model's id suggests."""

    name: str
    provider: str
    model: str
    catalogue_id: str | None = None
    base_url: str | None = None
    alias: bool | None = None
    region: str = ""
    data_class: str = "internal"
    projects: tuple[str, ...] | None = None
    limits: Limits = field(default_factory=Limits)
    budget_month: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    enabled: bool = True


@dataclass(slots=True)
class _Faults:
    """What is wrong, by field."""

    found: list[dict[str, str]] = field(default_factory=list)

    def add(self, key: str, message: str, fix: str = "") -> None:
        self.found.append({"key": key, "message": message} | ({"fix": fix} if fix else {}))


def checked(
    wanted: Wanted,
    kinds: Mapping[str, Provider],
    *,
    target_id: str,
    revision: int,
    plain_http: bool,
    lookup: Lookup | None = None,
) -> Target:
    """The target, without its credential; projects are not looked up.

    Raises:
        Invalid: `errors` names each field that is wrong, what is wrong with it and what to do.
    """
    faults = _Faults()
    kind = kinds.get(wanted.provider)
    _check_name(wanted.name, faults)
    _check_texts(wanted, faults)
    _check_numbers(wanted, faults)
    options: dict[str, str] = {}
    if kind is None:
        faults.add(
            "provider",
            f"there is no provider {wanted.provider[:60]!r}",
            _nearest(wanted.provider, sorted(kinds)),
        )
    else:
        options = _check_options(wanted.options, kind, faults)
    base_url = _base_url(wanted.base_url, plain_http, lookup, faults)
    target = Target(
        id=target_id,
        name=wanted.name,
        provider=wanted.provider,
        model=wanted.model,
        catalogue_id=wanted.catalogue_id or None,
        base_url=base_url,
        alias="latest" in wanted.model.lower() if wanted.alias is None else wanted.alias,
        region=wanted.region,
        data_class=wanted.data_class,
        projects=wanted.projects,
        limits=wanted.limits,
        budget_month=wanted.budget_month,
        options=options,
        enabled=wanted.enabled,
        revision=revision,
    )
    if kind is not None and not faults.found:
        _check_place(target, kind, plain_http, lookup, faults)
    refuse(faults.found, wanted.name)
    return target


def refuse(errors: list[dict[str, str]], name: str) -> None:
    """Raises Invalid when there are errors."""
    if not errors:
        return
    first = errors[0]
    raise Invalid(
        f"The model target {name[:100]!r} is not valid: {first['key']}: {first['message']}"
        + (f", and {len(errors) - 1} more" if len(errors) > 1 else "")
        + ".",
        remedy=first.get("fix", ""),
        errors=errors,
        slug="invalid-target",
    )


def place_of(target: Target, kinds: Mapping[str, Provider]) -> tuple[Any, ...]:
    """Where the secret goes: a credential stays only while this does."""
    kind = kinds.get(target.provider)
    origin: tuple[Any, ...] = ()
    if kind is not None:
        try:
            origin = origin_of(kind.url_of(target, stream=False))
        except Exception:  # a plug-in's own way to refuse options; then the place is unknown
            origin = ("unknown", target.revision)
    return target.provider, target.base_url, origin


def audited(target: Target) -> dict[str, Any]:
    """What the audit log keeps of a target: nothing secret."""
    return {
        "provider": target.provider,
        "model": target.model,
        "catalogue_id": target.catalogue_id,
        "base_url": target.base_url,
        "alias": target.alias,
        "region": target.region,
        "data_class": target.data_class,
        "projects": None if target.projects is None else list(target.projects),
        "requests_per_minute": target.limits.requests_per_minute,
        "tokens_per_minute": target.limits.tokens_per_minute,
        "concurrency": target.limits.concurrency,
        "budget_month": target.budget_month,
        "credential": _shown(target.credential),
        "options": dict(target.options),
        "enabled": target.enabled,
    }


def _shown(credential: Credential) -> str:
    return f"{credential.kind}:{credential.name}" if credential.name else credential.kind


def _check_name(name: str, faults: _Faults) -> None:
    try:
        check_name(name)
    except InvalidName as error:
        faults.add("name", str(error))
        return
    if name.lower() in RESERVED:
        faults.add("name", f"{name!r} is a word of the API", "choose another name")


def _check_texts(wanted: Wanted, faults: _Faults) -> None:
    for key, text, longest in (
        ("model", wanted.model, MAX_MODEL),
        ("catalogue_id", wanted.catalogue_id, MAX_MODEL),
    ):
        if text is None:
            continue
        if not text or len(text) > longest or control_in(text, lines=False) or " " in text:
            faults.add(
                key,
                f"an id of a model has 1 to {longest} characters, without blanks or control characters",
            )
    if len(wanted.region) > 60 or control_in(wanted.region, lines=False):
        faults.add("region", "a region has at most 60 characters, without control characters")
    if wanted.data_class not in DATA_CLASSES:
        faults.add(
            "data_class",
            f"there is no data class {wanted.data_class[:60]!r}",
            f"one of {', '.join(DATA_CLASSES)}",
        )
    if wanted.projects is not None and not 0 < len(wanted.projects) <= MAX_PROJECTS:
        faults.add(
            "projects",
            f"a target is for 1 to {MAX_PROJECTS} projects",
            "leave it away for every project; disable the target for none",
        )


def _check_numbers(wanted: Wanted, faults: _Faults) -> None:
    for key, (least, most) in _RANGES.items():
        number = getattr(wanted.limits, key)
        if number is not None and not least <= number <= most:
            faults.add(f"limits.{key}", f"{number} is not between {least} and {most:,}")
    budget = wanted.budget_month
    if budget is not None and not 0 <= budget <= MAX_BUDGET:
        faults.add(
            "budget_month",
            f"{budget} is not between 0 and {MAX_BUDGET:,} millionths of a US dollar",
        )


def _check_options(given: Mapping[str, str], kind: Provider, faults: _Faults) -> dict[str, str]:
    known = {option.name: option for option in kind.options}
    for name, value in given.items():
        if name not in known:
            fix = _nearest(name, sorted(known)) if known else f"{kind.name} takes none"
            faults.add(f"options.{name[:60]}", f"{kind.title} has no such option", fix)
        elif len(value) > MAX_OPTION or control_in(value, lines=False):
            faults.add(
                f"options.{name}",
                f"longer than {MAX_OPTION} characters, or with control characters",
            )
    for option in known.values():
        if option.required and not given.get(option.name) and not option.default:
            faults.add(f"options.{option.name}", f"{kind.title} needs it", option.help)
    return {name: value for name, value in given.items() if value != ""}


def _base_url(
    text: str | None, plain_http: bool, lookup: Lookup | None, faults: _Faults
) -> str | None:
    if text is None or text == "":
        return None
    try:
        return check_base_url(text, plain_http=plain_http, lookup=lookup)
    except BadAddress as error:
        faults.add("base_url", str(error))
        return None


def _check_place(
    target: Target, kind: Provider, plain_http: bool, lookup: Lookup | None, faults: _Faults
) -> None:
    """The URL that the provider makes of all this must be one, too: options may be part of its host."""
    try:
        url = kind.url_of(target, stream=False)
        scheme, separator, rest = url.partition("?")[0].partition("://")
        if not separator or not rest.strip("/"):
            raise BadAddress(f"{kind.title} has no address of its own")
        check_base_url(f"{scheme}://{rest}", plain_http=plain_http, lookup=lookup)
    except Exception as error:  # a plug-in's own way to refuse options
        parameter = str(getattr(error, "parameter", ""))
        fix = ""
        if parameter == "region":
            key, fix = "region", "give --region"
        elif parameter in {option.name for option in kind.options}:
            key = f"options.{parameter}"
        elif target.base_url is None and not target.options:
            key, fix = "base_url", "give the base URL of the endpoint"
        else:
            key = "options"
        faults.add(key, str(error).rstrip(".") or type(error).__name__, fix)


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    return f"one of {', '.join(known)}"
