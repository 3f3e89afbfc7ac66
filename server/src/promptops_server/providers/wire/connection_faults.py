"""What a broken connection means, in words an operator can act on."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from promptops_server.providers.model import CallError, Fault

if TYPE_CHECKING:
    import aiohttp


class Unsent(CallError):
    """The request never reached the endpoint: nothing can have been charged for it."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(fault, detail, sent=False)


class Hopeless(Unsent):
    """One that another attempt does not mend, though its word is one that is tried again."""


def connection_fault(error: Exception, url: str, seconds: float) -> CallError:
    """The fault for what aiohttp raised. No header and no query is in its sentence.

    Args:
        seconds: how long the attempt had taken.
    """
    import aiohttp  # a server that calls nothing does without its memory

    host = urlsplit(url).netloc.rpartition("@")[2]
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Unsent("network", f"{host} did not take a connection in time.")
    if isinstance(error, TimeoutError):
        return CallError("time_out", f"{host} gave no whole answer within {seconds:.1f} seconds.")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        if error.status == 407:
            return Hopeless(
                "network", "The proxy asks for a password: see the setting models.proxy."
            )
        return Unsent("network", f"The proxy does not lead to {host}: status {error.status}.")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return _untrusted(error, host)
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return Unsent(
            "network",
            f"The proxy {error.host}:{error.port} takes no connection: {_reason(error.os_error)}.",
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Unsent("network", f"The name {urlsplit(url).hostname} has no address now.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return Unsent("network", f"{host} takes no connection: {_reason(error.os_error)}.")
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return Hopeless("network", "The target's base_url is no http:// or https:// address.")
    if isinstance(error, aiohttp.ClientResponseError):
        return CallError("bad_answer", f"What {host} answers is no proper HTTP.")
    if isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError | OSError):
        return CallError("network", f"{host} closed the connection before its answer was whole.")
    return Hopeless("network", f"The request cannot be sent: {type(error).__name__}.")


def _untrusted(error: aiohttp.ClientConnectorError, host: str) -> CallError:
    inner = getattr(error, "certificate_error", None) or error.os_error
    if isinstance(inner, ssl.SSLCertVerificationError):
        why = f"The certificate of {host} is not trusted: {inner.verify_message}."
        return Hopeless(
            "network", f"{why} For authorities of your own there is the setting models.ca_file."
        )
    if isinstance(inner, ssl.SSLError) and inner.reason == "WRONG_VERSION_NUMBER":
        return Hopeless("network", f"{host} speaks no TLS: does its address begin with http://?")
    return Unsent("network", f"No TLS connection to {host}: {_reason(inner)}.")


def _reason(error: BaseException) -> str:
    code = getattr(error, "errno", None)
    if isinstance(code, int) and code > 0 and not isinstance(error, ssl.SSLError):
        return os.strerror(
            code
        ).lower()  # asyncio's own sentence holds Python's form of the address
    text = getattr(error, "reason", None) or getattr(error, "strerror", None) or "it failed"
    return str(text).lower().replace("_", " ")
