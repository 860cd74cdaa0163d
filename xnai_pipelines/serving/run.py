"""Runs the service: one process, one port."""

import ipaddress
import os
from pathlib import Path

import uvicorn

from xnai_pipelines.errors import OptionError
from xnai_pipelines.serving.app import create_app
from xnai_pipelines.serving.caller import Doorkeeper
from xnai_pipelines.serving.limits import ServiceLimits
from xnai_pipelines.serving.service import Service
from xnai_pipelines.state.layout import Home

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")
STOP_SECONDS = 10  # for requests that are being answered when the service is stopped


def run_service(
    home: Home,
    *,
    host: str,
    port: int,
    names: tuple[str, ...] = (),
    authenticated: bool = True,
    limits: ServiceLimits | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> None:
    """Serve the home until interrupted.

    Args:
        home: Home to serve.
        host: Address to listen on.
        port: Port to listen on.
        names: Host names that requests may use, beside the address and those of this machine.
        authenticated: Whether every request needs a token.
        limits: Limits of the service.
        certificate: Certificate for TLS, PEM.
        key: Its private key, PEM.

    Raises:
        OptionError: The service would be reachable from elsewhere without authentication.
    """
    if not authenticated and not _is_loopback(host):
        raise OptionError(
            f"Without authentication the service listens on this machine alone, not on {host}. "
            "Make a token with `xnai token create`, or leave XNAI_HOST at 127.0.0.1."
        )
    doorkeeper = Doorkeeper(home, authenticated=authenticated)
    service = Service(home, limits or ServiceLimits(), doorkeeper, os.cpu_count() or 1)
    uvicorn.run(
        create_app(service, (host, *LOOPBACK_NAMES, *names)),
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=STOP_SECONDS,
        limit_concurrency=512,
        h11_max_incomplete_event_size=16 * 1024,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
