"""A language model that writes answers for the service: asked without a thread, raced against the quoted answer."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TypeAlias

import anyio
import httpx2

from xnai_pipelines.answers.answer import Sentence
from xnai_pipelines.answers.ask import Written
from xnai_pipelines.answers.draft import Draft
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.language_model.answerer import Proof
from xnai_pipelines.answers.language_model.prompt import PartialReply, messages
from xnai_pipelines.answers.verify import Verifier
from xnai_pipelines.errors import NoReplyError, RequestTimeoutError, TooManyRequestsError
from xnai_pipelines.language_model.completion import Completion, Usage
from xnai_pipelines.language_model.server import FAILURES, LEFT_ALONE, PAUSE_SECONDS, ChatServer, late
from xnai_pipelines.serving.breaker import Breaker
from xnai_pipelines.serving.streaming import Show
from xnai_pipelines.serving.work import Workers

Take: TypeAlias = Callable[[str], Awaitable[None]]
"""Takes a part of a reply."""


@dataclass(eq=False)
class Writer:
    """Writes answers with the model of a server.

    The first verified sentence has to come within the head start; else the documents are quoted. The whole reply has
    to come within the server's limit; else what was verified until then is the answer.

    Attributes:
        server: The server, and how it is asked.
        head_start: Seconds until the first verified sentence.
        keep_unsupported: Whether sentences without support are shown as such.
        breaker: Leaves the server alone for a while after failures in a row.
    """

    server: ChatServer
    head_start: float
    keep_unsupported: bool = False
    breaker: Breaker = field(init=False)

    def __post_init__(self) -> None:
        self.breaker = Breaker("language model", FAILURES, PAUSE_SECONDS)

    async def write(self, question: str, evidence: Sequence[Evidence], workers: Workers, show: Show) -> Written:
        """Return what the model made of the evidence; each sentence is shown once it is verified."""
        began = anyio.current_time()
        ends = began + self.server.seconds
        race = anyio.CancelScope(deadline=min(began + self.head_start, ends))

        async def shown(sentence: Sentence) -> None:
            race.deadline = ends
            await show(sentence)

        page = _Page(evidence, workers, shown, keep_unsupported=self.keep_unsupported)
        failure = LEFT_ALONE

        async def work() -> None:
            nonlocal failure
            failure = ""
            try:
                with race:
                    page.usage = await self._exchange(messages(question, evidence), page.take)
                    race.deadline = ends  # all is written: what is left is to verify the last sentences
                    await page.finish()
                if race.cancelled_caught:
                    raise late(self.server.seconds if race.deadline == ends else self.head_start)
            except (TooManyRequestsError, RequestTimeoutError):  # of the workers: the server did not fail
                failure = "wrote while no processor was free to verify it"
            except NoReplyError as error:
                failure = str(error)
                raise

        await self.breaker.use(work, (NoReplyError,))
        return page.written(self.server.model, failure)

    async def _exchange(self, asked: list[dict[str, str]], take: Take) -> Usage | None:
        """Ask for a stream and return its usage; a server that sends one completion instead is understood too."""
        body = {**self.server.wanted(asked), "stream": True, "stream_options": {"include_usage": True}}
        tls = self.server.address.startswith("https:")
        headers = {**self.server.headers(), "Accept-Encoding": "identity"}
        completion = Completion()
        try:
            async with AsyncExitStack() as stack:
                # a limit over all of it is around this; a client without TLS loads no certificates
                client = await stack.enter_async_context(
                    httpx2.AsyncClient(timeout=None, follow_redirects=False, trust_env=False, verify=tls)
                )
                response = await stack.enter_async_context(
                    client.stream("POST", self.server.address, json=body, headers=headers)
                )
                if response.status_code != HTTPStatus.OK:
                    raise NoReplyError(f"answered with status {response.status_code}")
                with suppress(httpx2.RemoteProtocolError):  # the reply breaks off
                    async for data in response.aiter_raw():  # unpacked, a little could be much
                        for text in completion.feed(data):
                            await take(text)
                        if completion.ended:
                            break
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise NoReplyError(f"cannot be reached ({type(error).__name__})") from error
        if text := completion.end():
            await take(text)
        return completion.usage


class _Page:
    """What is written so far: sentences are verified on the service's processors and shown one by one."""

    def __init__(self, evidence: Sequence[Evidence], workers: Workers, show: Show, *, keep_unsupported: bool) -> None:
        self._verifier = Verifier(evidence)
        self._workers = workers
        self._show = show
        self._proof = Proof(keep_unsupported=keep_unsupported)
        self._reading = PartialReply(len(evidence))
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
            verified = await self._workers.do(partial(self._verifier.verified, drafted))
            for sentence in self._proof.add(verified):
                await self._show(sentence)

    def written(self, model: str, failure: str) -> Written:
        """Return the answer; `failure` says why the reply has no end, "" if it has one."""
        return self._proof.written(model, failure, self.usage)
