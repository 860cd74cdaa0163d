"""Writes answers with a language model: asks it, verifies each sentence as it comes, keeps what the evidence proves."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from xnai_pipelines.answers.answer import Sentence, State
from xnai_pipelines.answers.ask import Written
from xnai_pipelines.answers.draft import Draft
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.language_model.prompt import PartialReply, messages
from xnai_pipelines.answers.streamed import Streamed
from xnai_pipelines.answers.verify import Verifier
from xnai_pipelines.language_model.completion import Usage
from xnai_pipelines.language_model.server import ChatServer, Ended


@dataclass(frozen=True, slots=True)
class LanguageModelAnswerer:
    """An `Answerer` over a server. `keep_unsupported` shows unsupported sentences as such instead of dropping them."""

    server: ChatServer
    keep_unsupported: bool = False

    def __call__(self, question: str, evidence: Sequence[Evidence]) -> Generator[Sentence, None, Written]:
        """Yield the verified sentences; return all, and in the notes what was left out or failed."""
        verifier, proof = Verifier(evidence), Proof(keep_unsupported=self.keep_unsupported)
        drafts = Streamed(_drafts(self.server.reply(messages(question, evidence)), len(evidence)))
        for draft in drafts:
            for drafted in draft:
                yield from proof.add(verifier.verified(drafted))
        return proof.written(self.server.model, drafts.result.failure, drafts.result.usage)


def _drafts(reply: Generator[str, None, Ended], pieces: int) -> Generator[Draft, None, Ended]:
    """Yield the sentences of a reply as they end."""
    reading, streamed = PartialReply(pieces), Streamed(reply)
    for part in streamed:
        yield reading.more(part)
        if reading.full:
            reply.close()
            return Ended()
    if not streamed.result.failure:  # else the last sentence may be half of one
        yield reading.rest()
    return streamed.result


class Proof:
    """The verified sentences of a reply. None is shown before one is proven: the documents may still be quoted instead.

    `keep_unsupported` shows sentences without support as such.
    """

    def __init__(self, *, keep_unsupported: bool) -> None:
        self._keep_unsupported = keep_unsupported
        self._verified: list[Sentence] = []
        self._looked = 0

    def add(self, sentence: Sentence) -> list[Sentence]:
        """Return the sentences that may be shown from this one on."""
        self._verified.append(sentence)
        if not any(map(_is_proven, self._verified)):
            return []
        new, self._looked = self._verified[self._looked :], len(self._verified)
        return [one for one in new if self._keep_unsupported or _is_proven(one)]

    def written(self, model: str, failure: str, usage: Usage | None) -> Written:
        """Return what is shown of a model's sentences, and what a reader should know.

        Args:
            model: Name of the model.
            failure: Why the reply has no end, such as "did not reply within 20 s"; "" if it has one.
            usage: Tokens that the reply cost, None if they were not counted.
        """
        sentences = proven = tuple(filter(_is_proven, self._verified))
        lost = len(self._verified) - len(proven)
        if not proven:
            why = failure or "wrote nothing that the documents support"
            notes = [f"The language model {why}; the answer quotes the documents."]
        else:
            notes = [f"The language model {failure}; its answer may be incomplete."] if failure else []
            if self._keep_unsupported:
                sentences = tuple(self._verified)
            elif lost:
                left_out = "1 sentence" if lost == 1 else f"{lost} sentences"
                notes.append(f"{left_out} without support in the documents left out.")
        states = tuple(sentence.state for sentence in self._verified)
        return Written(model, sentences, tuple(notes), usage, failure, states)


def _is_proven(sentence: Sentence) -> bool:
    return sentence.state is not State.UNSUPPORTED
