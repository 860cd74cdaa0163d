"""The agents' protocol at /mcp, loaded by its first request: its SDK takes longer to import than all else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup, TaskStatus
from starlette.types import ASGIApp, Receive, Scope, Send

from xnai_pipelines.serving.caller import Caller
from xnai_pipelines.serving.service import Service

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context, MCPServer


class AgentsMount:
    """An ASGI application that loads the agents' server when it is first called."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._loading = anyio.Lock()
        self._tasks: TaskGroup | None = None
        self._app: ASGIApp | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the task group of the sessions open; requests are served inside only."""
        async with anyio.create_task_group() as self._tasks:
            yield
            self._tasks.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        async with self._loading:
            app = self._app = self._app or await self._loaded()
        await app(scope, receive, send)

    async def _loaded(self) -> ASGIApp:
        assert self._tasks is not None  # noqa: S101 - requests come inside `running`
        server = await anyio.to_thread.run_sync(_server, self._service)
        from mcp.server.transport_security import TransportSecuritySettings

        # each request is whole: nothing is kept between them, and the layers above check host, size and caller
        app = server.streamable_http_app(
            stateless_http=True,
            json_response=True,
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        await self._tasks.start(_sessions, server)
        return app


def _server(service: Service) -> "MCPServer":
    from xnai_pipelines.serving.agents import create_agent_server

    return create_agent_server(service, _caller_of)


async def _sessions(server: "MCPServer", *, task_status: TaskStatus[None]) -> None:
    async with server.session_manager.run():
        task_status.started()
        await anyio.sleep_forever()


def _caller_of(context: "Context") -> Caller:
    request: Any = context.request_context.request
    caller: Caller = request.state.caller
    return caller
