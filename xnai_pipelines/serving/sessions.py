"""Sessions of people in the chat page: a token is exchanged for a cookie that no script can read.

A session lives in the memory of the service, until it is closed, 12 hours have passed or its token is no longer valid.
The token is looked at with every request, as if it were sent.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from xnai_pipelines.errors import ForbiddenError

LIFETIME_SECONDS = 12 * 3600
MAX_SESSIONS = 10_000
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CSRF_HEADER = "x-csrf-token"
COOKIE = "xnai_session"
SECURE_COOKIE = f"__Host-{COOKIE}"  # browsers take it over TLS only, for this host and all paths


@dataclass(frozen=True, slots=True)
class Session:
    """A person who has signed in.

    Attributes:
        authorization: Header that the person's requests count as having.
        csrf: What each request that changes something must repeat in its header `X-CSRF-Token`.
        ends_at: Time of its end, of the clock of `Sessions`.
    """

    authorization: str = field(repr=False)
    csrf: str = field(repr=False)
    ends_at: float


class Sessions:
    """The open sessions, by the hash of their cookie."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._open: OrderedDict[str, Session] = OrderedDict()

    def open(self, authorization: str) -> tuple[str, Session]:
        """Return a new session and the value of its cookie. Beyond `MAX_SESSIONS`, the oldest ends."""
        value = secrets.token_urlsafe(32)
        session = Session(authorization, secrets.token_urlsafe(32), self._now() + LIFETIME_SECONDS)
        self._open[_hash(value)] = session
        while len(self._open) > MAX_SESSIONS:
            self._open.popitem(last=False)
        return value, session

    def close(self, scope: Scope) -> None:
        """End the session of a request, if it has one."""
        self._open.pop(_hash(cookie_of(scope)), None)

    def of(self, scope: Scope) -> Session | None:
        """Return the session of a request, None if it has none or it has ended."""
        key = _hash(cookie_of(scope))
        session = self._open.get(key)
        if session is not None and session.ends_at <= self._now():
            del self._open[key]
            return None
        return session

    def authorization(self, scope: Scope) -> str | None:
        """Return the `Authorization` that a request has, by its header or by its session.

        Raises:
            ForbiddenError: Another site sent it, or it would change something without the session's CSRF token.
        """
        headers = Headers(scope=scope)
        if (given := headers.get("authorization")) is not None:
            return given
        changes = scope["method"] not in SAFE_METHODS
        if changes and headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            raise ForbiddenError("The request comes from another site. The service accepts it only from its own page.")
        session = self.of(scope)
        if session is None:
            return None
        sent = headers.get(CSRF_HEADER, "")
        if changes and not secrets.compare_digest(sent.encode(), session.csrf.encode()):
            raise ForbiddenError("The header X-CSRF-Token is missing or is not the session's. Load the page again.")
        return session.authorization


def cookie_of(scope: Scope) -> str:
    """Return the value of a request's session cookie, "" if it has none."""
    return cookie_parser(Headers(scope=scope).get("cookie", "")).get(cookie_name(scope), "")


def cookie_name(scope: Scope) -> str:
    """Return the name of the session cookie."""
    return SECURE_COOKIE if scope["scheme"] == "https" else COOKIE


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
