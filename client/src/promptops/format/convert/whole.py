"""A prompt file with its fragments' text in place, as formats without fragments need it."""

from __future__ import annotations

from ..fragment import FragmentError, Loader, fragments
from ..model import PromptFile
from ..parser import parse
from ..resolving import resolve_fragments
from ..yaml_text import dump


def whole(file: PromptFile, text: str, load: Loader) -> tuple[PromptFile, str]:
    """The file and its text, the same where it includes nothing. Raises FragmentError."""
    if not fragments(file):
        return file, text
    resolved = resolve_fragments(file, load)
    data = {**file.data, "messages": [message.to_json() for message in resolved.messages]}
    for key, variant in resolved.variants.items():
        if variant.messages is not None:
            messages = [message.to_json() for message in variant.messages]
            data["variants"] = {
                **data["variants"],
                key: {**data["variants"][key], "messages": messages},
            }
    if file.inputs_declared:
        data["inputs"] = {
            name: file.data["inputs"].get(name) or {"type": item.type, "required": item.required}
            for name, item in resolved.inputs.items()
        }
    made = dump(data)
    parsed = parse(made)
    if parsed.file is None:
        raise FragmentError(parsed.errors[0].message)
    return parsed.file, made
