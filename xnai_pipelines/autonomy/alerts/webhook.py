"""Posts an alert to an endpoint of the kind that Slack, Mattermost and Teams have, within a bounded time.

The address often is the secret, so nothing of it but scheme and host is ever shown. That is why the standard
library posts it: urllib3 and httpx write whole addresses to their logs.

A circuit breaker (purgatory) leaves an endpoint alone for five minutes after three failed attempts in a row. Its state
belongs to the process: in a code server, where sensors run, a dead endpoint costs its time limit once and then nothing;
a short process begins with a closed breaker and pays the time limit at most once.
"""

import hashlib
import json
import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage, responses
from threading import Thread
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import stamina
from purgatory import SyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from xnai_pipelines.autonomy.alerts.alert import Alert, Delivery, Outcome
from xnai_pipelines.errors import WebhookError

ATTEMPTS = 3
LEFT_ALONE_SECONDS = 300
LEFT_ALONE = f"left alone for {LEFT_ALONE_SECONDS // 60} minutes, since it failed several times in a row"

_breakers = SyncCircuitBreakerFactory(default_threshold=ATTEMPTS, default_ttl=LEFT_ALONE_SECONDS)

# What makes messengers notify everybody, or hide an address behind other words: a document's name is not to do that.
_MARKUP = re.compile(r"<(?=\S)|@(?=(?:all|channel|everyone|here)\b)")
_ZERO_WIDTH_SPACE = "\u200b"


class _FailedError(Exception):
    """The endpoint did not take the alert; the message says why in words of this module alone."""


class _PassingError(_FailedError):
    """And it may take it a moment later."""


@dataclass(frozen=True, slots=True)
class WebhookSink:
    """An endpoint that takes JSON with a "text" by POST.

    Attributes:
        url: Its address, http or https.
        timeout: Seconds that a delivery may take in all.

    Raises:
        WebhookError: The address is none of a webhook.
    """

    url: str = field(repr=False)
    timeout: float = 10.0

    def __post_init__(self) -> None:
        if not self.url.isascii() or not self.url.isprintable() or " " in self.url:
            raise WebhookError("The webhook's address holds a space or another character that no address has.")
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError:
            raise WebhookError("The webhook's address has no readable host and port.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise WebhookError("The webhook's address must begin with http:// or https:// and name a host.")
        if parts.username is not None:
            raise WebhookError("The webhook's address must not hold a user name or password before its host.")

    @property
    def name(self) -> str:
        """Scheme and host: all of the address that may be shown."""
        parts = urlsplit(self.url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")

    def deliver(self, alert: Alert) -> Delivery:
        """Post an alert, up to three times, and return what became of it; never raises, never takes over `timeout`."""
        body = json.dumps({"text": _text(alert), "alert": alert.as_json()}).encode()
        deadline = time.monotonic() + self.timeout
        breaker = _breakers.get_breaker(hashlib.sha256(self.url.encode()).hexdigest())
        tries = stamina.retry_context(
            on=_PassingError,
            attempts=ATTEMPTS,
            timeout=self.timeout,
            wait_initial=0.2,
            wait_max=1.0,
            wait_jitter=0.2,
        )
        reason = LEFT_ALONE
        try:
            for attempt in tries:
                with attempt, breaker:
                    try:
                        self._post(body, min(self.timeout / ATTEMPTS, deadline - time.monotonic()))
                    except _FailedError as failure:
                        reason = str(failure)
                        raise
        except (_FailedError, OpenedState) as error:
            error.__traceback__ = None  # purgatory raises one object again and again, and it grew each time
            return Delivery(self.name, Outcome.FAILED, reason)
        return Delivery(self.name, Outcome.DELIVERED)

    def _post(self, body: bytes, seconds: float) -> None:
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "xnai-pipelines"}
        request = Request(self.url, body, headers, method="POST")  # noqa: S310  http or https, as __post_init__ checks

        def post() -> None:
            # The status says it all: no body is read, so its size does not matter.
            build_opener(_NoRedirects).open(request, timeout=seconds).close()

        try:
            if seconds <= 0:
                raise TimeoutError
            _within(seconds, post)
        except HTTPError as error:
            error.close()
            raise _answered(error.code) from None
        except URLError as error:
            raise _unreached(error.reason) from None
        except (OSError, HTTPException) as error:
            raise _unreached(error) from None
        except (RuntimeError, ValueError) as error:  # no thread to be had; an answer that urllib cannot parse
            raise _FailedError(f"could not be asked ({type(error).__name__})") from None


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow none: the alert is for the host that was named."""


def _answered(status: int) -> _FailedError:
    said = f"answered {status} {responses.get(status, '')}".rstrip()  # the phrase of the standard, not of the endpoint
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _PassingError(said)
    return _FailedError(f"{said}; redirects are not followed" if 300 <= status < 400 else said)


def _unreached(error: Any) -> _FailedError:
    """Return in words why there was no answer; texts of errors may hold the address and are left out."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _FailedError("its certificate is not trusted; SSL_CERT_FILE may name your own authority's")
    if isinstance(error, TimeoutError):
        return _PassingError("did not answer in time")
    if isinstance(error, socket.gaierror):
        return _PassingError("its host name is not known")
    if isinstance(error, ConnectionRefusedError):
        return _PassingError("refuses connections")
    return _PassingError(f"broke off the connection ({type(error).__name__})")


def _within(seconds: float, call: Callable[[], None]) -> None:
    """Call it, and give up after that time: a socket's time limit holds for each wait, and for no name look-up."""
    ended: list[Exception | None] = []

    def run() -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001  raised again by the one who waits
            ended.append(error)
        else:
            ended.append(None)

    worker = Thread(target=run, name="alert", daemon=True)
    worker.start()
    worker.join(seconds)
    if not ended:
        raise TimeoutError
    if ended[0] is not None:
        raise ended[0]


def _text(alert: Alert) -> str:
    shown = alert.as_json()
    words = f"{alert.severity.capitalize()}: {shown['title']}\n{shown['text']}"
    return _MARKUP.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", words) + (f"\n{alert.link}" if alert.link else "")
