"""Where the service listens, whom it trusts, and what it and its callers may use."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from xnai_pipelines.serving.issuer import Issuer


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """Limits of the service.

    Attributes:
        requests_per_minute: Max requests per minute of one caller, and of one address.
        queue: Max requests that wait for a processor; more are refused with 429.
        seconds: Max time of one request.
        body_bytes: Max size of a request's body.
        cached_bytes: Max memory of kept results, estimated.
    """

    requests_per_minute: int = 100
    queue: int = 64
    seconds: float = 10.0
    body_bytes: int = 256 * 1024
    cached_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceConfiguration:
    """What the settings of servers say of the service.

    Attributes:
        host: Address to listen on.
        port: Port to listen on.
        names: Host names that requests may use, beside the address and those of this machine.
        proxies: Addresses and networks of proxies whose `X-Forwarded-*` headers are read.
        limits: What it and its callers may use.
        redis: URL of a Redis server that shares results between processes.
        issuer: OpenID Connect issuer whose tokens are accepted too.
        certificate: Certificate for TLS, PEM.
        key: Its private key, PEM.
        follow: Prefix of an object store where another home shares its release, which is served; None: the home's own.
    """

    host: str
    port: int
    names: tuple[str, ...]
    proxies: tuple[str, ...]
    limits: ServiceLimits
    redis: SecretStr | None
    issuer: Issuer | None
    certificate: Path | None
    key: Path | None
    follow: str | None
