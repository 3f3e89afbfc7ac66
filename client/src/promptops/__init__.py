"""PromptOps for applications: the prompts that are live in an environment, in memory and verified.

    from promptops import PromptOps

    ops = PromptOps(url="http://localhost:8470", token="…", project="retail-bank", environment="production")
    triage = ops.get("claims/triage")
    client.chat.completions.create(**triage.for_openai({"claim": text}))

Public names are listed in `__all__` and loaded when first used, so that importing this package
costs next to nothing. `promptops.format` reads prompt files, `promptops.testing` replaces a
server in tests.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promptops.aio import AsyncPromptOps
    from promptops.client import PromptOps
    from promptops.delivery.held import Release
    from promptops.delivery.verify import Refusal
    from promptops.errors import (
        CannotExpress,
        InvalidArtifact,
        InvalidHeader,
        InvalidKey,
        NotConnected,
        PromptNotLive,
        PromptOpsError,
        PromptSuspended,
        SettingsError,
        SourceError,
        TooOld,
    )
    from promptops.format import (
        MissingInput,
        RenderError,
        UnknownInput,
        WrongInputType,
    )
    from promptops.health import Health
    from promptops.lookup import Snapshot
    from promptops.prompt import Prompt

_HOMES = {
    "aio": ("AsyncPromptOps",),
    "client": ("PromptOps",),
    "delivery.held": ("Release",),
    "delivery.verify": ("Refusal",),
    "errors": (
        *("CannotExpress", "InvalidArtifact", "InvalidHeader", "InvalidKey", "NotConnected"),
        *("PromptNotLive", "PromptOpsError", "PromptSuspended", "SettingsError", "SourceError"),
        "TooOld",
    ),
    "format": ("MissingInput", "RenderError", "UnknownInput", "WrongInputType"),
    "health": ("Health",),
    "lookup": ("Snapshot",),
    "prompt": ("Prompt",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AsyncPromptOps",
    "CannotExpress",
    "Health",
    "InvalidArtifact",
    "InvalidHeader",
    "InvalidKey",
    "MissingInput",
    "NotConnected",
    "Prompt",
    "PromptNotLive",
    "PromptOps",
    "PromptOpsError",
    "PromptSuspended",
    "Refusal",
    "Release",
    "RenderError",
    "SettingsError",
    "Snapshot",
    "SourceError",
    "TooOld",
    "UnknownInput",
    "WrongInputType",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"promptops.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted((*globals(), *__all__))
