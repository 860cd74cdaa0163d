"""What an answer is: sentences with citations and a state each, or a refusal with the nearest passages."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What is known about a sentence: a quote, entailed by its citations, or neither."""

    VERBATIM = "verbatim"
    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Citation:
    """A character range of a stored document. `quote` equals `document.text[start:end]`.

    Attributes:
        document_id: Document that is quoted.
        source: Its path in the documents folder.
        chunk_id: Passage that the quote was found in.
        start: First character of the quote in the document's text.
        end: Character after the quote.
        quote: The characters themselves.
        heading_path: Headings above the quote, the topmost first.
        page: Label of the page, slide or sheet; None if the document has none.
    """

    document_id: str
    source: str
    chunk_id: str
    start: int
    end: int
    quote: str
    heading_path: tuple[str, ...] = ()
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, what proves it, and why if nothing does."""

    text: str
    state: State
    citations: tuple[Citation, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer, and the passages that came nearest, the best first."""

    reason: str
    nearest: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost: tokens that a language model read and wrote, as its server counted them."""

    prompt_tokens: int
    reply_tokens: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of one release. It has sentences or a refusal, never both.

    Attributes:
        answer_id: Digest of what determines the answer: question, release, parameters, sentences.
        question: Question as it was asked.
        release: Number of the release that answered.
        answerer: "extractive" or the name of the language model.
        sentences: Sentences in order.
        refusal: Why the documents do not answer; None if they do.
        notes: What a reader should know, such as a model server that did not respond.
        usage: Tokens of the language model; None if none was asked or it did not count.
        seconds: Wall-clock time.
    """

    answer_id: str
    question: str
    release: int
    answerer: str
    sentences: tuple[Sentence, ...] = ()
    refusal: Refusal | None = None
    notes: tuple[str, ...] = ()
    usage: Usage | None = None
    seconds: float = 0.0
