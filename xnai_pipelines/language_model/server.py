"""A server with OpenAI's chat protocol, read as it writes, within a time limit.

A circuit breaker (purgatory) leaves a server alone for a minute after five consecutive failures. The standard library
sends the request: no redirect is followed, and neither address nor key is written to a log.
"""

import json
import math
import socket
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from queue import Empty, Queue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from xnai_pipelines.errors import NoReplyError
from xnai_pipelines.language_model.completion import Completion, Usage

FAILURES = 5
PAUSE_SECONDS = 60
LEFT_ALONE = f"is left alone for {PAUSE_SECONDS} s after {FAILURES} consecutive failures"
_PIECE_BYTES = 65_536


@cache
def _breakers() -> Any:
    # if redis is installed, purgatory imports it, used or not: half a second of a start
    from purgatory import SyncCircuitBreakerFactory

    return SyncCircuitBreakerFactory(default_threshold=FAILURES, default_ttl=PAUSE_SECONDS)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a reply ended: "" or why it broke off or never came, and the tokens that the server counted."""

    failure: str = ""
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class ChatServer:
    """A server, and how it is asked.

    Attributes:
        url: Base of the protocol, such as http://127.0.0.1:8000/v1.
        model: Name of the model that the server knows.
        api_key: Key that is sent as a bearer token, None for none.
        seconds: Max time of a reply.
        max_tokens: Max length of a reply, in tokens of the model.
        ends: When all replies have to be over, by `time.monotonic`; None limits each alone.
    """

    url: str = field(repr=False)
    model: str
    api_key: SecretStr | None = None
    seconds: float = 20.0
    max_tokens: int = 400
    ends: float | None = None

    @property
    def address(self) -> str:
        """Where completions are asked for."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, f"{parts.path.rstrip('/')}/chat/completions", "", ""))

    def wanted(self, messages: list[dict[str, str]]) -> dict[str, Any]:
        """Return the body of a request."""
        return {"model": self.model, "messages": messages, "max_tokens": self.max_tokens, "temperature": 0}

    def headers(self) -> dict[str, str]:
        """Return the headers of a request."""
        headers = {"Content-Type": "application/json"}
        if self.api_key is not None:
            headers["Authorization"] = f"Bearer {self.api_key.get_secret_value()}"
        return headers

    def reply(self, messages: list[dict[str, str]]) -> Generator[str, None, Ended]:
        """Yield what the model writes as it comes; return how it ended. Never raises, never exceeds `seconds`.

        Closing the generator closes the connection, and most servers stop writing then. It says nothing of the server.
        """
        from purgatory.domain.model import OpenedState

        breaker = _breakers().get_breaker(self.url)
        try:
            breaker.__enter__()
        except OpenedState as error:
            error.__traceback__ = None  # purgatory raises the same object every time
            return Ended(LEFT_ALONE)
        try:
            usage = yield from self._within_limit(messages)
        except NoReplyError as error:
            breaker.__exit__(type(error), error, None)
            return Ended(str(error))
        breaker.__exit__(None, None, None)
        return Ended(usage=usage)

    def whole_reply(self, messages: list[dict[str, str]]) -> tuple[str, Ended]:
        """Return what the model writes, and how it ended. Never raises, never exceeds `seconds`."""
        reply, parts = self.reply(messages), list[str]()
        while True:
            try:
                parts.append(next(reply))
            except StopIteration as end:
                return "".join(parts), end.value

    def _within_limit(self, messages: list[dict[str, str]]) -> Generator[str, None, Usage | None]:
        """Yield the reply; a socket's timeout holds for each wait only, and not for name look-ups."""
        ends = min(time.monotonic() + self.seconds, math.inf if self.ends is None else self.ends)
        exchange = _Exchange(self)
        Thread(target=exchange.run, args=(messages,), name="language-model", daemon=True).start()
        try:
            while True:
                left = ends - time.monotonic()
                if left <= 0:  # also while parts are waiting to be read
                    raise late(self.seconds)
                try:
                    one = exchange.received.get(timeout=left)
                except Empty:
                    raise late(self.seconds) from None
                if isinstance(one, NoReplyError):
                    raise one
                if not isinstance(one, str):
                    return one
                yield one
        finally:
            exchange.stop()


class _Exchange:
    """One request in a thread of its own: `received` gets parts of the reply, then its usage or why it failed."""

    def __init__(self, server: ChatServer) -> None:
        parts = urlsplit(server.address)
        connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._server = server
        self._path = parts.path
        self._connection = connect(parts.hostname or "", parts.port, timeout=server.seconds)
        self._socket: socket.socket | None = None  # the connection lets go of it while a reply is read
        self.received: Queue[str | Usage | NoReplyError | None] = Queue()

    def run(self, messages: list[dict[str, str]]) -> None:
        """Send the request and pass on what comes."""
        body = {**self._server.wanted(messages), "stream": True, "stream_options": {"include_usage": True}}
        try:
            try:
                self._connection.request("POST", self._path, json.dumps(body).encode(), self._server.headers())
                self._socket = self._connection.sock
                with self._connection.getresponse() as response:
                    usage = self._read(response)
            finally:
                self._connection.close()
            self.received.put(usage)
        except NoReplyError as error:
            self.received.put(error)
        except TimeoutError:
            self.received.put(late(self._server.seconds))
        except (OSError, HTTPException, ValueError) as error:
            self.received.put(NoReplyError(f"cannot be reached ({type(error).__name__})"))

    def stop(self) -> None:
        """Wake the thread if it still waits for the server; it then ends."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _read(self, response: HTTPResponse) -> Usage | None:
        """Pass on the text of a reply, streamed or whole; return its usage."""
        if response.status != HTTPStatus.OK:
            raise NoReplyError(f"answered with status {response.status}")
        completion = Completion()
        for data in _pieces(response):
            for text in completion.feed(data):
                self.received.put(text)
            if completion.ended:
                break
        if text := completion.end():
            self.received.put(text)
        return completion.usage


def _pieces(response: HTTPResponse) -> Iterator[bytes]:
    """Yield what has come of a response, until it ends or breaks off."""
    with suppress(IncompleteRead):
        while data := response.read1(_PIECE_BYTES):
            yield data


def late(seconds: float) -> NoReplyError:
    """Return the failure of a server that did not reply in time."""
    return NoReplyError(f"did not reply within {seconds:g} s")
