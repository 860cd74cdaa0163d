"""What requests hold and what responses hold, as the OpenAPI description shows them."""

import unicodedata
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from xnai_pipelines.questions.question import LONGEST_QUESTION
from xnai_pipelines.search import Filters, Hit, Mode
from xnai_pipelines.state.manifest import Release


def normal(question: str) -> str:
    """Return a question in one of the ways to write it: composed characters, single spaces. It is cached once."""
    return " ".join(unicodedata.normalize("NFC", question).split())


Question = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_QUESTION,
        description="What a person asks; operators as in `xnai search`.",
        examples=["How do I copy a folder?"],
    ),
    AfterValidator(normal),
]


class Request(BaseModel):
    """A request: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchFilters(Request):
    """Which documents are searched."""

    source: str | None = Field(default=None, description="Start of the document's source.", examples=["handbook/"])
    language: str | None = Field(default=None, description="ISO 639-1 code.", examples=["en"])
    media_type: str | None = Field(default=None, examples=["application/pdf"])

    def filters(self) -> Filters:
        """Return the filters of the index."""
        return Filters(source_prefix=self.source, media_type=self.media_type, language=self.language)


class SearchRequest(Request):
    """A search."""

    question: Question
    k: int = Field(default=10, ge=1, le=100, description="Max number of passages.")
    mode: Mode = Mode.HYBRID
    filters: SearchFilters = SearchFilters()
    by_document: bool = Field(default=False, description="Return the best passage of each document alone.")


class Earlier(Request):
    """A question that was asked before, and the text of its answer."""

    question: Question
    answer: str = Field(default="", max_length=20_000)


class AnswerRequest(Request):
    """A question to be answered."""

    question: Question
    filters: SearchFilters = SearchFilters()
    history: tuple[Earlier, ...] = Field(
        default=(), max_length=20, description="What was asked before, the oldest first: a follow-up may mean it."
    )
    stream: bool = Field(default=False, description="Send server-sent events; `Accept: text/event-stream` does too.")


class ContextRequest(Request):
    """A question whose evidence is wanted."""

    question: Question
    filters: SearchFilters = SearchFilters()
    budget: int = Field(default=2_000, ge=1, le=32_000, description="Max tokens, estimated.")


class ContextResponse(BaseModel):
    """The evidence for a question."""

    release: int
    context: str = Field(description="Numbered passages, each with its source before it.")


class SearchResponse(BaseModel):
    """The passages found, the best first."""

    release: int = Field(description="Number of the release that answered.")
    searched_for: str = Field(description="Question without operators, its misspelt words corrected.")
    without: tuple[str, ...] = Field(description="Words that the question excludes.")
    hits: list[Hit]


class DocumentResponse(BaseModel):
    """A document's text, or a range of it."""

    document_id: str
    source: str
    title: str
    media_type: str
    language: str | None
    start: int
    end: int
    length: int = Field(description="Number of characters of the whole text.")
    text: str


class ReleaseMessage(BaseModel):
    """A kept release."""

    release: int
    created_at: str
    encoder: str
    variant: str
    vector_space: str
    current: bool

    @classmethod
    def of(cls, release: Release, current: int) -> Self:
        """Return the message of a release; `current` is the number of the one that answers."""
        return cls(
            release=release.release,
            created_at=release.created_at,
            encoder=release.encoder,
            variant=release.variant,
            vector_space=release.vector_space,
            current=release.release == current,
        )


class SourcesResponse(BaseModel):
    """Documents that can be searched."""

    documents: int = Field(description="Number of documents whose source has the prefix.")
    sources: dict[str, str] = Field(description="Ids of documents by source, in order; the first ones.")


class StatusResponse(BaseModel):
    """What is served, and how the service does."""

    release: int
    encoder: str
    variant: str
    passages: int = Field(description="Passages that the caller may read.")
    failure: str | None = Field(
        default=None,
        description="Why the newest state could not be opened; shown to the scope admin.",
    )
    dependencies: dict[str, str] = Field(
        default={},
        description="Circuit breakers by dependency: closed, opened or half-opened; shown to the scope admin.",
        examples=[{"redis": "closed"}],
    )


class Problem(BaseModel):
    """Why a request was refused or failed: what was wrong, and what to do."""

    error: str = Field(description="Class of the error.", examples=["QueryError"])
    message: str
