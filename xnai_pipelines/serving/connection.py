"""Connections: how uvicorn is set up, and limits on slow clients, for which it has none."""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0  # for the head of a request, from its first byte or the connection on
HEAD_BYTES = 32 * 1024
READ_SECONDS = 10.0  # for a client to read some of what waits for it
PROBES = (b"/health", b"/ready")
SPARE = 128  # connections beyond the limit that may still turn out to be probes
STOP_SECONDS = 10  # for requests that are being answered when the service is stopped


class BoundedConnection(HttpToolsProtocol):
    """Closes a connection whose client does not name what it wants in time, or does not read what it is sent.

    The name of what is wanted, the head of a request, has to fit a few kilobytes.
    """

    refused: ClassVar[int] = 0
    """Requests and connections of this process beyond the limit on connections."""

    _timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head, unless far too many are waited for: files are finite."""
        super().connection_made(transport)
        self._await_head()
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency + SPARE:
            BoundedConnection.refused += 1
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Take what the client sends."""
        super().data_received(data)
        if self._timer is not None:  # the head has begun and not ended
            self._received += len(data)
            if self._received > HEAD_BYTES:
                self.transport.close()

    def on_message_begin(self) -> None:
        """Wait for the rest of a head."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """Wait no longer: the body has limits of its own.

        A probe is answered beyond the limit on connections too: a restart would help nobody.
        """
        self._stop_waiting()
        limit = self.limit_concurrency
        if self.url in PROBES:
            self.limit_concurrency = None
        elif limit is not None and max(len(self.connections), len(self.tasks)) >= limit:
            BoundedConnection.refused += 1
        super().on_headers_complete()
        self.limit_concurrency = limit

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._unread_timer = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Wait no longer: it has read."""
        self._stop_waiting_for_reading()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        self._stop_waiting_for_reading()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._timer is None:
            self._received = 0
            self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_waiting_for_reading(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None


OPTIONS: dict[str, Any] = {
    "http": BoundedConnection,
    "access_log": False,
    "log_level": "warning",
    "server_header": False,
    "proxy_headers": False,
    "timeout_keep_alive": 15,
    "timeout_graceful_shutdown": STOP_SECONDS,
    "limit_concurrency": 512,
}
"""Options of uvicorn, beside addresses and certificates."""


def behind(proxies: tuple[str, ...]) -> dict[str, Any]:
    """Return the options of a service behind these proxies; they alone may say who asks, and over which scheme."""
    return {**OPTIONS, "proxy_headers": bool(proxies), "forwarded_allow_ips": list(proxies)}
