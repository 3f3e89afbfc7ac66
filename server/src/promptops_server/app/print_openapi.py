"""Print the API's OpenAPI description as the console's types are made from it: without the refusals, which are all alike.

python -m promptops_server.app.print_openapi > openapi.json
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from promptops_server.app import migrate
from promptops_server.app.api import http_parts
from promptops_server.app.data_dir import prepare
from promptops_server.app.http import fastapi_app
from promptops_server.app.installation import ensure_installation
from promptops_server.app.wiring import Services
from promptops_server.infra import logging, settings
from promptops_server.infra.database import Database


def description() -> dict[str, Any]:
    """The description of an installation with default settings, in a directory of its own that is removed again."""
    with tempfile.TemporaryDirectory() as folder:
        defaults = settings.load({"data_dir": Path(folder) / "data"}, environ={})
        prepare(defaults.data_dir)
        database = Database(defaults.database_url)
        migrate.upgrade_apart(defaults.database_url)
        ensure_installation(database)
        services = Services(defaults, database, "description")
        try:
            document = fastapi_app(http_parts(services)).openapi()
        finally:
            services.stop()
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"] = {
                status: answer
                for status, answer in operation["responses"].items()
                if status.startswith("2")
            }
    return document


if __name__ == "__main__":
    logging.configure("warning", "json")
    json.dump(description(), sys.stdout, ensure_ascii=False, indent=1, sort_keys=True)
