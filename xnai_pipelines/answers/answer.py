"""What an answer is: sentences with citations and a state each, or a refusal with the nearest passages."""

from dataclasses import dataclass
from enum import StrEnum

from xnai_pipelines.answers.refusal import RefusalPolicy
from xnai_pipelines.language_model.completion import Usage
from xnai_pipelines.search.query import Filters


class State(StrEnum):
    """The result of verifying a sentence: a quote, entailed by its citations, or neither."""

    VERBATIM = "verbatim"
    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Span:
    """The shortest part of a quote that answers: a number, a date, a name. `text` equals `document.text[start:end]`."""

    start: int
    end: int
    text: str


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
        span: The part of the quote that answers; None if the question does not ask for a kind of thing.
    """

    document_id: str
    source: str
    chunk_id: str
    start: int
    end: int
    quote: str
    heading_path: tuple[str, ...] = ()
    page: str | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, what proves it, and why if nothing does."""

    text: str
    state: State
    citations: tuple[Citation, ...] = ()
    reason: str | None = None

    @property
    def answering(self) -> str:
        """What answers: the span of its first citation that has one, else the whole sentence."""
        return next((one.span.text for one in self.citations if one.span), self.text)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer, and the nearest passages, best first."""

    reason: str
    nearest: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Parameters:
    """What an answer depends on besides the release: enough to reproduce it.

    Attributes:
        version: Version of the answering method.
        policy: Policy by which questions are refused.
        budget_tokens: Max tokens of the evidence, estimated.
        filters: Which documents may answer.
    """

    version: int
    policy: RefusalPolicy
    budget_tokens: int
    filters: Filters


@dataclass(frozen=True, slots=True)
class Signature:
    """Who gave an answer, and when.

    Attributes:
        algorithm: "Ed25519".
        public_key: Public key of the home that gave it: 64 hexadecimal digits.
        signed_at: When, in ISO 8601.
        value: Signature of the answer as JSON with this field empty: 128 hexadecimal digits.
    """

    algorithm: str
    public_key: str
    signed_at: str
    value: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of one release. It has sentences or a refusal, never both.

    Attributes:
        answer_id: Digest of what determines the answer: question, release, parameters, sentences.
        question: Question as a person asked it.
        asked: Question as it was searched for; differs for follow-ups.
        release: Number of the release that answered.
        answerer: "extractive" or the name of the language model.
        parameters: What it was made with.
        sentences: Sentences in order.
        refusal: Why the documents do not answer; None if they do.
        notes: Notes for the reader, such as a model server that did not respond.
        usage: Tokens of the language model; None if none was used or it did not report them.
        seconds: Wall-clock time.
        signature: Proof of who gave it; None if it is not signed.
    """

    answer_id: str
    question: str
    asked: str
    release: int
    answerer: str
    parameters: Parameters
    sentences: tuple[Sentence, ...] = ()
    refusal: Refusal | None = None
    notes: tuple[str, ...] = ()
    usage: Usage | None = None
    seconds: float = 0.0
    signature: Signature | None = None
