"""The program of the process that serves one model file. It imports xllamacpp and the standard library alone.

Run by path, isolated and without environment. Standard input: one line of JSON that says what to serve, then nothing;
its end means that the server has ended, however it did, and so does this process. Standard output: one line of JSON,
`{"url": …}`, once requests are answered. What the runtime prints before that explains a failure; afterwards nothing is
kept, since it could speak of prompts.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any


def main() -> None:
    """Serve until standard input ends."""
    _keep_no_dumps()
    said = json.loads(sys.stdin.buffer.readline())
    # Armed before loading, which takes long for a big file.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    server = _server(said)
    address = server.listening_address
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    sys.stdout.write(json.dumps({"url": address}) + "\n")
    sys.stdout.flush()
    os.dup2(silence, 1)
    threading.Event().wait()


def _server(said: dict[str, Any]) -> Any:
    from xllamacpp import CommonParams, Server  # type: ignore[import-untyped]

    params = CommonParams()
    params.model.path = said["file"]
    params.model_alias = {said["model"]}
    params.n_ctx = said["context"]
    params.cpuparams.n_threads = said["threads"]
    params.cpuparams_batch.n_threads = said["threads"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [said["key"]]
    # One answer at a time, from an empty cache: the same request then gives the same answer, and memory stays as it is.
    params.n_parallel = 1
    params.cache_prompt = False
    params.cache_ram_mib = 0
    params.n_threads_http = 2
    params.endpoint_slots = True
    params.ui = False
    params.offline = True
    return Server(params)


def _end_with_parent() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def _keep_no_dumps() -> None:
    """A dump of memory would hold prompts."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
