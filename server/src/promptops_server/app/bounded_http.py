"""uvicorn's HTTP protocol with a limit on what comes before the body: it has none of its own, and nobody is signed in yet."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 256 * 1024
"""Bytes of a request line and its headers, give or take one piece as the network delivers it."""

_TEXT = b"The request line and headers are over 256 kB. Send less.\n"
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (len(_TEXT), _TEXT)
)


class BoundedHttp(HttpToolsProtocol):
    """One connection; closed when a head is over the limit."""

    _head = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head += len(data)
            if self._head > MAX_HEAD_BYTES:
                if not self.transport.is_closing():
                    self.transport.write(_REFUSAL)
                    self.transport.close()
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = True
        super().on_message_complete()
