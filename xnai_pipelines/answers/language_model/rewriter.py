"""Completes follow-up questions with a language model; whoever asks checks what it wrote."""

from collections.abc import Sequence
from dataclasses import dataclass

from xnai_pipelines.answers.conversation import Turn
from xnai_pipelines.language_model.server import ChatServer

_SYSTEM = (
    "Write the last question so that it can be understood alone: replace words such as it, they or there by what they "
    "mean in the conversation. Use only words of the conversation. Reply with the question alone."
)


@dataclass(frozen=True, slots=True)
class LanguageModelRewriter:
    """A `Rewriter` over a server."""

    server: ChatServer

    def __call__(self, question: str, history: Sequence[Turn]) -> str | None:
        """Return the first line that the model writes; None if it fails."""
        turns = "\n".join(f"Question: {one.question}\nAnswer: {one.answer}" for one in history)
        text, ended = self.server.whole_reply(
            [
                {"role": "system", "content": _SYSTEM},
                {"role": "user", "content": f"{turns}\nLast question: {question}"},
            ]
        )
        written = text.strip().splitlines()
        return written[0].strip() if written and not ended.failure else None
