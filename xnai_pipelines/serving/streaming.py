"""Server-sent events: a response that is written while the work goes on."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, TypeAlias

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from xnai_pipelines.answers.answer import Answer, Sentence
from xnai_pipelines.errors import XnaiError
from xnai_pipelines.serving.problems import response_to

Emit: TypeAlias = Callable[[str], Awaitable[None]]
"""Sends text to the client."""

Show: TypeAlias = Callable[[Sentence], Awaitable[None]]
"""Shows a verified sentence to the caller."""

Answering: TypeAlias = Callable[[Show], Awaitable[Answer]]
"""Returns an answer; what it is given is called with each sentence once it is verified."""

EVENT_STREAM = "text/event-stream"


class EventStream(Response):
    """A stream of events that work emits.

    `failed` turns a problem into the last event; `refused` is the response to an error before the first one.
    """

    media_type = EVENT_STREAM

    def __init__(
        self,
        work: Callable[[Emit], Awaitable[None]],
        failed: Callable[[dict[str, str]], str],
        refused: Callable[[XnaiError], Response] = response_to,
    ) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})  # a proxy passes each event on
        del self.headers["content-length"]
        self._work = work
        self._failed = failed
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Work, and send what it emits."""
        begun = False

        async def emit(text: str) -> None:
            nonlocal begun
            if not begun:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                begun = True
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})

        try:
            await self._work(emit)
        except XnaiError as error:
            if begun:
                await emit(self._failed(json.loads(bytes(response_to(error).body))))
            else:
                await self._refused(error)(scope, receive, send)
        if begun:
            await send({"type": "http.response.body", "body": b""})


def event(name: str, content: Mapping[str, Any]) -> str:
    """Return a named event."""
    return f"event: {name}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n"


def answer_stream(answering: Answering) -> EventStream:
    """Return the response that shows each sentence as an event `sentence`, and at last the whole as `answer`."""

    async def work(emit: Emit) -> None:
        async def show(sentence: Sentence) -> None:
            await emit(event("sentence", asdict(sentence)))

        answer = await answering(show)
        await emit(event("answer", asdict(answer)))

    return EventStream(work, partial(event, "error"))
