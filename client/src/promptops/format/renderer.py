"""From an artifact and its inputs to the messages a model is called with.

Owns choosing the variant, checking inputs, and filling text in a single pass. It only needs the
artifact (the delivery protocol's JSON), so applications render without reading prompt files.

How values become text: a string is put in as it is; every other value is put in as JSON text
(`true`, `3.5`, `["a", "ä"]`; non-ASCII characters unescaped). An optional input that is neither
given nor has a default is the empty string. A value of None counts as not given. Jinja2 templates
receive values as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from ..errors import PromptOpsError
from .families import choose_variant
from .jinja2_text import TemplateFault, compile_text
from .template import Include, Odd, Text, Variable, compile_template

Messages: TypeAlias = list[dict[str, Any]]

_ROLES = frozenset(("system", "user", "assistant", "developer", "tool"))


class RenderError(PromptOpsError, ValueError):
    """The prompt cannot be rendered with these inputs. `input` names the one at fault, or is ""."""

    code = "render"

    def __init__(self, message: str, input: str = "") -> None:
        super().__init__(message)
        self.input = input


class MissingInput(RenderError):
    """A required input was not given."""

    code = "missing-input"


class UnknownInput(RenderError):
    """An input was given that the prompt does not have."""

    code = "unknown-input"


class WrongInputType(RenderError):
    """An input has another type than the prompt declares."""

    code = "wrong-input-type"


class TemplateFailed(RenderError):
    """A Jinja2 template could not be read or filled."""

    code = "template-failed"


class UnsupportedTemplate(RenderError):
    """The artifact asks for something this version cannot render."""

    code = "unsupported-template"


def render(
    artifact: Mapping[str, Any], inputs: Mapping[str, Any], *, model: str | None = None
) -> Messages:
    """The messages for `inputs`, in the variant for a model id or family.

    Raises a RenderError naming the input at fault, or MissingFeature. To render an artifact more
    than once, keep a `Renderer`.
    """
    return Renderer(artifact).render(inputs, model=model)


class Renderer:
    """An artifact made ready for rendering many times. Immutable, safe to share between threads."""

    __slots__ = ("_artifact", "_base", "_chosen", "_inputs", "_plans", "_variants")

    def __init__(self, artifact: Mapping[str, Any]) -> None:
        """Raises UnsupportedTemplate for a template kind this version does not know."""
        kind = artifact.get("template") or "plain"
        if kind not in ("plain", "jinja2"):
            raise UnsupportedTemplate(f"this version cannot render {kind!r} templates: update it")
        self._artifact = artifact
        self._inputs: Mapping[str, Mapping[str, Any]] = artifact.get("inputs") or {}
        self._variants: Mapping[str, Mapping[str, Any]] = artifact.get("variants") or {}
        self._plans: dict[str | None, _Plan] = {}
        # Model name as asked for → plan; filled as names are asked for.
        self._chosen: dict[str | None, _Plan] = {}
        self._base: _Plan | None = None

    def render(self, inputs: Mapping[str, Any], model: str | None = None) -> Messages:
        """The messages for `inputs`, in the variant for a model id or family.

        Every call gives new lists and dicts. Raises a RenderError naming the input at fault.
        """
        plan = self._chosen.get(model)
        if plan is None:
            plan = self._choose(model)
        return plan(inputs)

    def variant(self, model: str | None) -> str | None:
        """The key of the variant used for a model id or family, or None for the prompt itself."""
        return choose_variant(self._variants, model)

    def settings(self, model: str | None = None) -> tuple[str | None, dict[str, Any]]:
        """The model and the parameters in the variant for a model id or family."""
        said = self._variants.get(self.variant(model) or "", {})
        parameters = said.get("parameters")
        if parameters is None:
            parameters = self._artifact.get("parameters") or {}
        return said.get("model") or self._artifact.get("model"), dict(parameters)

    def _choose(self, model: str | None) -> _Plan:
        if model is not None and not isinstance(model, str):
            raise TypeError(
                f"model is a text, the id of a model or a family, not {type(model).__name__}"
            )
        key = self.variant(model)
        plan = self._plans.get(key)
        if plan is None:
            messages = self._artifact.get("messages") or []
            if key is not None:
                messages = self._variants[key].get("messages") or messages
            kind = self._artifact.get("template") or "plain"
            plan = self._plans[key] = _Plan(messages, self._inputs, kind)
        if len(self._chosen) > 256:  # names come from callers: keep the map small
            self._chosen.clear()
        self._chosen[model] = plan
        return plan


class _Plan:
    """One list of messages, compiled."""

    __slots__ = (
        "_expected",
        "_fields",
        "_fill",
        "_inputs",
        "_names",
        "_native",
        "_pick",
        "_simple",
    )

    def __init__(
        self, messages: Sequence[Any], inputs: Mapping[str, Mapping[str, Any]], kind: str
    ) -> None:
        self._inputs = inputs
        self._native = kind == "jinja2"
        self._fill = [_compile_message(message, kind) for message in messages]
        self._names = {m["placeholder"] for m in messages if "placeholder" in m}
        self._simple: list[tuple[str, str, Callable[[Any], Any] | None]] | None = None
        self._expected = len(inputs)
        texts = all(
            set(message) == {"role", "content"} and isinstance(message["content"], str)
            for message in messages
        )
        if kind == "plain" and texts and all(i.get("type") == "string" for i in inputs.values()):
            self._simple = [_format_of(message) for message in messages]
        names = tuple(inputs)
        self._pick: Callable[[Any], Any] | None = itemgetter(*names) if names else None

    def __call__(self, inputs: Mapping[str, Any]) -> Messages:
        simple = self._simple
        # The common case: all messages are texts, every input is a string and is given.
        if simple is not None and len(inputs) == self._expected:
            try:
                given = self._pick(inputs) if self._pick is not None else ()
            except KeyError:
                given = None
            if given is not None and _all_strings(given):
                return [
                    {"role": role, "content": text if pick is None else text % pick(inputs)}
                    for role, text, pick in simple
                ]
        return self._careful(inputs)

    def _careful(self, inputs: Mapping[str, Any]) -> Messages:
        values = self._check(inputs)
        texts = values if self._native else {k: _as_text(v) for k, v in values.items()}
        messages: Messages = []
        for fill in self._fill:
            fill(values, texts, messages)
        return messages

    def _check(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        declared = self._inputs
        for name in inputs:
            if name not in declared:
                known = ", ".join(declared) or "none"
                raise UnknownInput(
                    f"the prompt has no input {str(name)!r}; it has: {known}", str(name)
                )
        values: dict[str, Any] = {}
        for name, said in declared.items():
            value = inputs.get(name)
            if value is None:
                value = self._default(name, said)
            elif name in self._names:
                _check_messages(name, value)
            else:
                _check_type(name, said.get("type") or "string", value)
            values[name] = value
        return values

    def _default(self, name: str, said: Mapping[str, Any]) -> Any:
        if said.get("required", True):
            kind = said.get("type") or "string"
            raise MissingInput(f"the input {name!r} ({kind}) is required and was not given", name)
        default = said.get("default")
        if default is None:
            return [] if name in self._names else ""
        return default


def _all_strings(given: Any) -> bool:
    if type(given) is str:
        return True
    if type(given) is not tuple:
        return False
    for value in given:  # noqa: SIM110 - `all` with a generator takes three times as long
        if type(value) is not str:
            return False
    return True


def _format_of(message: Mapping[str, Any]) -> tuple[str, str, Callable[[Any], Any] | None]:
    """A message as role, printf-style format and the function that picks its arguments."""
    pieces: list[str] = []
    names: list[str] = []
    for segment in compile_template(message["content"]):
        if isinstance(segment, Variable):
            pieces.append("%s")
            names.append(segment.name)
        else:
            pieces.append(_literal(segment).replace("%", "%%"))
    if not names:
        return message["role"], "".join(pieces).replace("%%", "%"), None
    return message["role"], "".join(pieces), itemgetter(*names)


_Filler: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Any], Messages], None]


def _compile_message(message: Mapping[str, Any], kind: str) -> _Filler:
    if "placeholder" in message:
        name = message["placeholder"]

        def insert(values: Mapping[str, Any], texts: Mapping[str, Any], out: Messages) -> None:
            out.extend(dict(item) for item in values[name])

        return insert
    role = message["role"]
    extra = {k: v for k, v in message.items() if k not in ("role", "content")}
    fill = _compile_content(message.get("content"), kind)

    def append(values: Mapping[str, Any], texts: Mapping[str, Any], out: Messages) -> None:
        out.append({"role": role, "content": fill(texts), **_copy(extra)})

    return append


def _compile_content(content: Any, kind: str) -> Callable[[Mapping[str, Any]], Any]:
    """A function that fills every text in a message's content, however deep."""
    if isinstance(content, str):
        return _compile_text(content, kind)
    if isinstance(content, Mapping):
        fills = {
            key: (lambda texts, value=value: value)
            if key in ("type", "cache_control")
            else _compile_content(value, kind)
            for key, value in content.items()
        }
        return lambda texts: {key: fill(texts) for key, fill in fills.items()}
    if isinstance(content, list):
        parts = [_compile_content(part, kind) for part in content]
        return lambda texts: [fill(texts) for fill in parts]
    return lambda texts: content


