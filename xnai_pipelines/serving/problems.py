"""Errors as responses: the class gives the status, its message the sentence. What was not expected shows nothing."""

import logging

from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse

from xnai_pipelines.errors import (
    NotAuthenticatedError,
    RequestTimeoutError,
    TooManyRequestsError,
    XnaiError,
)

_log = logging.getLogger(__name__)
_OTHER_KIND = {"string_type", "list_type", "dict_type", "model_type", "model_attributes_type"}


def response_to(error: Exception) -> JSONResponse:
    """Return the response that an error ends a request with."""
    headers = {}
    if isinstance(error, TooManyRequestsError):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, NotAuthenticatedError):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, XnaiError):
        return problem(error.http_status, type(error).__name__, sentence(error), headers)
    return problem(500, "UnexpectedError", sentence(error), headers)


def sentence(error: Exception) -> str:
    """Return what a caller is told of an error.

    What is wrong with the service or its files is logged, and the caller is told no path of them.
    """
    if not isinstance(error, XnaiError):
        _log.error("An error that was not expected.", exc_info=error)
    elif error.http_status < 500 or isinstance(error, RequestTimeoutError):
        return str(error)
    else:
        _log.error("%s: %s", type(error).__name__, error)
    return "The service cannot answer this now. Its log names the cause."


def problem(status: int, error: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return a response that names what was wrong."""
    return JSONResponse({"error": error, "message": message}, status, headers)


def malformed(error: RequestValidationError) -> JSONResponse:
    """Return the response to a request of another form than its route's; it names the first field that is wrong.

    A field that may be of several kinds has an error for each: the one that comes closest is named.
    """
    first = max(error.errors(), key=lambda one: (one["type"] not in _OTHER_KIND, len(one["loc"])))
    kind, place = first["type"], first["loc"]
    if kind == "json_invalid":
        message = f"The body is not valid JSON: {first['ctx']['error']} at character {place[-1]}."
        return problem(422, "ValidationError", message)
    if place == ("body",):
        header = " with the header Content-Type: application/json" if isinstance(error.body, bytes) else ""
        return problem(422, "ValidationError", f"Send a JSON object as the body{header}.")
    where = ".".join(str(part) for part in place if isinstance(part, int) or part.isidentifier())
    said = "There is no such field. /docs lists the fields" if kind == "extra_forbidden" else first["msg"]
    return problem(422, "ValidationError", f"{where}: {said}.")
