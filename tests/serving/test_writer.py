"""The service's own load is not the model's failure, and an answer that comes in time is not cut."""

import anyio
import pytest

from tests.support.language_models import END, delta, language_model
from tests.support.waiting import NEVER_SECONDS
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.errors import RequestTimeoutError, TooManyRequestsError
from xnai_pipelines.language_model.server import FAILURES, ChatServer
from xnai_pipelines.serving.breaker import Breaker
from xnai_pipelines.serving.work import Workers
from xnai_pipelines.serving.writer import Writer

TEXT = "The office is closed at night. Everybody has thirty holidays."
EVIDENCE = [Evidence("d", "d.md", "Office", ("c",), 0, len(TEXT), TEXT, (), None, 1.0)]
QUESTION = "When is the office closed?"
REPLY = delta("The office is closed at night. [1] Everybody has thirty holidays. [1]") + END


class _BusyWorkers(Workers):
    """Fails every work, as a service under load does."""

    def __init__(self, error):
        super().__init__(1, 1, NEVER_SECONDS)
        self._error = error

    async def do(self, work):
        raise self._error


async def nowhere(_): ...


def test_a_head_start_ends_with_the_first_sentence_even_if_more_came_with_it():
    left = []

    async def show(_):
        left.append(anyio.current_effective_deadline() - anyio.current_time())

    async def write():
        with language_model(lambda say: say(REPLY)) as url:
            writer = Writer(ChatServer(url, "small", seconds=2 * NEVER_SECONDS), NEVER_SECONDS)
            return await writer.write(QUESTION, EVIDENCE, Workers(1, 1, NEVER_SECONDS), show)

    assert len(anyio.run(write).sentences) == len(left) == 2
    assert min(left) > NEVER_SECONDS


@pytest.mark.parametrize("error", [TooManyRequestsError("Busy.", 1), RequestTimeoutError("Late.")])
def test_a_service_too_busy_to_verify_quotes_and_does_not_count_it_as_the_models_failure(error):
    async def write():
        with language_model(lambda say: say(REPLY)) as url:
            writer = Writer(ChatServer(url, "small", seconds=NEVER_SECONDS), NEVER_SECONDS)
            for _ in range(FAILURES + 1):
                written = await writer.write(QUESTION, EVIDENCE, _BusyWorkers(error), nowhere)
        return written, writer.breaker.state

    written, state = anyio.run(write)
    assert (written.sentences, state) == ((), "closed")
    assert "no processor was free" in written.notes[0]


def test_cancelled_work_says_nothing_of_its_dependency():
    breaker = Breaker("something", 2, -1)  # left alone for no time: the next use decides

    async def fail():
        raise ConnectionError

    async def uses():
        async def cancelled():
            with anyio.CancelScope() as scope:
                scope.cancel()
                await breaker.use(anyio.sleep_forever, (ConnectionError,))
            return breaker.state

        await breaker.use(fail, (ConnectionError,))
        await cancelled()
        await breaker.use(fail, (ConnectionError,))
        return breaker.state, await cancelled()

    assert anyio.run(uses) == ("opened", "half-opened")
