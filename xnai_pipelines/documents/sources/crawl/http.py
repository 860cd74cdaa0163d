"""One request over HTTP, with limits: which addresses are reached, how long it takes, how much is read.

The address that a name resolves to is checked and then connected to, so a name that resolves to another address a
moment later gains nothing. No redirect is followed and no proxy is used. What is compressed is unpacked up to the
limit.
"""

import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Timer
from urllib.parse import urlsplit

from xnai_pipelines.errors import RequestFailedError

USER_AGENT = "xnai-pipelines (+https://pypi.org/project/xnai-pipelines)"
SECONDS = 60.0
SECONDS_TO_CONNECT = 15.0
_PIECE = 64 * 1024
_TRANSLATED = ip_network("64:ff9b::/96")  # IPv4 addresses behind NAT64


@dataclass(frozen=True, slots=True)
class Response:
    """What a server answered: names of headers in lower case, the body unpacked."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes


class HttpClient:
    """Sends GET requests, each over a connection of its own.

    Args:
        private_hosts: Hosts, without a port, that may have private addresses.
        max_bytes: Larger bodies fail.
        seconds: Max seconds of a request, from the look-up of the name to the last byte.
    """

    def __init__(self, private_hosts: frozenset[str], *, max_bytes: int, seconds: float) -> None:
        self._private_hosts = private_hosts
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._tls = ssl.create_default_context()

    def get(self, url: str, headers: dict[str, str] | None = None) -> Response:
        """Return the answer to a GET request.

        Raises:
            RequestFailedError: There is none within the limits.
        """
        connection = self._connection(url)
        expired: list[bool] = []
        timer = Timer(self._seconds, lambda: _cut(connection, expired))
        timer.daemon = True
        timer.start()
        parts = urlsplit(url)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", "Connection": "close", **(headers or {})}
            connection.request("GET", target, headers=sent)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            body = self._body(response, found.get("content-encoding", "").strip().lower())
        except (OSError, HTTPException, ValueError) as error:
            raise _failed(error, expired=bool(expired), seconds=self._seconds) from error
        finally:
            timer.cancel()
            connection.close()
        if expired:  # a body without a length looks complete when the connection is cut
            raise RequestFailedError(f"it took longer than {self._seconds:g} s", passing=True)
        return Response(url, response.status, found, body)

    def _connection(self, url: str) -> HTTPConnection:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        connect = self._connector(host)
        if parts.scheme == "https":
            return _Https(host, port or 443, connect, self._tls)
        return _Http(host, port or 80, connect)

    def _connector(self, host: str) -> Callable[[int], socket.socket]:
        def connect(port: int) -> socket.socket:
            deadline = time.monotonic() + SECONDS_TO_CONNECT
            error: OSError | None = None
            for address in self._addresses(host, port):
                try:
                    connected = socket.create_connection((address, port), max(0.1, deadline - time.monotonic()))
                except OSError as refused:
                    error = refused
                else:
                    connected.settimeout(self._seconds)
                    return connected
            raise error or OSError("it has no address")

        return connect

    def _addresses(self, host: str, port: int) -> Iterator[str]:
        """Yield the addresses of a host.

        Raises:
            RequestFailedError: One of them is private, and the host is not allowed to have such.
        """
        found = dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        for address in found:
            if host not in self._private_hosts and not is_public(address):
                raise RequestFailedError(
                    f"{host} has the private address {address}. If it is meant, name it in XNAI_PRIVATE_HOSTS",
                    passing=False,
                )
        yield from found

    def _body(self, response: HTTPResponse, encoding: str) -> bytes:
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise RequestFailedError(f"it is compressed as {encoding}, which was not asked for", passing=False)
        pieces = iter(lambda: response.read1(_PIECE), b"")
        body = limited(pieces, self._max_bytes, packed=encoding.endswith("gzip"))
        length = response.getheader("Content-Length")
        if response.length and length:  # bytes that were announced and did not come
            raise RequestFailedError("the connection was closed before the end", passing=True)
        return body


def limited(pieces: Iterator[bytes], max_bytes: int, *, packed: bool) -> bytes:
    """Return the pieces as one, unpacked by gzip if they are packed. Never holds more than the limit.

    Raises:
        RequestFailedError: They are larger than the limit, or damaged.
    """
    body = bytearray()
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if packed else None
    for piece in pieces:
        try:
            body += piece if unpack is None else unpack.decompress(piece, max_bytes + 1 - len(body))
        except zlib.error as error:
            raise RequestFailedError("it is not the gzip that it claims to be", passing=False) from error
        if len(body) > max_bytes or (unpack is not None and unpack.unconsumed_tail):
            raise RequestFailedError(f"it is larger than {max_bytes / 2**20:.3g} MB", passing=False)
    if unpack is not None and body and not unpack.eof:
        raise RequestFailedError("it ends within its compressed part", passing=True)
    return bytes(body)


def is_public(address: str) -> bool:
    """Return whether an address is on the internet, rather than in a private network, on this machine or reserved."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _TRANSLATED:
            inner = ip_address(int(found) & 0xFFFFFFFF)  # type: ignore[assignment]
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


class _Http(HTTPConnection):
    """A connection to an address that was checked."""

    def __init__(self, host: str, port: int, connect: Callable[[int], socket.socket]) -> None:
        super().__init__(host, port, timeout=SECONDS_TO_CONNECT)
        self._connect = connect

    def connect(self) -> None:
        self.sock = self._connect(self.port)


class _Https(HTTPSConnection):
    """The same with TLS; the certificate is checked against the name of the host."""

    def __init__(self, host: str, port: int, connect: Callable[[int], socket.socket], context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=SECONDS_TO_CONNECT, context=context)
        self._connect, self._tls = connect, context

    def connect(self) -> None:
        # the handshake by itself: the timer can cut a socket that has its place
        sock = self._connect(self.port)
        self.sock = self._tls.wrap_socket(sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock.do_handshake()


def _cut(connection: HTTPConnection, expired: list[bool]) -> None:
    """End a request from the timer's thread: a socket's own timeout begins again with each byte."""
    expired.append(True)
    if connection.sock is not None:
        with suppress(OSError):  # it ended by itself
            connection.sock.shutdown(socket.SHUT_RDWR)


def _failed(error: Exception, *, expired: bool, seconds: float) -> RequestFailedError:
    if expired or isinstance(error, TimeoutError):
        return RequestFailedError(f"it took longer than {seconds:g} s", passing=True)
    if isinstance(error, ssl.SSLCertVerificationError):
        return RequestFailedError(
            "its certificate is not trusted; SSL_CERT_FILE names your own authority", passing=False
        )
    if isinstance(error, socket.gaierror):
        return RequestFailedError("its host name cannot be resolved", passing=True)
    if isinstance(error, ConnectionRefusedError):
        return RequestFailedError("its host refuses connections", passing=True)
    return RequestFailedError(f"there was no answer ({type(error).__name__})", passing=True)
