"""Writes answers with a language model: asks it, verifies each sentence as it comes, keeps what the evidence proves."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from xnai_pipelines.answers.answer import Sentence, State
from xnai_pipelines.answers.ask import Written
from xnai_pipelines.answers.draft import DraftSentence
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.language_model.prompt import LONGEST_REPLY, draft_of, messages, split_complete
from xnai_pipelines.answers.language_model.server import ChatServer, Ended
from xnai_pipelines.answers.streamed import Streamed
from xnai_pipelines.answers.verify import Verifier


@dataclass(frozen=True, slots=True)
class LanguageModelAnswerer:
    """An `Answerer` over a server. `keep_unsupported` shows unsupported sentences as such instead of dropping them."""

    server: ChatServer
    keep_unsupported: bool = False

    def __call__(self, question: str, evidence: Sequence[Evidence]) -> Generator[Sentence, None, Written]:
        """Yield the verified sentences; return how it ended, and in the notes what was left out or failed."""
        verifier = Verifier(evidence)
        drafted = Streamed(_drafted(self.server.reply(messages(question, evidence)), len(evidence)))
        proven, lost = 0, 0
        waiting: list[Sentence] = []  # unsupported ones alone are no answer: they wait for one that is proven
        for sentence in map(verifier.verified, drafted):
            supported = sentence.state is not State.UNSUPPORTED
            proven += supported
            lost += not supported
            if supported or self.keep_unsupported:
                waiting.append(sentence)
            if proven:
                yield from waiting
                waiting.clear()
        ended = drafted.result
        notes = _notes(ended.failure, proven, 0 if self.keep_unsupported else lost)
        return Written(self.server.model, notes, ended.usage)


def _drafted(reply: Generator[str, None, Ended], pieces: int) -> Generator[DraftSentence, None, Ended]:
    """Yield the sentences of a reply as soon as each is complete."""
    streamed, text, length = Streamed(reply), "", 0
    for part in streamed:
        text, length = text + part, length + len(part)
        complete, text = split_complete(text)
        yield from draft_of(complete, pieces)
        if length > LONGEST_REPLY:
            reply.close()
            return Ended()
    ended = streamed.result
    if not ended.failure:  # else the last sentence may be half of one
        yield from draft_of(text, pieces)
    return ended


def _notes(failure: str, proven: int, lost: int) -> tuple[str, ...]:
    if failure:
        rest = "the answer may be incomplete" if proven else "the answer quotes the documents"
        return (f"The language model {failure}; {rest}.",)
    if not proven:
        return ("The language model wrote nothing that the documents support; the answer quotes them.",)
    if not lost:
        return ()
    left_out = "1 sentence" if lost == 1 else f"{lost} sentences"
    return (f"{left_out} without support in the documents left out.",)
