"""The packages named in PROMPTOPS_PLUGINS, tried when the server starts: a bad one stops the start, in one line."""

from __future__ import annotations

from promptops_server.infra.settings import SettingsError
from promptops_server.providers.kinds.registry import (
    VARIABLE,
    BadProvider,
    all_providers,
    plugins_named,
)


def check_plugins() -> None:
    """Load everything the named packages bring; without any nothing is imported.

    Raises:
        SettingsError: a package is not there, cannot be loaded, or brings what cannot be used.
    """
    if not plugins_named():
        return
    from promptops_server.evaluation.checks import all_evaluators  # memory an idle server saves
    from promptops_server.evaluation.evaluators.python import installed
    from promptops_server.evaluation.plugins import BadPlugin

    try:
        all_providers(plugins_named())
        all_evaluators()
        installed()
    except (BadProvider, BadPlugin) as error:
        said = " ".join(str(error).split())
        raise SettingsError(f"{VARIABLE} is not usable. {said}") from None
