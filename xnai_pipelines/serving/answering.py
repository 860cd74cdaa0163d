"""Answers sentence by sentence: each is shown once it is verified, and a language model never holds a processor."""

import time

from xnai_pipelines.answers.answer import Answer, Sentence
from xnai_pipelines.answers.ask import Prepared, prepare
from xnai_pipelines.answers.conversation import Turn, recent
from xnai_pipelines.serving.caller import Caller
from xnai_pipelines.serving.current import Served
from xnai_pipelines.serving.messages import AnswerRequest
from xnai_pipelines.serving.service import Service
from xnai_pipelines.serving.streaming import Show
from xnai_pipelines.serving.tokens import Scope


async def show_to_nobody(_: Sentence) -> None:
    """Show a sentence to nobody."""


async def answered(service: Service, caller: Caller, request: AnswerRequest, show: Show = show_to_nobody) -> Answer:
    """Return the answer to a question or a refusal.

    Args:
        service: The service.
        caller: Who asks.
        request: The question.
        show: Called with each sentence once it is verified.

    Raises:
        ForbiddenError: The caller may not ask.
        QueryError: The question has no word.
    """
    caller.require(Scope.ANSWER)
    started = time.perf_counter()
    writer = service.writer
    history = recent([Turn(one.question, one.answer) for one in request.history])

    def work(served: Served, groups: frozenset[str]) -> Prepared:
        return prepare(
            served.for_groups(groups),
            request.question,
            policy=served.refusal,
            filters=request.filters.filters(),
            history=history,
            to_write=writer is not None,
        )

    key = ("answer", request.question, request.filters, history, writer is None)
    prepared = await service.result(caller, key, work)
    written = None
    if writer and prepared.evidence:
        written = await writer.write(prepared.quoting.asked, prepared.evidence, service.workers, show)
    answer = prepared.answered(written, time.perf_counter() - started)
    if not written or not written.sentences:
        for sentence in answer.sentences:
            await show(sentence)
    return answer
