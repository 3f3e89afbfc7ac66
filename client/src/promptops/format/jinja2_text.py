"""Jinja2, loaded only when a prompt asks for it: reading a template and filling it in the sandbox.

Owns the one environment that is used: immutable sandbox, strict about undefined names, no loader,
so a template can neither change what it is given nor read anything else. It bounds neither time nor
memory: who renders text they do not trust runs this in a process with limits.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import PromptOpsError


class MissingFeature(PromptOpsError):
    """A prompt needs an optional feature that is not installed here; `feature` names it."""

    code = "missing-feature"

    def __init__(self, feature: str) -> None:
        super().__init__(f"this prompt needs {feature}, which is not installed: install {feature}")
        self.feature = feature


class TemplateFault(Exception):
    """The text is not a template, or filling it failed. `line` counts from 1 within the text."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@functools.cache
def _environment() -> Any:
    try:
        from jinja2 import StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError:
        raise MissingFeature("jinja2") from None
    # No HTML is made here, so nothing is escaped; the last line break belongs to the prompt.
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
    )


def undeclared(text: str) -> tuple[str, ...]:
    """The names a template takes from outside, sorted. Raises TemplateFault, MissingFeature."""
    environment = _environment()
    from jinja2 import TemplateSyntaxError, meta

    try:
        found = meta.find_undeclared_variables(environment.parse(text))
    except TemplateSyntaxError as error:
        raise TemplateFault(error.message or "syntax error", error.lineno) from None
    except (RecursionError, ValueError, OverflowError, MemoryError) as error:
        raise TemplateFault(f"it cannot be read ({type(error).__name__})") from None
    return tuple(sorted(found - set(environment.globals)))


def compile_text(text: str) -> Callable[[Mapping[str, Any]], str]:
    """A function that fills the template. Raises TemplateFault, MissingFeature; so does the function."""
    environment = _environment()
    from jinja2 import TemplateSyntaxError

    try:
        template = environment.from_string(text)
    except TemplateSyntaxError as error:
        raise TemplateFault(error.message or "syntax error", error.lineno) from None
    except (RecursionError, SyntaxError, ValueError, OverflowError, MemoryError) as error:
        raise TemplateFault(f"it cannot be read ({type(error).__name__})") from None

    def fill(values: Mapping[str, Any]) -> str:
        try:
            return str(template.render(values))
        except Exception as error:  # a template is code: it can fail in any way
            raise TemplateFault(f"{type(error).__name__}: {str(error)[:300]}") from error

    return fill
