"""Prompt files: names and addresses, reading, checking, compiling, rendering, editing, converting.

Owns everything that can be said about one prompt file without a registry: DESIGN's words `prompt`,
`variant`, `fragment`, `artifact` and the two digests are defined here, for server and client alike.
Which versions exist, what is live and who may change it is the server's. Public names are listed in
`__all__` and loaded when first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .canonical import NotCanonical, canonical_bytes, digest_of, sha256_of
    from .compile import Artifact, compile_artifact, required_features
    from .diff import Change, diff_prompts, unified
    from .diff_sections import Comparison, compare_prompts
    from .digests import behaviour_digest, record_digest, resolve_record
    from .editor import REMOVE, CannotEdit, edit
    from .families import FAMILIES, choose_variant, family_of
    from .fragment import (
        FragmentError,
        FragmentRef,
        Loader,
        Pin,
        UnresolvedFragment,
        fragments,
    )
    from .jinja2_text import MissingFeature
    from .model import ContentPart, Input, Message, Placeholder, PromptFile, Tool, Variant
    from .names import (
        NAME_RULE,
        Address,
        InvalidAddress,
        InvalidName,
        Selector,
        check_environment,
        check_name,
        check_path,
        file_path_of,
        fold,
        parse_address,
        parse_selector,
        prompt_path_of,
    )
    from .naming import slug
    from .parser import Parsed, parse
    from .problem import Problem, key_text
    from .renderer import (
        MissingInput,
        Renderer,
        RenderError,
        TemplateFailed,
        UnknownInput,
        UnsupportedTemplate,
        WrongInputType,
        render,
    )
    from .resolving import resolve_fragments
    from .source import MAX_BYTES, SourceMap
    from .template import compile_template, quote, variables
    from .yaml_text import CannotWrite, dump

_HOMES = {
    "canonical": (
        "NotCanonical",
        "canonical_bytes",
        "digest_of",
        "sha256_of",
    ),
    "compile": (
        "Artifact",
        "compile_artifact",
        "required_features",
    ),
    "diff": (
        "Change",
        "diff_prompts",
        "unified",
    ),
    "diff_sections": (
        "Comparison",
        "compare_prompts",
    ),
    "digests": (
        "behaviour_digest",
        "record_digest",
        "resolve_record",
    ),
    "editor": (
        "CannotEdit",
        "REMOVE",
        "edit",
    ),
    "families": (
        "FAMILIES",
        "choose_variant",
        "family_of",
    ),
    "fragment": (
        "FragmentError",
        "FragmentRef",
        "Loader",
        "Pin",
        "UnresolvedFragment",
        "fragments",
    ),
    "jinja2_text": ("MissingFeature",),
    "model": (
        "ContentPart",
        "Input",
        "Message",
        "Placeholder",
        "PromptFile",
        "Tool",
        "Variant",
    ),
    "names": (
        "Address",
        "InvalidAddress",
        "InvalidName",
        "NAME_RULE",
        "Selector",
        "check_environment",
        "check_name",
        "check_path",
        "file_path_of",
        "fold",
        "parse_address",
        "parse_selector",
        "prompt_path_of",
    ),
    "naming": ("slug",),
    "parser": (
        "Parsed",
        "parse",
    ),
    "problem": (
        "Problem",
        "key_text",
    ),
    "resolving": ("resolve_fragments",),
    "renderer": (
        "MissingInput",
        "RenderError",
        "Renderer",
        "TemplateFailed",
        "UnknownInput",
        "UnsupportedTemplate",
        "WrongInputType",
        "render",
    ),
    "source": (
        "MAX_BYTES",
        "SourceMap",
    ),
    "template": (
        "compile_template",
        "quote",
        "variables",
    ),
    "yaml_text": (
        "CannotWrite",
        "dump",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "FAMILIES",
    "MAX_BYTES",
    "NAME_RULE",
    "REMOVE",
    "Address",
    "Artifact",
    "CannotEdit",
    "CannotWrite",
    "Change",
    "Comparison",
    "ContentPart",
    "FragmentError",
    "FragmentRef",
    "Input",
    "InvalidAddress",
    "InvalidName",
    "Loader",
    "Message",
    "MissingFeature",
    "MissingInput",
    "NotCanonical",
    "Parsed",
    "Pin",
    "Placeholder",
    "Problem",
    "PromptFile",
    "RenderError",
    "Renderer",
    "Selector",
    "SourceMap",
    "TemplateFailed",
    "Tool",
    "UnknownInput",
    "UnresolvedFragment",
    "UnsupportedTemplate",
    "Variant",
    "WrongInputType",
    "behaviour_digest",
    "canonical_bytes",
    "check_environment",
    "check_name",
    "check_path",
    "choose_variant",
    "compare_prompts",
    "compile_artifact",
    "compile_template",
    "diff_prompts",
    "digest_of",
    "dump",
    "edit",
    "family_of",
    "file_path_of",
    "fold",
    "fragments",
    "key_text",
    "parse",
    "parse_address",
    "parse_selector",
    "prompt_path_of",
    "quote",
    "record_digest",
    "render",
    "required_features",
    "resolve_fragments",
    "resolve_record",
    "sha256_of",
    "slug",
    "unified",
    "variables",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
