"""Who asks: the caller of a request, from its token."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from xnai_pipelines.errors import ForbiddenError, NotAuthenticatedError
from xnai_pipelines.serving.tokens import AccessToken, Scope, token_of, tokens
from xnai_pipelines.state.layout import FileStamp, Home, stamp_of

if TYPE_CHECKING:
    from xnai_pipelines.serving.breaker import Breaker

BEARER = "bearer"
"""Scheme of the header of a request, in any case (RFC 9110, section 11.1)."""
BY_ISSUER = "oidc/"
"""Start of the names of callers whom an OpenID Connect issuer vouches for; the issuer's name of them follows."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and what the caller may do."""

    name: str
    scopes: frozenset[Scope]
    groups: frozenset[str]

    def require(self, scope: Scope) -> None:
        """Check that the caller has a scope.

        Raises:
            ForbiddenError: It does not.
        """
        if scope not in self.scopes:
            raise ForbiddenError(
                f"This needs a token with the scope {scope}; yours has {', '.join(sorted(self.scopes))}."
            )


ANYONE = Caller("anyone", frozenset(Scope), frozenset())
"""The caller of a service without authentication, which is bound to this machine."""


NOT_AUTHENTICATED = "A valid token is needed: send `Authorization: Bearer TOKEN`."


class Vouching(Protocol):
    """Turns tokens that were made elsewhere into callers."""

    breaker: "Breaker"

    async def caller(self, token: str) -> Caller:
        """Return whom a token was issued to."""


class Doorkeeper:
    """Turns the header of a request into a caller. Reads the tokens again when their file changes."""

    def __init__(
        self,
        home: Home,
        *,
        authenticated: bool,
        issuer: Vouching | None = None,
    ) -> None:
        self._home = home
        self._authenticated = authenticated
        self.issuer = issuer
        self._seen: FileStamp | None = None
        self._tokens: tuple[AccessToken, ...] = ()

    async def caller(self, authorization: str | None) -> Caller:
        """Return the caller of a request with this `Authorization` header.

        Raises:
            NotAuthenticatedError: There is no token, or it is unknown, revoked or expired; which of these is not said.
            RecordError: The file of tokens is damaged.
        """
        if not self._authenticated:
            return ANYONE
        scheme, _, credentials = (authorization or "").partition(" ")
        token = credentials.strip(" ") if scheme.lower() == BEARER else ""
        if self.issuer is not None and token.count(".") == 2:
            return await self.issuer.caller(token)
        found = token_of(token, self._current(), datetime.now(UTC))
        if found is None:
            raise NotAuthenticatedError(NOT_AUTHENTICATED)
        return Caller(f"{found.name}/{found.token_id}", frozenset(found.scopes), frozenset(found.groups))

    def _current(self) -> tuple[AccessToken, ...]:
        seen = stamp_of(self._home.secrets / "tokens.json")
        if seen != self._seen:
            self._tokens, self._seen = tokens(self._home), seen
        return self._tokens
