"""Writes answers with a language model: asks it, verifies each sentence as it comes, keeps what the evidence proves."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from xnai_pipelines.answers.answer import Sentence, State, Usage
from xnai_pipelines.answers.ask import Written
from xnai_pipelines.answers.draft import Draft
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.language_model.prompt import Reading, messages
from xnai_pipelines.answers.language_model.server import ChatServer, Ended
from xnai_pipelines.answers.streamed import Streamed
from xnai_pipelines.answers.verify import Verifier


@dataclass(frozen=True, slots=True)
class LanguageModelAnswerer:
    """An `Answerer` over a server. `keep_unsupported` shows unsupported sentences as such instead of dropping them."""

    server: ChatServer
    keep_unsupported: bool = False

    def __call__(self, question: str, evidence: Sequence[Evidence]) -> Generator[Sentence, None, Written]:
        """Yield the verified sentences; return all, and in the notes what was left out or failed."""
        verifier, verified, shown = Verifier(evidence), list[Sentence](), 0
        drafts = Streamed(_drafts(self.server.reply(messages(question, evidence)), len(evidence)))
        for draft in drafts:
            verified += map(verifier.verified, draft)
            if any(map(_is_proven, verified)):  # until then the documents may still be quoted instead
                new, shown = verified[shown:], len(verified)
                yield from (one for one in new if self.keep_unsupported or _is_proven(one))
        ended = drafts.result
        return written(
            self.server.model, verified, ended.failure, keep_unsupported=self.keep_unsupported, usage=ended.usage
        )


def _drafts(reply: Generator[str, None, Ended], pieces: int) -> Generator[Draft, None, Ended]:
    """Yield the sentences of a reply as they end."""
    reading, streamed = Reading(pieces), Streamed(reply)
    for part in streamed:
        yield reading.more(part)
        if reading.full:
            reply.close()
            return Ended()
    if not streamed.result.failure:  # else the last sentence may be half of one
        yield reading.rest()
    return streamed.result


def _is_proven(sentence: Sentence) -> bool:
    return sentence.state is not State.UNSUPPORTED


def written(
    model: str, sentences: Sequence[Sentence], failure: str, *, keep_unsupported: bool, usage: Usage | None = None
) -> Written:
    """Return what is shown of a model's sentences, and what a reader should know.

    Args:
        model: Name of the model.
        sentences: Verified sentences, in order.
        failure: Why the reply has no end, such as "did not reply within 20 s"; "" if it has one.
        keep_unsupported: Show sentences without support as such.
        usage: Tokens that the reply cost, None if they were not counted.
    """
    proven = tuple(filter(_is_proven, sentences))
    if not proven:
        why = failure or "wrote nothing that the documents support"
        return Written(model, (), (f"The language model {why}; the answer quotes the documents.",), usage)
    notes = [f"The language model {failure}; its answer may be incomplete."] if failure else []
    lost = len(sentences) - len(proven)
    if keep_unsupported or not lost:
        return Written(model, tuple(sentences), tuple(notes), usage)
    left_out = "1 sentence" if lost == 1 else f"{lost} sentences"
    notes.append(f"{left_out} without support in the documents left out.")
    return Written(model, proven, tuple(notes), usage)
