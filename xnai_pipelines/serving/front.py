"""What happens to every request before and after its route: rate, caller, size, headers, access log and figures."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xnai_pipelines.errors import BodyTooLargeError, RequestTimeoutError
from xnai_pipelines.serving.audit import AccessRecord
from xnai_pipelines.serving.caller import Caller
from xnai_pipelines.serving.configuration import ServiceLimits
from xnai_pipelines.serving.openai_protocol import errors as openai_protocol
from xnai_pipelines.serving.problems import response_to
from xnai_pipelines.serving.service import Service

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}
OPEN = ("/", "/health", "/ready", "/openapi.json", "/docs")
"""Paths that need no token and are not counted against a rate."""
PAGE = "/page/"
"""Start of the paths of the chat page's files, which are as open."""
SESSION = "/session"
"""Path where a person signs in; it finds out itself who asks."""


class Front:
    """The outermost layer of the service."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # the server sends the headers of what GET returns, and no body
            scope = {**scope, "method": "GET"}
        started = time.perf_counter()
        passing = _Passing(send, headers(scope))
        try:
            await self._admit(scope, passing)
            body = await _whole(receive, scope, self._service.limits)
            await self._answer(scope, receive, body, passing)
        except Exception as error:
            if passing.status is not None:
                passing.status = 500  # in the log: the client has had another
                raise
            await _refusal(scope, error)(scope, receive, passing.send)
        finally:
            self._note(scope, passing, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, body: bytes, passing: "_Passing") -> None:
        """Answer a request whose body has come; stop if its client leaves."""
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        failures: list[Exception] = []  # the group would wrap them

        async def next_message() -> Message:
            if not pending:
                await anyio.sleep_forever()  # a client that leaves is seen below
            return pending.pop()

        async def stop_when_left() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            if not passing.complete:
                tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop_when_left)
            try:
                await self._app(scope, next_message, passing.send)
            except Exception as error:  # noqa: BLE001 - raised below
                failures.append(error)
            tasks.cancel_scope.cancel()
        if failures:
            raise failures[0]

    async def _admit(self, scope: Scope, passing: "_Passing") -> None:
        """Find the caller and count the request, before anything of it is read."""
        if _is_open(scope):
            return
        address = (scope.get("client") or ("unknown",))[0]
        self._service.rate.count("address", address)
        if scope["path"] == SESSION:
            return
        caller = await self._service.doorkeeper.caller(self._service.sessions.authorization(scope))
        passing.caller = caller
        self._service.rate.count("caller", caller.name)
        scope.setdefault("state", {})["caller"] = caller

    def _note(self, scope: Scope, passing: "_Passing", seconds: float) -> None:
        route = scope.get("route")
        pattern = getattr(route, "path", None) or (scope["path"] if scope["path"] in OPEN else "none")
        status = passing.status or 499  # the client left
        self._service.metrics.count(pattern, status, seconds)
        if _is_open(scope):
            return
        access = AccessRecord(
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            caller=passing.caller.name if passing.caller else None,
            address=(scope.get("client") or (None,))[0],
            method=scope["method"],
            route=pattern,
            status=status,
            ms=round(1000 * seconds, 2),
        )
        if not self._service.log.write(access):
            self._service.metrics.unlogged.inc()


def _refusal(scope: Scope, error: Exception) -> Response:
    """Return the response to a request that no route has answered, in the form that its client reads."""
    return openai_protocol.refused(error) if scope["path"].startswith(openai_protocol.PATHS) else response_to(error)


def headers(scope: Scope) -> Mapping[str, str]:
    """Return the headers of every response to a request."""
    name = Headers(scope=scope).get("host", "").partition(":")[0]
    # on localhost, a browser would ask every other server of the machine for TLS too
    return HEADERS | OVER_TLS if scope["scheme"] == "https" and name.lower() != "localhost" else HEADERS


def _is_open(scope: Scope) -> bool:
    path: str = scope["path"]
    return path in OPEN or path.startswith(PAGE)


class _Passing:
    """A response on its way out: its status, and the headers that every response has."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.status: int | None = None
        self.complete = False
        self.caller: Caller | None = None

    async def send(self, message: Message) -> None:
        """Send a part of it."""
        self.complete = message["type"] == "http.response.body" and not message.get("more_body")
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        await self._send(message)


async def _whole(receive: Receive, scope: Scope, limits: ServiceLimits) -> bytes:
    """Return the whole body, read before the work on it begins.

    Raises:
        BodyTooLargeError: It is larger than allowed, announced or not.
        RequestTimeoutError: It did not arrive in time.
    """
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    body, more = b"", True
    too_large = BodyTooLargeError(f"The body is larger than {limits.body_bytes:,} bytes. Send less.")
    if not announced.isdigit() or int(announced) > limits.body_bytes:
        raise too_large
    try:
        with anyio.fail_after(limits.seconds):
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > limits.body_bytes:
                    raise too_large
    except TimeoutError:
        raise RequestTimeoutError(f"The body did not arrive in {limits.seconds:g} s. Send it without pauses.") from None
    return body
