"""Writes answers with a language model: asks it, verifies what it wrote, and keeps what the evidence proves."""

from collections.abc import Sequence
from dataclasses import dataclass

from xnai_pipelines.answers.answer import State
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
        if failure:
            return Written(self.server.model, (), (f"The language model {failure}; the answer quotes the documents.",))
        sentences = verify(draft_of(reply, len(evidence)), evidence)
        proven = tuple(one for one in sentences if one.state is not State.UNSUPPORTED)
        if not proven:
            note = "The language model wrote nothing that the documents support; the answer quotes them."
            return Written(self.server.model, (), (note,))
        lost = len(sentences) - len(proven)
        if self.keep_unsupported or not lost:
            return Written(self.server.model, sentences)
        left_out = "1 sentence" if lost == 1 else f"{lost} sentences"
        return Written(self.server.model, proven, (f"{left_out} without support in the documents left out.",))
