"""The names that the service is asked by: else a page of another site could reach it under its own (DNS rebinding)."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from xnai_pipelines.serving.problems import problem

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]/@\s]+)(?::\d{1,5})?")
_ADVICE = (
    "The service does not have the name in the header Host. Use one of its names, or add this one to "
    "XNAI_SERVICE_NAMES and restart it."
)


class Hosts:
    """Refuses requests that do not name the service, or name more than one host.

    Args:
        app: What answers the others.
        names: Names of the service; "*.example.org" stands for all names under example.org, "*" for any.
    """

    def __init__(self, app: ASGIApp, names: tuple[str, ...]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and not self._is_named(scope):
            await problem(400, "HostError", _ADVICE)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_named(self, scope: Scope) -> bool:
        given = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
        found = _HOST.fullmatch(given[0]) if len(given) == 1 else None
        if found is None:
            return False
        name = found.group(1)
        return not self._names.isdisjoint({"*", name, "*." + name.partition(".")[2]})
