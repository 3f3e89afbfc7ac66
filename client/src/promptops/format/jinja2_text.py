"""Jinja2, loaded only when a prompt asks for it: reading a template and filling it in the sandbox.

Owns the one environment that is used: immutable sandbox, strict about undefined names, no loader,
so a template can neither change what it is given nor read anything else. Reading a template never
evaluates any of it: Jinja2 by itself works out `{{ 9**(9**9) }}` while compiling, which would stop
whoever only checks a file. Filling bounds neither time nor memory: who renders text they do not
trust runs it in a process with limits.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import PromptOpsError

MAX_JINJA2 = 256 * 1024
"""Characters of Jinja2 text in one file: its parser takes 3 µs a character."""

_MAX_BLOCKS = 16
_MAX_DEPTH = 100


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
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
    )
    environment.code_generator_class = _generators()[0]
    return environment


@functools.cache
def _generators() -> tuple[Any, Any]:
    """Jinja2's code generator and its finder of undeclared names, without folding of constants."""
    from jinja2 import nodes
    from jinja2.compiler import CodeGenerator
    from jinja2.meta import TrackingCodeGenerator

    class Generator(CodeGenerator):
        def __init__(self, *given: Any, **options: Any) -> None:
            super().__init__(*given, **options)
            self.optimizer = None

        def _output_child_to_const(self, node: Any, frame: Any, finalize: Any) -> str:
            if not isinstance(node, nodes.TemplateData):
                raise nodes.Impossible()
            return super()._output_child_to_const(node, frame, finalize)

        def visit_EvalContextModifier(self, node: Any, frame: Any) -> None:
            if all(isinstance(option.value, nodes.Const) for option in node.options):
                super().visit_EvalContextModifier(node, frame)
            else:  # `{% autoescape EXPRESSION %}`, which only HTML could want
                self.fail("autoescape takes true or false", node.lineno)

    class Names(Generator, TrackingCodeGenerator):
        pass

    return Generator, Names


def undeclared(text: str) -> tuple[str, ...]:
    """The names a template takes from outside, sorted. Raises TemplateFault, MissingFeature."""
    environment = _environment()
    from jinja2 import TemplateSyntaxError

    try:
        tree = environment.parse(text)
        _refuse_depth(tree)
        names = _generators()[1](environment)
        names.visit(tree)
    except TemplateSyntaxError as error:
        raise TemplateFault(error.message or "syntax error", error.lineno) from None
    except (RecursionError, ValueError, OverflowError, MemoryError) as error:
        raise TemplateFault(f"it cannot be read ({type(error).__name__})") from None
    return tuple(sorted(names.undeclared_identifiers - set(environment.globals)))


def _refuse_depth(tree: Any) -> None:
    """Raise TemplateFault for nesting that Python could not compile."""
    from jinja2 import nodes

    blocks = (nodes.For, nodes.If, nodes.With, nodes.FilterBlock, nodes.CallBlock, nodes.Macro)
    waiting = [(tree, 0, 0)]
    while waiting:
        node, depth, inside = waiting.pop()
        inside += isinstance(node, blocks)
        if inside > _MAX_BLOCKS:
            raise TemplateFault(f"blocks are nested more than {_MAX_BLOCKS} deep", node.lineno)
        if depth > _MAX_DEPTH:
            raise TemplateFault("an expression is nested too deep", node.lineno)
        waiting += [(child, depth + 1, inside) for child in node.iter_child_nodes()]


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
