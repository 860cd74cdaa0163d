"""Posts an alert to a webhook as Slack, Mattermost and Teams have, within a bounded time.

The URL often is the secret, so only its scheme and host are ever shown. The standard library posts it, because urllib3
and httpx write whole URLs to their logs.

A circuit breaker (purgatory) pauses an endpoint for five minutes after three consecutive failures. Its state belongs to
the process. In a code server, where sensors run, a dead endpoint costs its time limit once. A short process starts with
a closed breaker and pays the time limit at most once.
"""

import hashlib
import json
import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage, responses
from threading import Thread
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import stamina

from xnai_pipelines.autonomy.alerts.alert import Alert, Delivery, DeliveryOutcome
from xnai_pipelines.errors import WebhookError

ATTEMPTS = 3
PAUSE_SECONDS = 300
_PAUSED = f"paused for {PAUSE_SECONDS // 60} minutes after {ATTEMPTS} consecutive failures"

# Markup that makes messengers notify everybody or hide a URL behind other text: a document's name must not do that.
_MARKUP = re.compile(r"<(?=\S)|@(?=(?:all|channel|everyone|here)\b)")
_ZERO_WIDTH_SPACE = "\u200b"


@cache
def _breakers() -> Any:
    # if redis is installed, purgatory imports it, used or not: half a second of loading the code location
    from purgatory import SyncCircuitBreakerFactory

    return SyncCircuitBreakerFactory(default_threshold=ATTEMPTS, default_ttl=PAUSE_SECONDS)


class _FailedError(Exception):
    """The endpoint did not accept the alert. The message gives the reason without quoting the endpoint."""


class _PassingError(_FailedError):
    """The endpoint may accept the alert a moment later."""


@dataclass(frozen=True, slots=True)
class WebhookSink:
    """An endpoint that accepts JSON with a "text" by POST.

    Attributes:
        url: URL, http or https.
        timeout: Max seconds per delivery, including retries.

    Raises:
        WebhookError: The URL is not valid for a webhook.
    """

    url: str = field(repr=False)
    timeout: float = 10.0

    def __post_init__(self) -> None:
        if not self.url.isascii() or not self.url.isprintable() or " " in self.url:
            raise WebhookError("The webhook's URL has a space or another character that is not allowed.")
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError:
            raise WebhookError("The webhook's URL has no valid host and port.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise WebhookError("The webhook's URL must begin with http:// or https:// and have a host.")
        if parts.username is not None:
            raise WebhookError("The webhook's URL must not have a user name or password before its host.")

    @property
    def name(self) -> str:
        """Scheme and host: the only part of the URL that may be shown."""
        parts = urlsplit(self.url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")

    def deliver(self, alert: Alert) -> Delivery:
        """Return the result of posting an alert up to three times. Never raises and never exceeds `timeout`."""
        from purgatory.domain.model import OpenedState

        body = json.dumps({"text": _text(alert), "alert": alert.as_json()}).encode()
        deadline = time.monotonic() + self.timeout
        breaker = _breakers().get_breaker(hashlib.sha256(self.url.encode()).hexdigest())
        tries = stamina.retry_context(
            on=_PassingError,
            attempts=ATTEMPTS,
            timeout=self.timeout,
            wait_initial=0.2,
            wait_max=1.0,
            wait_jitter=0.2,
        )
        outcome, reason = DeliveryOutcome.PAUSED, _PAUSED
        try:
            for attempt in tries:
                with attempt, breaker:
                    try:
                        self._post(body, min(self.timeout / ATTEMPTS, deadline - time.monotonic()))
                    except _FailedError as failure:
                        outcome, reason = DeliveryOutcome.FAILED, str(failure)
                        raise
        except (_FailedError, OpenedState) as error:
            error.__traceback__ = None  # purgatory raises the same object every time, and its traceback would grow
            return Delivery(self.name, outcome, reason)
        return Delivery(self.name, DeliveryOutcome.DELIVERED)

    def _post(self, body: bytes, seconds: float) -> None:
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "xnai-pipelines"}
        request = Request(self.url, body, headers, method="POST")  # noqa: S310  http or https, as __post_init__ checks

        def post() -> None:
            # Only the status matters: the body is not read, whatever its size.
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
        except (RuntimeError, ValueError) as error:  # no thread available, or an answer that urllib cannot parse
            raise _FailedError(f"could not be called ({type(error).__name__})") from None


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow no redirect: the alert is only for the configured host."""


def _answered(status: int) -> _FailedError:
    said = f"answered {status} {responses.get(status, '')}".rstrip()  # the standard's phrase, not the endpoint's
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _PassingError(said)
    return _FailedError(f"{said}; redirects are not followed" if 300 <= status < 400 else said)


def _unreached(error: Any) -> _FailedError:
    """Return why there was no answer, without the errors' texts, which may contain the URL."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _FailedError("its certificate is not trusted; set SSL_CERT_FILE to your own authority's certificate")
    if isinstance(error, TimeoutError):
        return _PassingError("did not answer in time")
    if isinstance(error, socket.gaierror):
        return _PassingError("its host name cannot be resolved")
    if isinstance(error, ConnectionRefusedError):
        return _PassingError("refuses connections")
    return _PassingError(f"closed the connection ({type(error).__name__})")


def _within(seconds: float, call: Callable[[], None]) -> None:
    """Call, and give up after that time. A socket's timeout holds for each wait only, and not for name look-ups."""
    ended: list[Exception | None] = []

    def run() -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001  raised again in the waiting thread
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
