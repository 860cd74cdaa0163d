"""What requests and responses of the OpenAI protocol hold. Fields that the service does not use are ignored."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from xnai_pipelines.serving.messages import SearchFilters

MODEL = "xnai"
MAX_MESSAGES = 512
MAX_TEXTS = 64
MAX_DOCUMENTS = 100
LONGEST_TEXT = 8_000

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
ModelName = Annotated[str, Field(max_length=200, description="A name from /v1/models.", examples=[MODEL])]


class ProtocolRequest(BaseModel):
    """A request of a client that sends more than the service uses."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ContentPart(ProtocolRequest):
    """A part of a message."""

    type: str
    text: str | None = None


class ChatMessage(ProtocolRequest):
    """A message of a chat."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None


class StreamOptions(ProtocolRequest):
    """What a stream holds beside the answer."""

    include_usage: bool = False


class ResponseFormat(ProtocolRequest):
    """The form of the answer: text, with a mark for each citation."""

    type: Literal["text"] = "text"


class ChatRequest(ProtocolRequest):
    """A chat whose last message of a person is the question."""

    model: ModelName = MODEL
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = Field(default=None, description="There is one answer.")
    response_format: ResponseFormat | None = None
    filters: SearchFilters = Field(default=SearchFilters(), description="Not of the protocol: which documents answer.")

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        json_schema_extra={
            "examples": [{"model": MODEL, "messages": [{"role": "user", "content": "How do I copy a folder?"}]}]
        },
    )


class UrlCitation(BaseModel):
    """Where a citation leads to. The first four fields are of the protocol."""

    start_index: int = Field(description="First character of the citation's mark in the content.")
    end_index: int
    title: str = Field(description="Source of the document.")
    url: str = Field(description="Address of the quote.")
    document_id: str
    start: int = Field(description="First character of the quote in the document's text.")
    end: int
    quote: str
    heading_path: list[str]
    page: str | None


class Annotation(BaseModel):
    """A citation, in the form of the protocol."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class CompletionUsage(BaseModel):
    """Tokens, estimated from characters."""

    prompt_tokens: int
    completion_tokens: int = 0
    total_tokens: int


class AssistantMessage(BaseModel):
    """The answer, with marks such as [1]."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: str | None = Field(description="Why the documents do not answer.")
    annotations: list[Annotation]


class Choice(BaseModel):
    """The one answer."""

    index: int = 0
    message: AssistantMessage
    finish_reason: Literal["stop"] = "stop"


class ChatCompletion(BaseModel):
    """An answer as a chat completion."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    system_fingerprint: str = Field(description="The release that answered.")
    choices: list[Choice]
    usage: CompletionUsage


class EmbeddingsRequest(ProtocolRequest):
    """Texts whose vectors are wanted."""

    model: ModelName = MODEL
    input: Text | Annotated[list[Text], Field(min_length=1, max_length=MAX_TEXTS)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(default=None, description="Accepted if it is the encoder's.")
    input_type: Literal["query", "passage"] = Field(
        default="query", description="Not of the protocol: some encoders read questions and passages differently."
    )


class Embedding(BaseModel):
    """A vector of unit length; in base64 little-endian float32."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class Embeddings(BaseModel):
    """Vectors in the order of the texts."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: CompletionUsage


class RerankRequest(ProtocolRequest):
    """Documents to be ranked for a question, in the form of Cohere and Jina."""

    model: ModelName = MODEL
    query: Text
    documents: Annotated[list[Text | dict[Literal["text"], Text]], Field(min_length=1, max_length=MAX_DOCUMENTS)]
    top_n: int | None = Field(default=None, ge=1, description="Max number of results.")
    return_documents: bool = False


class RerankResult(BaseModel):
    """A document's place in the request and how well it answers; compare scores within one request."""

    index: int
    relevance_score: float
    document: dict[Literal["text"], str] | None = None


class Reranked(BaseModel):
    """Documents, the best first."""

    id: str
    model: str
    results: list[RerankResult]
    usage: CompletionUsage


class Model(BaseModel):
    """A name that requests may use."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "xnai_pipelines"


class Models(BaseModel):
    """The names that requests may use."""

    object: Literal["list"] = "list"
    data: list[Model]


Chunk = dict[str, Any]
"""One event of a streamed completion."""
