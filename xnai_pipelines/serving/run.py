"""Runs the service: one process, one port."""

import ipaddress
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import uvicorn
from pydantic import SecretStr

from xnai_pipelines.errors import OptionError, ServerError
from xnai_pipelines.extras import require
from xnai_pipelines.serving.app import create_app, watch
from xnai_pipelines.serving.caller import ANYONE, Doorkeeper
from xnai_pipelines.serving.configuration import ServiceConfiguration, ServiceLimits
from xnai_pipelines.serving.connection import behind
from xnai_pipelines.serving.issuer import Issuer
from xnai_pipelines.serving.service import Service
from xnai_pipelines.state.following import Follower
from xnai_pipelines.state.layout import Home

if TYPE_CHECKING:
    from xnai_pipelines.serving.oidc import OidcCallers
    from xnai_pipelines.serving.shared_cache import SharedCache
    from xnai_pipelines.serving.writer import Writer

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")


def run_service(
    home: Home,
    configuration: ServiceConfiguration,
    *,
    threads: int,
    authenticated: bool,
    writer: "Writer | None",
    serving: Callable[[], None],
) -> None:
    """Serve the home until interrupted.

    Args:
        home: Home to serve.
        configuration: Where it listens, whom it trusts, and its limits.
        threads: Searches at a time.
        authenticated: Whether every request needs a token.
        writer: Language model that writes answers, None if they quote.
        serving: Called once the port is held; requests are answered a moment later.

    Raises:
        ServerError: It cannot listen at the address, as on a port that is taken.
        OptionError: The service would be reachable from elsewhere without authentication.
    """
    host = configuration.host
    if not authenticated and not is_loopback(host):
        raise OptionError(
            f"Without authentication the service listens on this machine alone, not on {host}. "
            "Make a token with `xnai token create`, or leave XNAI_HOST at 127.0.0.1."
        )
    doorkeeper = Doorkeeper(home, authenticated=authenticated, issuer=_oidc_callers(configuration.issuer))
    shared = _shared_cache(home, configuration.redis)
    follower = Follower(home, configuration.follow) if configuration.follow else None
    service = Service(home, configuration.limits, doorkeeper, threads, writer, shared=shared, follower=follower)
    config = uvicorn.Config(
        create_app(service, (host, *LOOPBACK_NAMES, *configuration.names)),
        ssl_certfile=configuration.certificate,
        ssl_keyfile=configuration.key,
        **behind(configuration.proxies),
    )
    config.load()  # reads the certificate
    sockets = bound(host, configuration.port)
    serving()
    with suppress(KeyboardInterrupt):  # repeated by uvicorn once it has stopped
        uvicorn.Server(config).run(sockets)


def bound(host: str, port: int) -> list[socket.socket]:
    """Return sockets that hold a port at each address of a host; none of them listens yet.

    Raises:
        ServerError: The port is taken or may not be used, or the host is no address of this machine.
    """
    sockets: list[socket.socket] = []
    try:
        for family, kind, *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                one = socket.socket(family, kind)
            except OSError:  # a machine without IPv6
                continue
            sockets.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
    except OSError as error:
        for one in sockets:
            one.close()
        raise ServerError(
            f"The service cannot use port {port} of {host} ({error.strerror}). Stop what uses it, or set another one: "
            "XNAI_SERVICE_PORT, XNAI_HOST."
        ) from error
    return sockets


def run_agent_server(home: Home, groups: frozenset[str], limits: ServiceLimits) -> None:
    """Serve the tools for one agent in these groups over standard input and output, until it closes them."""
    from xnai_pipelines.serving.agents import create_agent_server

    service = Service(home, limits, Doorkeeper(home, authenticated=False), os.cpu_count() or 1)

    async def serve() -> None:
        async with anyio.create_task_group() as tasks:
            await service.refresh()
            tasks.start_soon(watch, service)
            await create_agent_server(service, lambda _: replace(ANYONE, groups=groups)).run_stdio_async()
            tasks.cancel_scope.cancel()

    anyio.run(serve)


# both load libraries that a service without them does not wait for
def _oidc_callers(issuer: Issuer | None) -> "OidcCallers | None":
    if issuer is None:
        return None
    from xnai_pipelines.serving.oidc import OidcCallers

    return OidcCallers(issuer)


def _shared_cache(home: Home, url: SecretStr | None) -> "SharedCache | None":
    if url is None:
        return None
    require("redis", "XNAI_REDIS_URL")
    from xnai_pipelines.serving.shared_cache import SharedCache

    return SharedCache(url, str(home.root))


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
