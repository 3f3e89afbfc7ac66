"""One live prompt, as an application uses it: its members, rendering, and arguments for
provider SDKs.

Owns reading an artifact's text, once and when first asked. Leaves rendering to
`format.Renderer`, providers' terms to `calls`, and whether the text is genuine to
`delivery.verify`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from promptops.calls.ask import ask_of, copied
from promptops.errors import InvalidArtifact

if TYPE_CHECKING:
    from promptops.calls.ask import Ask
    from promptops.format import Renderer


class Prompt:
    """One version of a prompt, live in an environment. Immutable, safe to share between threads.

    `release` is the number of the release that put it there, 0 for a fallback or one not released.
    Members that hold lists or mappings give a copy each time.
    """

    __slots__ = ("_members", "_renderer", "_text", "digest", "environment", "release")

    def __init__(self, text: str, *, environment: str, release: int, digest: str) -> None:
        """`text` is an artifact's exact text; it is read when first needed."""
        self._text = text
        self._members: dict[str, Any] | None = None
        self._renderer: Renderer | None = None
        self.environment = environment
        self.release = release
        self.digest = digest

    @property
    def address(self) -> str:
        """`project/module/prompt`."""
        return f"{self.project}/{self.path}"

    @property
    def project(self) -> str:
        """The project's name."""
        return str(self._read()["project"])

    @property
    def path(self) -> str:
        """The address without the project."""
        return str(self._read()["path"])

    @property
    def version(self) -> int:
        """The version's number at this address; 0 for a fallback."""
        return int(self._read()["version"])

    @property
    def commit(self) -> str:
        """The Git commit of the version, in hexadecimal; empty for a fallback."""
        return str(self._read().get("commit") or "")

    @property
    def behaviour(self) -> str:
        """The digest of everything a model can receive; empty for a fallback."""
        return str(self._read().get("behaviour") or "")

    @property
    def model(self) -> str | None:
        """The model id the prompt was written for, or None."""
        model = self._read().get("model")
        return None if model is None else str(model)

    @property
    def parameters(self) -> dict[str, Any]:
        """The model parameters as the prompt file spells them (`maxTokens`, `temperature`, …)."""
        return self._mapping("parameters")

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages before rendering, placeholders included."""
        return self._list("messages")

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The functions a model may call: name, description, JSON schema of the parameters."""
        return self._list("tools")

    @property
    def response_format(self) -> str | None:
        """`text`, `json_object`, `json_schema`, or None when the prompt does not say."""
        form = self._read().get("responseFormat")
        return None if form is None else str(form)

    @property
    def json_schema(self) -> dict[str, Any] | None:
        """Name and schema of the answer, for the response format `json_schema`."""
        return self._mapping("jsonSchema") or None

    @property
    def inputs(self) -> dict[str, dict[str, Any]]:
        """The variables by name: type, whether required, default, description."""
        return self._mapping("inputs")

    @property
    def retrieval(self) -> dict[str, Any] | None:
        """The knowledge-base binding, or None."""
        return self._mapping("retrieval") or None

    @property
    def requires(self) -> tuple[str, ...]:
        """The optional features this prompt needs (`jinja2`)."""
        return tuple(self._read().get("requires") or ())

    @property
    def artifact(self) -> str:
        """The artifact's exact text, whose SHA-256 is `digest`."""
        return self._text

    def render(
        self, inputs: Mapping[str, Any] | None = None, /, *, model: str | None = None, **more: Any
    ) -> list[dict[str, Any]]:
        """The messages for these inputs, new lists and dicts each time.

        `model` (an id or a family such as `claude`) chooses the variant; a variable that is called
        `model` goes through the mapping. Raises `format.RenderError` naming the input at fault.
        """
        renderer = self._renderer
        if renderer is None:
            renderer = self._make_renderer()
        if type(inputs) is not dict and not isinstance(inputs, Mapping | None):
            raise TypeError(
                f"inputs are a mapping of names to values, such as {{'claim': 'Hail'}}, not {type(inputs).__name__}"
            )
        if more:
            inputs = more if inputs is None else _together(inputs, more)
        return renderer.render(inputs if inputs is not None else {}, model)

    def for_openai(
        self,
        inputs: Mapping[str, Any] | None = None,
        /,
        *,
        model: str | None = None,
        **overrides: Any,
    ) -> dict[str, Any]:
        """Keyword arguments for `client.chat.completions.create` of the OpenAI SDK.

        `model` is the id to call and chooses the variant; a family name alone chooses the
        variant and calls the id configured for it. `overrides` replace whole arguments
        (`stream=True`). How parameters are spelled is said in `promptops.calls.openai`. Raises
        `CannotExpress`, and what `render` raises.
        """
        from promptops.calls.openai import for_openai

        return for_openai(self._ask(inputs, model), overrides)

    def for_anthropic(
        self,
        inputs: Mapping[str, Any] | None = None,
        /,
        *,
        model: str | None = None,
        max_tokens: int | None = None,
        **overrides: Any,
    ) -> dict[str, Any]:
        """Keyword arguments for `client.messages.create` of the Anthropic SDK.

        `max_tokens` defaults to the prompt's `maxTokens`, else 1024. Everything else as in
        `for_openai`; what is put where is said in `promptops.calls.anthropic`.
        """
        from promptops.calls.anthropic import for_anthropic

        return for_anthropic(self._ask(inputs, model), max_tokens, overrides)

    def __reduce__(self) -> tuple[Callable[[str, str, int, str], Prompt], tuple[Any, ...]]:
        """Another process may have it: only its text goes there, not what was made of it here."""
        return _again, (self._text, self.environment, self.release, self.digest)

    def __repr__(self) -> str:
        return (
            f"<Prompt {self.address}@{self.version} in {self.environment}, release {self.release}>"
        )

    def _ask(self, inputs: Mapping[str, Any] | None, model: str | None) -> Ask:
        messages = self.render(inputs, model=model)
        assert self._renderer is not None
        return ask_of(self._read(), self._renderer, messages, model)

    def _make_renderer(self) -> Renderer:
        from promptops.format import Renderer

        self._renderer = Renderer(self._read())
        return self._renderer

    def _read(self) -> dict[str, Any]:
        members = self._members
        if members is None:
            try:
                members = json.loads(self._text)
            except ValueError as error:
                raise InvalidArtifact(f"the artifact is not JSON: {error}") from None
            if not isinstance(members, dict) or not {"project", "path", "version"} <= set(members):
                raise InvalidArtifact("the artifact has no project, path or version")
            self._members = members
        return members

    def _mapping(self, name: str) -> dict[str, Any]:
        return dict(copied(self._read().get(name) or {}))

    def _list(self, name: str) -> list[dict[str, Any]]:
        return list(copied(self._read().get(name) or []))


def _again(text: str, environment: str, release: int, digest: str) -> Prompt:
    return Prompt(text, environment=environment, release=release, digest=digest)


def _together(inputs: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    twice = [name for name in more if name in inputs]
    if twice:
        raise TypeError(f"the input {twice[0]!r} is given in the mapping and as a keyword")
    return {**inputs, **more}
