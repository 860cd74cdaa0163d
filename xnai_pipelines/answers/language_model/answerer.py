"""Writes answers with a language model: asks it, verifies what it wrote, and keeps what the evidence proves."""

from collections.abc import Sequence
from dataclasses import dataclass

from xnai_pipelines.answers.answer import Sentence, State
from xnai_pipelines.answers.ask import Written
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.language_model.prompt import draft_of, messages
from xnai_pipelines.answers.language_model.server import ChatServer
from xnai_pipelines.answers.verify import verify


@dataclass(frozen=True, slots=True)
class LanguageModelAnswerer:
    """An `Answerer` over a server. `keep_unsupported` shows unsupported sentences as such instead of dropping them."""

    server: ChatServer
    keep_unsupported: bool = False

    def __call__(self, question: str, evidence: Sequence[Evidence]) -> Written:
        """Return the verified sentences; none, and why in the notes, if the model gave none that can be shown."""
        reply, failure = self.server.reply(messages(question, evidence))
        sentences = () if failure else verify(draft_of(reply, len(evidence)), evidence)
        return written(self.server.model, sentences, failure, keep_unsupported=self.keep_unsupported)


def written(model: str, sentences: Sequence[Sentence], failure: str, *, keep_unsupported: bool) -> Written:
    """Return what is shown of a model's sentences, and what a reader should know.

    Args:
        model: Name of the model.
        sentences: Verified sentences, in order.
        failure: Why the reply has no end, such as "did not reply within 20 s"; "" if it has one.
        keep_unsupported: Show sentences without support as such.
    """
    proven = tuple(one for one in sentences if one.state is not State.UNSUPPORTED)
    if not proven:
        why = failure or "wrote nothing that the documents support"
        return Written(model, (), (f"The language model {why}; the answer quotes the documents.",))
    notes = [f"The language model {failure}; its answer may be incomplete."] if failure else []
    lost = len(sentences) - len(proven)
    if keep_unsupported or not lost:
        return Written(model, tuple(sentences), tuple(notes))
    left_out = "1 sentence" if lost == 1 else f"{lost} sentences"
    notes.append(f"{left_out} without support in the documents left out.")
    return Written(model, proven, tuple(notes))
