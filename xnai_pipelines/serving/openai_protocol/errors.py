"""Errors in the form that clients of the protocol read."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse

from xnai_pipelines.errors import XnaiError
from xnai_pipelines.serving.problems import malformed, response_to

PATHS = ("/v1/chat/completions", "/v1/embeddings", "/v1/models", "/v1/rerank")
"""Starts of the paths of the protocol."""


def refused(error: Exception) -> JSONResponse:
    """Return the response that an error ends a request with."""
    given = malformed(error) if isinstance(error, RequestValidationError) else response_to(error)
    given.body = json.dumps(in_form(json.loads(bytes(given.body)))).encode()
    given.headers["Content-Length"] = str(len(given.body))
    return given


def in_form(problem: dict[str, str]) -> dict[str, Any]:
    """Return a problem in the form of the protocol."""
    return {"error": {"message": problem["message"], "type": problem["error"], "param": None, "code": None}}


class ProtocolRoute(APIRoute):
    """A route whose errors have the form of the protocol."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what handles a request."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except (XnaiError, RequestValidationError) as error:
                return refused(error)

        return handled
