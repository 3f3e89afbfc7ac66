"""Which family a model belongs to, by its id: what variants are chosen by.

Owns the list of families. A family is about how a model wants to be spoken to, not about who hosts
it, so `groq/llama-3.3-70b` and `meta.llama3-70b-instruct-v1:0` are both `llama`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

_PREFIXES: dict[str, tuple[str, ...]] = {
    "gpt": ("gpt", "chatgpt", "davinci", "babbage"),
    "claude": ("claude",),
    "qwen": ("qwen", "qwq", "qvq"),
    "llama": ("llama", "codellama"),
    "gemini": ("gemini",),
    "gemma": ("gemma",),
    "mistral": (
        *("mistral", "mixtral", "ministral", "codestral"),
        *("devstral", "magistral", "pixtral", "voxtral"),
    ),
    "deepseek": ("deepseek",),
    "phi": ("phi",),
    "command": ("command",),
    "grok": ("grok",),
    "nova": ("nova",),
    "granite": ("granite",),
    "nemotron": ("nemotron",),
    "smollm": ("smollm",),
    "glm": ("glm", "chatglm"),
    "kimi": ("kimi",),
    "jamba": ("jamba",),
    "olmo": ("olmo",),
    "falcon": ("falcon",),
    "yi": (),
}
FAMILIES: tuple[str, ...] = tuple(_PREFIXES)

_O_SERIES = re.compile(r"o[1-9][0-9]*")
_SEPARATOR = re.compile(r"[^a-z0-9]+")


@functools.lru_cache(maxsize=1024)
def family_of(model_id: str) -> str | None:
    """The family of a model id (`openai/gpt-4o` → `gpt`), or None if it is not known.

    The first word of the id's last segment that names a family decides.
    """
    bare = model_id.lower().rstrip("/").rpartition("/")[2]
    for word in _SEPARATOR.split(bare):
        if _O_SERIES.fullmatch(word):
            return "gpt"
        for family, prefixes in _PREFIXES.items():
            if word == family or word.startswith(prefixes):
                return family
    return None


def choose_variant(keys: Iterable[str], model: str | None) -> str | None:
    """The key of the variant for a model id or family name, or None for the prompt as it is.

    The exact id first, then the id without its provider, then the family. Case is ignored.
    """
    if model is None:
        return None
    by_name = {key.lower(): key for key in keys}
    wanted = model.lower()
    if wanted in by_name:
        return by_name[wanted]
    bare = wanted.rpartition("/")[2]
    for name, key in by_name.items():
        if name.rpartition("/")[2] == bare:
            return key
    family = family_of(model)
    return by_name.get(family) if family else None
