"""A small OpenID Connect issuer: an HTTP server with its description and keys, and the tokens that it signs."""

import base64
import hmac
import json
import time
from functools import cache
from threading import Event
from typing import Any

from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jwt import encode
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

AUDIENCE = "xnai"


class TestIssuer:
    """An issuer with one key; `rotate` replaces it."""

    __test__ = False

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("").rstrip("/")
        self.fetched = 0
        self.broken = False
        self.more_keys: list[dict[str, str]] = []
        self.goes_on = Event()  # cleared, the issuer keeps those who ask it waiting
        self.goes_on.set()
        self._numbers = iter(range(100))
        self.rotate()
        server.expect_request("/.well-known/openid-configuration").respond_with_handler(self._description)
        server.expect_request("/keys").respond_with_handler(self._keys)

    def rotate(self) -> None:
        self.key = _key(next(self._numbers))

    def token(self, key: Any = None, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """Return a token of now; claims that are None are left out."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 300, "groups": ["blue"]}
        claims = {name: value for name, value in {**claims, **changed}.items() if value is not None}
        headers = header or {"alg": "RS256", "kid": self.key.kid}
        return encode(headers, claims, key or self.key, algorithms=[headers["alg"]])

    def confused_token(self) -> str:
        """Return a token signed with the public key as if it were a secret."""
        signed = ".".join(
            [_coded(json.dumps({"alg": "HS256", "kid": self.key.kid}).encode()), self.token().split(".")[1]]
        )
        digest = hmac.digest(self.key.as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}.{_coded(digest)}"

    def foreign_token(self) -> str:
        """Return a token of the right form that another key signed."""
        return self.token(_key(99), {"alg": "RS256", "kid": self.key.kid})

    def _description(self, _: Request) -> Response:
        self.fetched += 1
        self.goes_on.wait()
        if self.broken:
            return Response("{", 500)
        return Response(json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}/keys"}))

    def _keys(self, _: Request) -> Response:
        other = ECKey.generate_key("P-256", {"kid": "other", "use": "enc"})
        keys = KeySet([self.key, other]).as_dict(private=False)["keys"]
        return Response(json.dumps({"keys": [*self.more_keys, *keys]}))


@cache
def _key(number: int) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": f"key-{number}", "use": "sig"})


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
