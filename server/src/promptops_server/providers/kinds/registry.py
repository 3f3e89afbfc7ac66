"""The providers there are: every file of this folder, and what named packages bring.

A package brings providers with entry points of the group `promptops.providers`, each the class of a provider. Only
packages named in PROMPTOPS_PLUGINS are looked at: installing one must not be enough to be given prompts and keys.
"""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil
import re
from collections.abc import Mapping
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution
from types import MappingProxyType
from typing import Any

from promptops_server.providers import kinds as _folder
from promptops_server.providers.kind import Option, Provider
from promptops_server.providers.wire.protocol import NAMES

GROUP = "promptops.providers"
VARIABLE = "PROMPTOPS_PLUGINS"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class BadProvider(Exception):
    """A provider that cannot be used; the text names its file or package and says what to mend."""


def plugins_named(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The packages that PROMPTOPS_PLUGINS names, with commas between."""
    text = (os.environ if environ is None else environ).get(VARIABLE, "")
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))


@functools.cache
def all_providers(plugins: tuple[str, ...] = ()) -> Mapping[str, Provider]:
    """All providers by name. Hold no state, so that one of each serves everybody.

    Args:
        plugins: the packages that may bring some: `plugins_named()`.

    Raises:
        BadProvider: one of them cannot be used, or a name is given twice.
    """
    found: dict[str, Provider] = {}
    for module in pkgutil.iter_modules(_folder.__path__):
        name = f"{_folder.__name__}.{module.name}"
        if name == __name__:
            continue
        provider = _own(importlib.import_module(name))
        if provider.name != module.name:
            raise BadProvider(f"{name}: its provider is named {provider.name!r}, unlike the file.")
        found[provider.name] = provider
    for package in plugins:
        for entry in _entry_points(package):
            provider = _loaded(package, entry)
            if provider.name in found:
                raise BadProvider(
                    f"The package {package} brings a provider {provider.name!r}, which there is already; "
                    f"take {package} out of {VARIABLE}."
                )
            found[provider.name] = provider
    return MappingProxyType(dict(sorted(found.items())))


def _own(module: Any) -> Provider:
    declared = [
        member
        for member in vars(module).values()
        if isinstance(member, type)
        and issubclass(member, Provider)
        and member.__module__ == module.__name__
    ]
    if len(declared) != 1:
        raise BadProvider(
            f"{module.__name__} has {len(declared)} providers: a file has exactly one."
        )
    return _made(declared[0], module.__name__)


def _entry_points(package: str) -> list[EntryPoint]:
    try:
        return [entry for entry in distribution(package).entry_points if entry.group == GROUP]
    except (PackageNotFoundError, ValueError):
        raise BadProvider(
            f"{VARIABLE} names the package {package}, which is not installed here: install it, or take it out."
        ) from None


def _loaded(package: str, entry: EntryPoint) -> Provider:
    where = f"The package {package}, entry point {entry.name!r} ({entry.value})"
    try:
        loaded = entry.load()
    except Exception as error:  # whatever somebody else's module does when it is loaded
        raise BadProvider(f"{where} cannot be loaded: {type(error).__name__}: {error}.") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Provider)):
        raise BadProvider(
            f"{where} is no class on promptops_server.providers.kind.Provider, as a provider must be."
        )
    return _made(loaded, where)


def _made(kind: type[Provider], where: str) -> Provider:
    """The provider, after a look at what it says of itself."""
    for member in ("name", "title", "protocol"):
        if not isinstance(getattr(kind, member, None), str) or not getattr(kind, member):
            raise BadProvider(f"{where}: its provider has no {member}.")
    if not _NAME.fullmatch(kind.name):
        raise BadProvider(
            f"{where}: {kind.name!r} is no name; a name has small letters, digits and _."
        )
    if kind.protocol not in NAMES:
        raise BadProvider(
            f"{where}: there is no protocol {kind.protocol!r}; there are {', '.join(NAMES)}."
        )
    if not (kind.__doc__ or "").strip() or kind.__doc__ == Provider.__doc__:
        raise BadProvider(f"{where}: its class has no docstring, which is its documentation.")
    if not all(isinstance(option, Option) for option in kind.options):
        raise BadProvider(f"{where}: its options are not of the class Option.")
    for method in ("url_of", "headers_of"):
        if getattr(kind, method) is getattr(Provider, method):
            raise BadProvider(f"{where}: its class does not say {method}.")
    try:
        return kind()
    except Exception as error:
        raise BadProvider(
            f"{where}: it cannot be made: {type(error).__name__}: {error}."
        ) from error
