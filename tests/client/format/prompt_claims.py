"""What must hold of any bytes given to the parser; checked by hypothesis here and by atheris in `tests/fuzz`."""

from __future__ import annotations

import json

from promptops.format import (
    CannotEdit,
    CannotWrite,
    MissingFeature,
    RenderError,
    behaviour_digest,
    compile_artifact,
    dump,
    edit,
    fragments,
    parse,
    render,
)
from promptops.format.editor import same
from promptops.lint.check import check


def claims_of(source: bytes) -> bool:
    """Check them all. True when the bytes are a valid prompt file."""
    parsed = parse(source)
    text = parsed.text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in parsed.problems:
        assert problem.message
        assert 1 <= problem.line <= len(lines), (problem, len(lines))
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 2, problem
    assert (parsed.file is None) == bool(parsed.errors)
    for finding in check(source).findings:
        assert 1 <= finding.line <= len(lines), finding
        assert finding.column >= 1
    if parsed.file is None:
        return False
    file = parsed.file
    # What is read can be written and reads the same.
    try:
        again = parse(dump(file.data))
    except CannotWrite as error:
        raise AssertionError(f"read but not written: {error}") from error
    assert again.file is not None, [str(p) for p in again.errors]
    assert same(again.file.data, file.data)
    whole = not fragments(file)
    assert not whole or behaviour_digest(again.file) == behaviour_digest(file)
    # An edit changes what it says and nothing else.
    try:
        changed = edit(text, {("description",): "edited"})
    except CannotEdit:
        pass
    else:
        read_back = parse(changed)
        assert read_back.file is not None, [str(p) for p in read_back.errors]
        assert same(read_back.file.data, {**file.data, "description": "edited"})
    if not whole:
        return True
    made = compile_artifact(file, project="p", path="a", version=1, commit="c" * 40)
    artifact = json.loads(made.text)
    assert artifact["behaviour"] == behaviour_digest(file)
    if (
        file.template == "jinja2"
    ):  # filling a template may take any time: that is the server's to limit
        return True
    for model in (None, *file.variants):
        try:
            render(artifact, {}, model=model)
        except (RenderError, MissingFeature):
            continue
    return True
