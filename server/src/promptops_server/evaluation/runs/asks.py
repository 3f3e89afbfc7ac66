"""From a case to the request a target is sent: rendering in this process where that is only copying.

Owns which variant a target gets and the words when a case cannot be rendered. Text that is code (Jinja2) is rendered
in limited processes, once per target and case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from promptops.calls.ask import Ask, copied
from promptops.errors import CannotExpress
from promptops.format import MissingFeature, Renderer, RenderError
from promptops_server.evaluation.model import Case
from promptops_server.infra.problems import ProblemError
from promptops_server.providers.model import Target
from promptops_server.registry.rendering.limited import LimitedRenderer, Refused
from promptops_server.registry.rendering.render import Asked, prepare


class CannotAsk(Exception):
    """A case that cannot be rendered for a target; the sentence names case and input."""


class Asks:
    """The requests of one artifact. Safe in any thread."""

    def __init__(self, artifact: Mapping[str, Any], limited: LimitedRenderer) -> None:
        self._artifact = artifact
        self._limited = limited
        self._name = f"{artifact.get('project')}/{artifact.get('path')}"
        text = json.dumps(artifact)
        self._size = len(text)
        self._places = text.count("{{") + text.count('"placeholder"')
        self._code = artifact.get("template") == "jinja2"
        self._renderer = None if self._code else Renderer(artifact)

    def of(self, target: Target, case: Case) -> Ask:
        """What this target is asked for this case.

        Raises:
            CannotAsk: an input is missing, unknown or of a wrong type, or the template fails.
        """
        wanted = target.catalogue_id or target.model
        try:
            request = prepare(self._artifact, Asked(inputs=case.inputs, model=wanted))
            messages, parameters = self._rendered(request, wanted)
        except (RenderError, MissingFeature, CannotExpress, Refused) as error:
            raise CannotAsk(f"case {case.name}: {error}") from None
        except ProblemError as problem:
            raise CannotAsk(f"case {case.name}: {problem.detail}") from None
        artifact = self._artifact
        return Ask(
            name=self._name,
            model=target.model,
            messages=messages,
            parameters=copied(parameters),
            tools=copied(artifact.get("tools") or []),
            response_format=artifact.get("responseFormat"),
            json_schema=copied(artifact.get("jsonSchema")) or None,
        )

    def _rendered(
        self, request: Mapping[str, Any], wanted: str
    ) -> tuple[list[dict[str, Any]], Mapping[str, Any]]:
        if self._renderer is not None and self._is_small(request["inputs"]):
            _, parameters = self._renderer.settings(wanted)
            return self._renderer.render(request["inputs"], wanted), parameters
        document = self._limited.render(request)
        return document["messages"], document["parameters"]

    def _is_small(self, inputs: Mapping[str, Any]) -> bool:
        given = len(json.dumps(inputs))
        return self._size + self._places * (given + self._size) <= self._limited.limits.output_bytes
