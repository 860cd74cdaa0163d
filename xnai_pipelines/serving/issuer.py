"""The OpenID Connect issuer whose tokens the service accepts beside its own."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"]


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer, and what its tokens grant: every scope but admin, and admin to a group that signs in with two factors.

    Attributes:
        url: The issuer, exactly as tokens name it.
        audience: What tokens for this service have as their audience.
        algorithm: The one algorithm that signatures may have.
        groups_claim: Claim that lists the caller's groups.
        admin_group: Group with the scope admin, None for none.
    """

    url: str
    audience: str
    algorithm: Algorithm = "RS256"
    groups_claim: str = "groups"
    admin_group: str | None = None


def is_safe(address: object) -> bool:
    """Return whether nobody on the way can change what an address answers: HTTPS, or this machine."""
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_here))
