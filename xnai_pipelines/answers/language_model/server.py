"""A server with OpenAI's chat protocol, asked within a time limit.

A circuit breaker (purgatory) leaves a server alone for a minute after five consecutive failures. The standard library
sends the request: no redirect is followed, and neither address nor key is written to a log.
"""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, Queue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from purgatory import SyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from pydantic import SecretStr

FAILURES = 5
PAUSE_SECONDS = 60
MOST_BYTES = 1_000_000

_breakers = SyncCircuitBreakerFactory(default_threshold=FAILURES, default_ttl=PAUSE_SECONDS)


class NoReplyError(Exception):
    """The server sent no completion; the message says why without its address."""


@dataclass(frozen=True, slots=True)
class ChatServer:
    """A server, and how it is asked.

    Attributes:
        url: Base of the protocol, such as http://127.0.0.1:8000/v1.
        model: Name of the model that the server knows.
        api_key: Key that is sent as a bearer token, None for none.
        seconds: Max time of a reply.
        max_tokens: Max length of a reply, in tokens of the model.
    """

    url: str = field(repr=False)
    model: str
    api_key: SecretStr | None = None
    seconds: float = 20.0
    max_tokens: int = 400

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

    def reply(self, messages: list[dict[str, str]]) -> tuple[str, str]:
        """Return what the model wrote, and "" or why it wrote nothing. Never raises, never exceeds `seconds`."""
        breaker = _breakers.get_breaker(self.url)
        try:
            with breaker:
                return self._within_limit(messages), ""
        except NoReplyError as error:
            return "", str(error)
        except OpenedState as error:
            error.__traceback__ = None  # purgatory raises the same object every time
            return "", f"is left alone for {PAUSE_SECONDS} s after {FAILURES} consecutive failures"

    def _within_limit(self, messages: list[dict[str, str]]) -> str:
        """Return the reply; a socket's timeout holds for each wait only, and not for name look-ups."""
        ended: Queue[str | NoReplyError] = Queue(1)
        Thread(target=lambda: ended.put(self._exchange(messages)), name="language-model", daemon=True).start()
        try:
            outcome = ended.get(timeout=self.seconds)
        except Empty:
            raise late(self.seconds) from None
        if isinstance(outcome, NoReplyError):
            raise outcome
        return outcome

    def _exchange(self, messages: list[dict[str, str]]) -> "str | NoReplyError":
        parts = urlsplit(self.address)
        connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        try:
            connection = connect(parts.hostname or "", parts.port, timeout=self.seconds)
            try:
                connection.request("POST", parts.path, json.dumps(self.wanted(messages)).encode(), self.headers())
                response = connection.getresponse()
                data = response.read(MOST_BYTES + 1)
            finally:
                connection.close()
        except TimeoutError:
            return late(self.seconds)
        except (OSError, HTTPException, ValueError) as error:
            return NoReplyError(f"cannot be reached ({type(error).__name__})")
        if response.status != HTTPStatus.OK:
            return NoReplyError(f"answered with status {response.status}")
        return content_of(data)


def late(seconds: float) -> NoReplyError:
    """Return the failure of a server that did not reply in time."""
    return NoReplyError(f"did not reply within {seconds:g} s")


def content_of(data: bytes) -> "str | NoReplyError":
    """Return the text of a completion, or why it is none."""
    if len(data) > MOST_BYTES:
        return NoReplyError("sent more than a megabyte")
    try:
        completion: Any = json.loads(data)
        content = completion["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return NoReplyError("sent something else than a completion")
    return content if isinstance(content, str) else NoReplyError("sent a completion without text")
