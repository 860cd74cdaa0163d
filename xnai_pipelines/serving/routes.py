"""The routes under /v1."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from xnai_pipelines.answers.answer import Answer
from xnai_pipelines.serving import operations
from xnai_pipelines.serving.answering import answered
from xnai_pipelines.serving.caller import Caller
from xnai_pipelines.serving.messages import (
    AnswerRequest,
    ContextRequest,
    ContextResponse,
    DocumentResponse,
    Problem,
    ReleaseMessage,
    SearchRequest,
    SearchResponse,
    SourcesResponse,
    StatusResponse,
)
from xnai_pipelines.serving.service import Service
from xnai_pipelines.serving.streaming import EVENT_STREAM, answer_stream

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        400: "The request is not acceptable.",
        401: "No valid token.",
        403: "The token lacks a scope.",
        404: "Not there for this caller.",
        413: "The body is too large.",
        422: "A field is missing or of another form.",
        429: "Too many requests.",
        500: "Something stored is damaged.",
        503: "Nothing is released yet, the request took too long, or a part of the service cannot be reached.",
    }.items()
}

router = APIRouter(prefix="/v1", responses=REFUSALS)


# async: FastAPI runs other functions in a thread, which costs more than a cached search
async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


Serving = Annotated[Service, Depends(_service)]
Asking = Annotated[Caller, Depends(_caller)]
Accept = Annotated[str, Header(include_in_schema=False)]


@router.post("/search")
async def search(body: SearchRequest, service: Serving, caller: Asking) -> SearchResponse:
    """Return the best passages for a question."""
    return await operations.search(service, caller, body)


@router.post("/answer", response_model=Answer, responses={200: {"content": {EVENT_STREAM: {}}}})
async def answer(body: AnswerRequest, service: Serving, caller: Asking, accept: Accept = "") -> Answer | Response:
    """Return an answer: sentences, each cited to the character, or a refusal with the nearest passages.

    As server-sent events: `sentence` for each sentence once it is verified, then `answer` with all of it, or `error`.
    """
    if body.stream or EVENT_STREAM in accept:
        return answer_stream(partial(answered, service, caller, body))
    return await answered(service, caller, body)


@router.post("/context")
async def context(body: ContextRequest, service: Serving, caller: Asking) -> ContextResponse:
    """Return the evidence for a question, numbered, for the prompt of another system."""
    return await operations.context(service, caller, body)


@router.get("/documents/{document_id}")
async def document(
    document_id: str,
    service: Serving,
    caller: Asking,
    start: Annotated[int, Query(ge=0, description="First character.")] = 0,
    end: Annotated[int | None, Query(ge=0, description="Character after the last; to the end if left out.")] = None,
) -> DocumentResponse:
    """Return a document's text, or a range of it. A document that may not be read does not exist."""
    return await operations.read_document(service, caller, document_id, start, end)


@router.get("/sources")
async def sources(
    service: Serving,
    caller: Asking,
    prefix: Annotated[str, Query(max_length=1_000, description="Start of the sources.")] = "",
    most: Annotated[int, Query(ge=1, le=10_000, description="Max number of sources.")] = 1_000,
) -> SourcesResponse:
    """Return the sources that can be searched, with the ids of their documents."""
    return await operations.list_sources(service, caller, prefix, most)


@router.get("/releases")
async def releases(service: Serving, caller: Asking) -> list[ReleaseMessage]:
    """Return the kept releases, the oldest first."""
    return await operations.list_releases(service, caller)


@router.get("/status")
async def status(service: Serving, caller: Asking) -> StatusResponse:
    """Return what is served."""
    return await operations.status(service, caller)
