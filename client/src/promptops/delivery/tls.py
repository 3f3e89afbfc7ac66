"""Whom a connection to the server trusts.

Reading the certificate authorities of a machine takes 15 ms of CPU, so what was read is shared by the connections of a
process and read again every hour, or at once when the file that is given has changed.
"""

from __future__ import annotations

import os
import ssl
import time
from functools import lru_cache

_FRESH_SECONDS = 3600
_PROXIES = ("http_proxy", "all_proxy")  # which may themselves be reached over TLS


def context_for(url: str, ca_file: str | None) -> ssl.SSLContext:
    """The context for a connection to this address; one that trusts nobody where there is no TLS.

    Raises OSError or ssl.SSLError when `ca_file` cannot be read.
    """
    if not url.startswith("https:") and not any(name.lower() in _PROXIES for name in os.environ):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies, and knows no authority
    changed = 0 if ca_file is None else os.stat(ca_file).st_mtime_ns
    return _read(ca_file, changed, int(time.monotonic() // _FRESH_SECONDS))


@lru_cache(maxsize=4)
def _read(ca_file: str | None, _changed: int, _hour: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)
