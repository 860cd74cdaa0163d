"""The whole answer of a release to a question."""

from collections.abc import Sequence

from xnai_pipelines.answers.answer import Answer
from xnai_pipelines.answers.ask import Answerer, prepare, stream
from xnai_pipelines.answers.conversation import Turn
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.refusal import NO_POLICY, RefusalPolicy
from xnai_pipelines.answers.streamed import Streamed
from xnai_pipelines.search.query import NO_FILTERS


def ask(
    passages: Passages,
    question: str,
    *,
    policy: RefusalPolicy = NO_POLICY,
    answerer: Answerer | None = None,
    history: Sequence[Turn] = (),
) -> Answer:
    """Return the answer; without an answerer it quotes the documents."""
    prepared = prepare(
        passages, question, policy=policy, filters=NO_FILTERS, history=history, to_write=answerer is not None
    )
    return Streamed(stream(prepared, answerer, started=0.0)).drained()
