"""A language model that writes answers for the service: asked without a thread, raced against the quoted answer."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TypeAlias

import anyio
import httpx2

from xnai_pipelines.answers.answer import Sentence, State, Usage
from xnai_pipelines.answers.ask import Written
from xnai_pipelines.answers.draft import Draft
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.language_model.answerer import written
from xnai_pipelines.answers.language_model.prompt import Reading, messages
from xnai_pipelines.answers.language_model.server import (
    FAILURES,
    MOST_BYTES,
    PAUSE_SECONDS,
    ChatServer,
    NoReplyError,
    late,
    part_of,
)
from xnai_pipelines.answers.verify import Verifier
from xnai_pipelines.serving.answering import Show
from xnai_pipelines.serving.breaker import Breaker
from xnai_pipelines.serving.work import Workers

Take: TypeAlias = Callable[[str], Awaitable[None]]
"""Takes a part of a reply."""

_EVENT = b"data:"
_END = b"[DONE]"


@dataclass(eq=False)
class Writer:
    """Writes answers with the model of a server.

    The first verified sentence has to come within the head start; else the documents are quoted. The whole reply has
    to come within the server's limit; else what was verified until then is the answer.

    Attributes:
        server: The server, and how it is asked.
        head_start: Seconds until the first verified sentence.
        keep_unsupported: Whether sentences without support are shown as such.
    """

    server: ChatServer
    head_start: float
    keep_unsupported: bool = False
    breaker: Breaker = field(init=False)

    def __post_init__(self) -> None:
        self.breaker = Breaker("language model", FAILURES, PAUSE_SECONDS)

    async def write(self, question: str, evidence: Sequence[Evidence], workers: Workers, show: Show) -> Written:
        """Return what the model made of the evidence; each sentence is shown once it is verified.

        Raises:
            TooManyRequestsError: No processor is free to verify.
        """
        page = _Page(evidence, workers, show, keep_unsupported=self.keep_unsupported)
        failure = f"is left alone for {PAUSE_SECONDS} s after {FAILURES} consecutive failures"

        async def work() -> None:
            nonlocal failure
            failure = ""
            try:
                await self._raced(messages(question, evidence), page)
            except NoReplyError as error:
                failure = str(error)
                raise

        await self.breaker.use(work, (NoReplyError,))
        return page.written(self.server.model, failure)

    async def _raced(self, asked: list[dict[str, str]], page: "_Page") -> None:
        ends = anyio.current_time() + self.server.seconds
        with anyio.move_on_after(min(self.head_start, self.server.seconds)) as race:

            async def take(text: str) -> None:
                await page.take(text)
                if page.shown:
                    race.deadline = ends

            page.usage = await self._exchange(asked, take)
            race.deadline = ends  # all is written: what is left is to verify the last sentences
            await page.finish()
        if race.cancelled_caught:
            raise late(self.server.seconds if page.shown else self.head_start)

    async def _exchange(self, asked: list[dict[str, str]], take: Take) -> Usage | None:
        """Ask for a stream and return its usage; a server that sends one completion instead is understood too."""
        body = {**self.server.wanted(asked), "stream": True, "stream_options": {"include_usage": True}}
        tls = self.server.address.startswith("https:")
        try:
            async with AsyncExitStack() as stack:
                # a limit over all of it is around this; a client without TLS loads no certificates
                client = await stack.enter_async_context(
                    httpx2.AsyncClient(timeout=None, follow_redirects=False, trust_env=False, verify=tls)
                )
                response = await stack.enter_async_context(
                    client.stream("POST", self.server.address, json=body, headers=self.server.headers())
                )
                if response.status_code != HTTPStatus.OK:
                    raise NoReplyError(f"answered with status {response.status_code}")
                if response.headers.get("content-type", "").startswith("text/event-stream"):
                    return await _read_events(response, take)
                return await _read_whole(response, take)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise NoReplyError(f"cannot be reached ({type(error).__name__})") from error


async def _read_events(response: httpx2.Response, take: Take) -> Usage | None:
    pending, size, usage = b"", 0, None
    async for data in response.aiter_bytes():
        size += len(data)
        if size > MOST_BYTES:
            raise NoReplyError("sent more than a megabyte")
        *lines, pending = (pending + data).split(b"\n")
        for message in (line[len(_EVENT) :].strip() for line in lines if line.startswith(_EVENT)):
            if message == _END:
                return usage
            text, counted = part_of(message)
            usage = counted or usage
            if text:
                await take(text)
    raise NoReplyError("broke off")


async def _read_whole(response: httpx2.Response, take: Take) -> Usage | None:
    body = b""
    async for data in response.aiter_bytes():
        body += data
        if len(body) > MOST_BYTES:
            raise NoReplyError("sent more than a megabyte")
    text, usage = part_of(body)
    await take(text)
    return usage


class _Page:
    """What is written so far: sentences are verified on the service's processors and shown one by one."""

    def __init__(self, evidence: Sequence[Evidence], workers: Workers, show: Show, *, keep_unsupported: bool) -> None:
        self._verifier = Verifier(evidence)
        self._workers = workers
        self._show = show
        self._keep_unsupported = keep_unsupported
        self._reading = Reading(len(evidence))
        self._verified: list[Sentence] = []
        self._looked = 0
        self.shown = False
        self.usage: Usage | None = None

    async def take(self, text: str) -> None:
        """Take a part of the reply."""
        if not self._reading.full:
            await self._verify(self._reading.more(text))

    async def finish(self) -> None:
        """Take the end of the reply."""
        await self._verify(self._reading.rest())

    async def _verify(self, draft: Draft) -> None:
        for drafted in draft:
            self._verified.append(await self._workers.do(partial(self._verifier.verified, drafted)))
            if not any(map(_is_proven, self._verified)):  # until then the documents may still be quoted instead
                continue
            new, self._looked = self._verified[self._looked :], len(self._verified)
            for sentence in new:
                if self._keep_unsupported or _is_proven(sentence):
                    self.shown = True
                    await self._show(sentence)

    def written(self, model: str, failure: str) -> Written:
        """Return the answer; `failure` says why the reply has no end, "" if it has one."""
        return written(model, self._verified, failure, keep_unsupported=self._keep_unsupported, usage=self.usage)


def _is_proven(sentence: Sentence) -> bool:
    return sentence.state is not State.UNSUPPORTED
