"""The application: routes, errors and the watch over the release pointer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from xnai_pipelines.errors import ForbiddenError, XnaiError
from xnai_pipelines.serving import feedback
from xnai_pipelines.serving.agents_mount import AgentsMount
from xnai_pipelines.serving.front import Front
from xnai_pipelines.serving.hosts import Hosts
from xnai_pipelines.serving.openai_protocol import routes as openai_protocol
from xnai_pipelines.serving.page import routes as page
from xnai_pipelines.serving.problems import malformed, problem, response_to
from xnai_pipelines.serving.readiness import Readiness
from xnai_pipelines.serving.routes import Asking, Serving, router
from xnai_pipelines.serving.service import Service
from xnai_pipelines.serving.tokens import Scope

LOOK_SECONDS = 0.5  # between two looks at the pointer, the manifest, the index files and the access rules
LOOK_AFAR_SECONDS = 2.0  # between two looks at what another home shares


def create_app(service: Service, hosts: tuple[str, ...]) -> FastAPI:
    """Return the application of a service.

    Args:
        service: What the routes use.
        hosts: Names that requests may address the service by.
    """
    agents = AgentsMount(service)
    readiness = Readiness(service)

    async def ready() -> dict[str, str]:
        await readiness.check()
        return {"status": "ready"}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.refresh()
        async with agents.running(), anyio.create_task_group() as tasks:
            tasks.start_soon(watch, service)
            yield
            tasks.cancel_scope.cancel()
        if service.shared is not None:
            await service.shared.close()

    app = FastAPI(
        title="xnai_pipelines",
        description="Search over the current release. Send `Authorization: Bearer TOKEN` (`xnai token create`).",
        version="1",
        lifespan=lifespan,
        redoc_url=None,
        docs_url=None,
    )
    app.state.service = service
    app.include_router(router)
    for more in (openai_protocol, feedback, page):
        app.include_router(more.router)
    app.add_api_route("/health", _health, include_in_schema=False)
    app.add_api_route("/ready", ready, include_in_schema=False)
    app.add_api_route("/metrics", _metrics, include_in_schema=False)
    app.router.routes.append(Route("/mcp", endpoint=agents, methods=["POST"]))
    app.add_exception_handler(XnaiError, _expected)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _other)
    app.add_middleware(Hosts, names=hosts)
    app.add_middleware(Front, service=service)
    return app


async def watch(service: Service) -> None:
    """Look for a new state of the home again and again, until cancelled."""
    while True:
        await anyio.sleep(LOOK_SECONDS if service.follower is None else LOOK_AFAR_SECONDS)
        await service.refresh()


async def _health() -> dict[str, str]:
    return {"status": "alive"}


async def _metrics(service: Serving, caller: Asking) -> Response:
    if Scope.ADMIN not in caller.scopes:
        raise ForbiddenError(f"The metrics need a token with the scope {Scope.ADMIN}.")
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")


async def _expected(_: Request, error: Exception) -> Response:
    assert isinstance(error, XnaiError)  # noqa: S101 - registered for this class
    return response_to(error)


async def _malformed(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    return malformed(error)


async def _other(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    headers = dict(error.headers or {})
    advice = {
        400: "The body is not JSON in UTF-8: it is compressed, in another encoding, or nested too deeply.",
        404: "There is no such route. /docs lists the routes.",
        405: f"This route takes {headers.get('Allow', 'another method')}. /docs lists the routes.",
    }
    return problem(error.status_code, "HTTPError", advice.get(error.status_code, f"{error.detail}."), headers)
