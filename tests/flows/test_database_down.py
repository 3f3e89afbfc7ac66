"""PostgreSQL goes away under a running server: 503 with when to try again, and everything works once it is back."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import make_url

from support.server import RunningServer


class Cable:
    """A Unix socket that leads to PostgreSQL's, and can be pulled out."""

    def __init__(self, folder: Path, target: str) -> None:
        folder.mkdir()
        self._address = str(folder / ".s.PGSQL.5432")
        self._target = target
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []

    def plug(self) -> None:
        """Connect."""
        Path(self._address).unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self._address)
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def pull(self) -> None:
        """Cut every connection, and take no more."""
        Path(self._address).unlink(missing_ok=True)
        for one in [self._listener, *self._open]:
            if one is not None:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._target)
                self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


def test_without_its_database_the_server_says_so_and_recovers(
    postgres_url: str, tmp_path: Path, start_server: Callable[..., RunningServer]
) -> None:
    url = make_url(postgres_url)
    folder = tmp_path / "cable"
    cable = Cable(folder, f"{url.query['host']}/.s.PGSQL.5432")
    cable.plug()
    through = url.update_query_dict({"host": str(folder)}).render_as_string(hide_password=False)
    server = start_server("--database-url", through)
    prompt = b"messages:\n  - role: user\n    content: hi\n"
    yaml = {"content-type": "application/yaml"}
    with server.api(server.token("root", "admin")) as api:
        assert api.post("/projects", json={"name": "bank"}).status_code == 201
        assert api.put("/projects/bank/prompts/a", content=prompt, headers=yaml).is_success
        publish = {"prompts": [{"path": "a"}], "reason": "First"}
        assert api.post("/projects/bank/environments/staging/releases", json=publish).is_success
        live = f"{server.url}/delivery/v1/bank/staging"
        assert api.get(live).status_code == 200

        cable.pull()
        time.sleep(2.1)  # a verified token is remembered for two seconds
        refusals = [
            api.get("/me"),
            api.get("/projects"),
            api.put("/projects/bank/prompts/b", content=prompt, headers=yaml),
            api.post("/projects/bank/environments/staging/releases", json=publish),
            api.get(live),
            api.get(f"{server.url}/readyz"),
        ]
        assert [answer.status_code for answer in refusals] == [503] * len(refusals)
        for answer in refusals[:-1]:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"] and answer.json()["remedy"]
        assert api.get(f"{server.url}/healthz").status_code == 200

        cable.plug()
        deadline = time.monotonic() + 15
        while api.get(f"{server.url}/readyz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert api.get("/projects/bank/prompts/b").status_code == 404  # nothing half-stored
        assert api.put("/projects/bank/prompts/b", content=prompt, headers=yaml).status_code == 201
        publish = {"prompts": [{"path": "b"}], "reason": "Second"}
        made = api.post("/projects/bank/environments/staging/releases", json=publish)
        assert (made.status_code, made.json()["number"]) == (201, 2)
        while api.get(f"{live}/prompts/b").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
