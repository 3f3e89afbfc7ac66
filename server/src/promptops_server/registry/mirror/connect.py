"""Begins a conversation with a mirror's host, over HTTPS or SSH as its address says, and ends it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from promptops_server.registry.mirror.address import Address
from promptops_server.registry.mirror.credentials import Secret
from promptops_server.registry.mirror.http_remote import HttpRemote
from promptops_server.registry.mirror.model import Credentials
from promptops_server.registry.mirror.remote import Limits, Remote
from promptops_server.registry.mirror.ssh_remote import SshRemote


@contextmanager
def conversation(
    address: Address, credentials: Credentials, secret: Secret, limits: Limits
) -> Iterator[Remote]:
    """A conversation that is closed at the end of the block. Raises PushFailed."""
    deadline = time.monotonic() + limits.push_seconds
    kind = SshRemote if address.scheme == "ssh" else HttpRemote
    remote: Remote = kind(address, credentials, secret, limits, deadline)
    try:
        yield remote
    finally:
        remote.close()
