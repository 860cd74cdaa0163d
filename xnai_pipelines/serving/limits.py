"""What one service and one caller may use."""

from dataclasses import dataclass


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
