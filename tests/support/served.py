"""A running service of a home: uvicorn on a port of its own, in a thread of the test process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread
from unittest import mock

import httpx
import uvicorn

from tests.support.waiting import NEVER_SECONDS, until
from xnai_pipelines.serving import app as serving
from xnai_pipelines.serving.app import create_app
from xnai_pipelines.serving.caller import Doorkeeper
from xnai_pipelines.serving.configuration import ServiceLimits
from xnai_pipelines.serving.connection import OPTIONS
from xnai_pipelines.serving.oidc import OidcCallers
from xnai_pipelines.serving.service import Service
from xnai_pipelines.serving.shared_cache import SharedCache
from xnai_pipelines.serving.tokens import Scope, create_token, revoke_token, token_of, tokens
from xnai_pipelines.serving.writer import Writer
from xnai_pipelines.state.layout import Home

GENEROUS = ServiceLimits(requests_per_minute=1_000_000, seconds=NEVER_SECONDS)
ALL_SCOPES = tuple(Scope)


@contextmanager
def served(
    home: Home,
    limits: ServiceLimits = GENEROUS,
    *,
    authenticated: bool = True,
    threads: int = 2,
    shared: SharedCache | None = None,
    issuer: OidcCallers | None = None,
    writer: Writer | None = None,
) -> Iterator[httpx.Client]:
    """Yield a client of a service that runs as long as the block does; `client.service` is the service itself."""
    doorkeeper = Doorkeeper(home, authenticated=authenticated, issuer=issuer)
    service = Service(home, limits, doorkeeper, threads, writer, shared=shared)
    app = create_app(service, ("127.0.0.1",))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, **OPTIONS))
    thread = Thread(target=server.run)
    with mock.patch.object(serving, "LOOK_SECONDS", 0.1):
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive())
            port = server.servers[0].sockets[0].getsockname()[1]
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=NEVER_SECONDS, trust_env=False) as client:
                client.service = service  # type: ignore[attr-defined]
                yield client
        finally:
            server.should_exit = True
            thread.join()


def bearer(home: Home, *groups: str, scopes: tuple[Scope, ...] = ALL_SCOPES) -> dict[str, str]:
    """Return the header of a new token's requests."""
    text, _ = create_token(home, "somebody", scopes, groups, timedelta(days=1))
    return {"Authorization": f"Bearer {text}"}


def revoke(home: Home, headers: dict[str, str]) -> None:
    """Revoke the token of these headers; the home's last one may be of a test in another process."""
    token = token_of(headers["Authorization"].removeprefix("Bearer "), tokens(home), datetime.now(UTC))
    assert token is not None
    revoke_token(home, token.token_id)