def _compile_text(text: str, kind: str) -> Callable[[Mapping[str, Any]], str]:
    if kind == "jinja2":
        return _compile_jinja2(text)
    segments = compile_template(text)
    if not any(isinstance(segment, Variable) for segment in segments):
        whole = "".join(_literal(segment) for segment in segments)
        return lambda texts: whole

    def fill(texts: Mapping[str, Any]) -> str:
        return "".join(
            [texts[s.name] if isinstance(s, Variable) else _literal(s) for s in segments]
        )

    return fill


def _compile_jinja2(text: str) -> Callable[[Mapping[str, Any]], str]:
    try:
        inner = compile_text(text)
    except TemplateFault as fault:
        raise TemplateFailed(f"line {fault.line} of a message: {fault}") from None

    def fill(values: Mapping[str, Any]) -> str:
        try:
            return inner(values)
        except TemplateFault as fault:
            raise TemplateFailed(f"a Jinja2 message could not be filled: {fault}") from fault

    return fill


def _literal(segment: Text | Odd | Include | Variable) -> str:
    if isinstance(segment, Text | Odd):
        return segment.text
    raise UnsupportedTemplate(
        f"the artifact still includes the fragment {getattr(segment, 'target', '')!r}: it was not compiled"
    )


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _check_type(name: str, kind: str, value: Any) -> None:
    fits = {
        "string": lambda: isinstance(value, str),
        "boolean": lambda: isinstance(value, bool),
        "integer": lambda: isinstance(value, int) and not isinstance(value, bool),
        "number": lambda: isinstance(value, int | float) and not isinstance(value, bool),
        "array": lambda: isinstance(value, list | tuple),
        "object": lambda: isinstance(value, Mapping),
    }.get(kind)
    if fits is None:
        raise UnsupportedTemplate(f"the input {name!r} has the unknown type {kind!r}: update", name)
    if not fits():
        raise WrongInputType(f"the input {name!r} must be {kind}, not {type(value).__name__}", name)
    if kind in ("integer", "number", "array", "object"):
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise WrongInputType(f"the input {name!r} is not a JSON value: {error}", name) from None


def _check_messages(name: str, value: Any) -> None:
    if not isinstance(value, list | tuple):
        raise WrongInputType(
            f"the input {name!r} must be a list of messages, not {type(value).__name__}", name
        )
    for number, item in enumerate(value):
        if not isinstance(item, Mapping):
            kind = type(item).__name__
            way = "; pass what its model_dump() gives" if hasattr(item, "model_dump") else ""
            raise WrongInputType(f"{name}[{number}] is a {kind}, not a mapping{way}", name)
        if "role" not in item:
            raise WrongInputType(f"{name}[{number}] is not a message with a role", name)
        if not isinstance(item["role"], str) or item["role"] not in _ROLES:
            raise WrongInputType(f"{name}[{number}].role is {str(item['role'])[:60]!r}", name)
        if item.get("content") is None and item["role"] != "assistant":
            raise WrongInputType(f"{name}[{number}] ({item['role']}) has no content", name)
