"""A webhook: batches of events as JSON over HTTPS, signed as the Standard Webhooks specification says.

`webhook-signature` is ``v1,`` and the base64 HMAC-SHA256 over ``id.timestamp.body``; `webhook-id` is the same when a
batch is sent again, so that the receiver can tell.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from promptops_server.audit.outputs.batch import Batch, NotSent

_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver at an ``https://`` address."""

    address: str
    secret: str
    ca_file: Path | None = None
    name: str = "webhook"

    def send(self, batch: Batch) -> None:
        """Send a batch; any answer of 200 to 299 says that it was taken. Raises NotSent."""
        body = json.dumps(
            {
                "log_id": batch.of.log_id,
                "name": batch.of.name,
                "events": list(batch.entries),
                "checkpoints": list(batch.checkpoints),
            },
            separators=(",", ":"),
        ).encode()
        parts = urlsplit(self.address)
        try:
            status = self._post(
                parts.scheme, parts.netloc.rpartition("@")[2], _path(parts), body, _id(batch)
            )
        except (OSError, http.client.HTTPException) as error:
            raise NotSent(f"{parts.hostname}: {error}") from None
        if not 200 <= status < 300:
            raise NotSent(f"{parts.hostname} answered {status}")

    def _post(self, scheme: str, host: str, path: str, body: bytes, name: str) -> int:
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "promptops-audit",
            "webhook-id": name,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(self.secret, name, stamp, body),
        }
        connection: http.client.HTTPConnection
        if scheme == "https":
            context = ssl.create_default_context(cafile=self.ca_file)
            connection = http.client.HTTPSConnection(host, timeout=_SECONDS, context=context)
        else:
            connection = http.client.HTTPConnection(host, timeout=_SECONDS)
        try:
            connection.request("POST", path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


def signature(secret: str, name: str, stamp: str, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = hmac.new(secret.encode(), f"{name}.{stamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(signed.digest()).decode()


def _id(batch: Batch) -> str:
    seqs = f"{batch.entries[0]['seq']}-{batch.entries[-1]['seq']}" if batch.entries else "none"
    sizes = "-".join(str(json.loads(c["text"])["size"]) for c in batch.checkpoints[-1:])
    return f"{batch.of.log_id}:{seqs}:{sizes or 0}"


def _path(parts: object) -> str:
    path = getattr(parts, "path", "") or "/"
    query = getattr(parts, "query", "")
    return f"{path}?{query}" if query else path
