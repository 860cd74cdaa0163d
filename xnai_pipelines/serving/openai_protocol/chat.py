"""A chat completion from an answer: sentences with numbered marks, and the citations as annotations. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from xnai_pipelines.answers.answer import Answer, Citation, Sentence
from xnai_pipelines.answers.conversation import MOST_CHARACTERS, MOST_TURNS
from xnai_pipelines.answers.evidence import BYTES_PER_TOKEN
from xnai_pipelines.errors import QueryError
from xnai_pipelines.questions.question import LONGEST_QUESTION
from xnai_pipelines.serving.messages import Earlier
from xnai_pipelines.serving.openai_protocol.messages import (
    Annotation,
    AssistantMessage,
    ChatCompletion,
    ChatMessage,
    Choice,
    Chunk,
    CompletionUsage,
    ContentPart,
    UrlCitation,
)


def question_of(messages: Sequence[ChatMessage]) -> tuple[str, tuple[Earlier, ...]]:
    """Return the last message of a person, and the questions before it with their answers, the oldest first.

    Raises:
        QueryError: There is none, it is too long, or it is not text alone.
    """
    at = max((place for place, message in enumerate(messages) if message.role == "user"), default=None)
    if at is None:
        raise QueryError('No message has the role "user". Its last one is the question.')
    if any(part.type != "text" for part in messages[at].content or () if isinstance(part, ContentPart)):
        raise QueryError("The question has a part that is not text. Send text alone.")
    question = _text(messages[at])
    if not question.strip() or len(question) > LONGEST_QUESTION:
        raise QueryError(f"A question must have 1 to {LONGEST_QUESTION:,} characters. This one has {len(question):,}.")
    return question, _history(messages[:at])


def _history(messages: Sequence[ChatMessage]) -> tuple[Earlier, ...]:
    turns: list[tuple[str, str]] = []
    for message in messages:
        text = _text(message).strip()
        if message.role == "user" and text:
            turns.append((text[:MOST_CHARACTERS], ""))
        elif message.role == "assistant" and turns:
            turns[-1] = turns[-1][0], text[:MOST_CHARACTERS]
    return tuple(Earlier(question=question, answer=answer) for question, answer in turns[-MOST_TURNS:])


def _text(message: ChatMessage) -> str:
    if isinstance(message.content, str):
        return message.content
    return "\n".join(part.text or "" for part in message.content or ())


@dataclass(slots=True)
class Transcript:
    """The content of a completion as it grows: each citation keeps its number.

    Attributes:
        documents: Address of the documents.
        content: What was written.
        annotations: A citation for each mark of the content.
    """

    documents: str
    content: str = ""
    annotations: list[Annotation] = field(default_factory=list)
    _numbers: dict[Citation, int] = field(default_factory=dict)

    def add(self, sentence: Sentence) -> str:
        """Return what a sentence adds to the content; one of several lines, such as code, has lines of its own."""
        if "\n" in sentence.text:
            return self._added(f"\n\n{sentence.text}\n", sentence.citations)
        return self._added(f" {sentence.text} ", sentence.citations)

    def refuse(self, answer: Answer) -> str:
        """Return the reason of a refusal, with the passages that came nearest; nothing if it is an answer."""
        if answer.refusal is None:
            return ""
        nearest = answer.refusal.nearest
        return self._added(f" {answer.refusal.reason} {'Nearest passages: ' if nearest else ''}", nearest)

    def _added(self, text: str, citations: Sequence[Citation]) -> str:
        before = len(self.content)
        self.content += text if self.content else text.lstrip()
        for citation in citations:
            mark = f"[{self._numbers.setdefault(citation, len(self._numbers) + 1)}]"
            self.annotations.append(Annotation(url_citation=self._place(citation, len(self.content), len(mark))))
            self.content += mark
        self.content = self.content.rstrip()
        return self.content[before:]

    def _place(self, citation: Citation, at: int, length: int) -> UrlCitation:
        return UrlCitation(
            start_index=at,
            end_index=at + length,
            title=citation.source,
            url=f"{self.documents}/{citation.document_id}?start={citation.start}&end={citation.end}",
            document_id=citation.document_id,
            start=citation.start,
            end=citation.end,
            quote=citation.quote,
            heading_path=list(citation.heading_path),
            page=citation.page,
        )


def completion(answer: Answer, documents: str, model: str, created: int) -> ChatCompletion:
    """Return an answer as a whole completion.

    Args:
        answer: The answer.
        documents: Address of the documents.
        model: Model that was asked for.
        created: Time of the request, seconds since 1970.
    """
    transcript = Transcript(documents)
    for sentence in answer.sentences:
        transcript.add(sentence)
    transcript.refuse(answer)
    return ChatCompletion(
        id=f"chatcmpl-{answer.answer_id}",
        created=created,
        model=model,
        system_fingerprint=fingerprint(answer),
        choices=[
            Choice(
                message=AssistantMessage(
                    content=transcript.content,
                    refusal=answer.refusal.reason if answer.refusal else None,
                    annotations=transcript.annotations,
                )
            )
        ],
        usage=usage([answer.question], transcript.content),
    )


def fingerprint(answer: Answer) -> str:
    """Return what determines answers beside the question: the release and who writes."""
    return f"release-{answer.release}-{answer.answerer}"


def chunk(about: Chunk, delta: Chunk, *, last: bool = False) -> Chunk:
    """Return one event of a stream; `about` is what all events of one stream have."""
    choice = {"index": 0, "delta": delta, "finish_reason": "stop" if last else None}
    return {**about, "object": "chat.completion.chunk", "choices": [choice]}


def usage(texts: Sequence[str], written: str = "") -> CompletionUsage:
    """Return the tokens of a request and its response, estimated."""
    read = sum(tokens(text) for text in texts)
    return CompletionUsage(prompt_tokens=read, completion_tokens=tokens(written), total_tokens=read + tokens(written))


def tokens(text: str) -> int:
    """Return the number of tokens of a text, estimated."""
    return -(-len(text.encode(errors="replace")) // BYTES_PER_TOKEN)
