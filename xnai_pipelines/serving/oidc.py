"""Callers whom an OpenID Connect issuer vouches for: its signed tokens (JWT), checked with its published keys.

The algorithm is pinned: a token names another, or none, in vain. Only the issuer's own addresses are asked, and only
for keys; nothing in a token is an address that is followed.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio

from xnai_pipelines.errors import IssuerUnavailableError, NotAuthenticatedError
from xnai_pipelines.serving.breaker import Breaker
from xnai_pipelines.serving.caller import BY_ISSUER, NOT_AUTHENTICATED, Caller
from xnai_pipelines.serving.issuer import Issuer, is_safe
from xnai_pipelines.serving.tokens import Scope

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

SKEW_SECONDS = 60  # by which the issuer's clock and this one may differ
KEYS_SECONDS = 3_600  # after which the keys are asked for again
BETWEEN_SECONDS = 30  # at least, between two looks for a key that a token names and that is not known
FETCH_SECONDS = 5.0
FAILURES, PAUSE_SECONDS = 10, 120
LONGEST_TOKEN = 8_192  # characters
_MAX_BYTES = 256 * 1024
_LONGEST_NAME = 128
_SECOND_FACTOR = "mfa"  # RFC 8176
_EVERYONES = frozenset({Scope.SEARCH, Scope.ANSWER, Scope.READ, Scope.FEEDBACK})

_log = logging.getLogger(__name__)


class OidcCallers:
    """Turns the tokens of one issuer into callers. Its keys are fetched by the first token, and when they change."""

    def __init__(self, issuer: Issuer, now: Callable[[], float] = time.time) -> None:
        self._issuer = issuer
        self._now = now
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._looked_at = 0.0
        self._fetching = anyio.Lock()
        self.breaker = Breaker("oidc", FAILURES, PAUSE_SECONDS)

    async def caller(self, token: str) -> Caller:
        """Return whom a token was issued to.

        Raises:
            NotAuthenticatedError: The issuer did not sign it, or it is of another audience or time; which is not said.
            IssuerUnavailableError: The issuer's keys are not known.
        """
        claims = await self._claims(token) if len(token) <= LONGEST_TOKEN else None
        if claims is None:
            raise NotAuthenticatedError(NOT_AUTHENTICATED)
        groups = _groups(claims.get(self._issuer.groups_claim))
        methods = claims.get("amr")
        second_factor = isinstance(methods, list) and _SECOND_FACTOR in methods
        is_admin = self._issuer.admin_group in groups and second_factor
        scopes = _EVERYONES | {Scope.ADMIN} if is_admin else _EVERYONES
        return Caller(f"{BY_ISSUER}{claims['sub'][:_LONGEST_NAME]}", scopes, groups)

    async def _claims(self, token: str) -> Mapping[str, Any] | None:
        """Return the claims of a valid token, None for another."""
        from joserfc.errors import InvalidKeyIdError, JoseError
        from joserfc.jwt import JWTClaimsRegistry, decode

        registry = JWTClaimsRegistry(
            now=lambda: int(self._now()),
            leeway=SKEW_SECONDS,
            iss={"essential": True, "value": self._issuer.url},
            aud={"essential": True, "value": self._issuer.audience},
            sub={"essential": True},
            exp={"essential": True},
        )
        for newer in (False, True):  # the second for a key that is newer than those known
            keys = await self._current(newer=newer)
            try:
                claims = decode(token, keys, algorithms=[self._issuer.algorithm]).claims
                registry.validate(claims)
            except InvalidKeyIdError:
                continue
            except (JoseError, ValueError, TypeError, LookupError, RecursionError):
                return None
            return claims
        return None

    async def _current(self, *, newer: bool) -> "KeySet":
        """Return the keys, fetched again if they are old, or if newer ones are needed.

        Raises:
            IssuerUnavailableError: There never were any.
        """
        if self._keys is not None and not newer and self._fetching.locked():
            return self._keys  # an issuer that is slow keeps one caller waiting, not all
        async with self._fetching:
            now, seconds = self._now(), BETWEEN_SECONDS if newer else KEYS_SECONDS
            if now - self._fetched_at > seconds and now - self._looked_at > BETWEEN_SECONDS:
                self._looked_at = now
                fetched = await self.breaker.use(self._fetch, (_IssuerError,))
                if fetched is None:
                    _log.warning("The keys of the issuer %s cannot be fetched. Known ones are kept.", self._issuer.url)
                else:
                    self._keys, self._fetched_at = fetched, now
            if self._keys is None:
                raise IssuerUnavailableError(f"The issuer {self._issuer.url} has not published its keys yet.")
            return self._keys

    async def _fetch(self) -> "KeySet":
        try:
            with anyio.fail_after(FETCH_SECONDS):
                description = await _json_at(f"{self._issuer.url.rstrip('/')}/.well-known/openid-configuration")
                address = description["jwks_uri"]
                if description["issuer"] != self._issuer.url or not is_safe(address):
                    raise _IssuerError
                published = (await _json_at(address))["keys"]
            return _imported(published)
        except (ValueError, TypeError, LookupError, TimeoutError) as error:
            raise _IssuerError from error


class _IssuerError(Exception):
    """The issuer does not publish its keys."""


def _imported(published: Iterable[Any]) -> "KeySet":
    """Return the keys that can be used; an issuer may publish others beside them."""
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry, KeySet

    keys = []
    for key in published:
        with suppress(JoseError, ValueError, TypeError, LookupError, AttributeError):
            if key.get("use") != "enc":
                keys.append(JWKRegistry.import_key(key))
    if not keys:
        raise _IssuerError
    return KeySet(keys)


async def _json_at(address: str) -> dict[str, Any]:
    import httpx2

    data = b""
    try:
        async with (
            httpx2.AsyncClient(timeout=FETCH_SECONDS, follow_redirects=False) as client,
            client.stream("GET", address) as response,
        ):
            response.raise_for_status()
            async for part in response.aiter_bytes():
                data += part
                if len(data) > _MAX_BYTES:
                    raise _IssuerError
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise _IssuerError from error
    found = json.loads(data)
    if not isinstance(found, dict):
        raise _IssuerError
    return found


def _groups(claim: object) -> frozenset[str]:
    named = claim if isinstance(claim, list) else [claim]
    return frozenset(group for group in named if isinstance(group, str) and group)
