"""The routes under /v1: each checks the caller's scope, and reaches the index through the caller's filter."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from xnai_pipelines.errors import NotFoundError
from xnai_pipelines.serving.caller import Caller
from xnai_pipelines.serving.current import Served
from xnai_pipelines.serving.messages import (
    DocumentResponse,
    FoundPassage,
    Problem,
    ReleaseMessage,
    SearchRequest,
    SearchResponse,
    StatusResponse,
)
from xnai_pipelines.serving.service import Service
from xnai_pipelines.serving.tokens import Scope
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import DOCUMENTS
from xnai_pipelines.state.tables import Tables

_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        400: "The request is not acceptable.",
        401: "No valid token.",
        403: "The token lacks a scope.",
        404: "Not there for this caller.",
        409: "Nothing is released yet.",
        413: "The body is too large.",
        422: "A field is missing or of another form.",
        429: "Too many requests.",
        500: "Something stored is damaged.",
        503: "The request took too long, or a part of the service cannot be reached.",
    }.items()
}
_DOCUMENT_ID = "0123456789abcdef"

router = APIRouter(prefix="/v1", responses=_REFUSALS)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller()
    return caller


Serving = Annotated[Service, Depends(_service)]
Asking = Annotated[Caller, Depends(_caller)]


@router.post("/search")
async def search(body: SearchRequest, service: Serving, caller: Asking) -> SearchResponse:
    """Return the best passages for a question."""
    caller.require(Scope.SEARCH)

    def work(served: Served, groups: frozenset[str]) -> SearchResponse:
        index, filters = served.for_groups(groups), body.filters.filters()
        hits = index.search(body.question, body.k, body.mode, filters, by_document=body.by_document)
        return SearchResponse(
            release=index.release.release,
            searched_for=index.understood(body.question, filters).text,
            hits=[FoundPassage.of(hit) for hit in hits],
        )

    return await service.result(caller, ("search", body), work)


@router.get("/documents/{document_id}")
async def document(
    document_id: str,
    service: Serving,
    caller: Asking,
    start: Annotated[int, Query(ge=0, description="First character.")] = 0,
    end: Annotated[int | None, Query(ge=0, description="Character after the last; to the end if left out.")] = None,
) -> DocumentResponse:
    """Return a document's text, or a range of it. A document that may not be read does not exist."""
    caller.require(Scope.READ)

    def work(served: Served, groups: frozenset[str]) -> dict[str, Any] | None:
        columns = ["document_id", "source", "title", "media_type", "language", "text"]
        rows = Tables(service.home.lancedb).read(DOCUMENTS, columns, f"document_id = '{document_id}'").to_pylist()
        return rows[0] if rows and served.rules.reader(groups)(rows[0]["source"]) else None

    well_formed = document_id and all(character in _DOCUMENT_ID for character in document_id)
    served = service.current.served
    row = await service.workers.do(lambda: work(served, caller.groups)) if well_formed else None
    if row is None:
        raise NotFoundError("There is no such document.")
    text = row.pop("text")
    end = len(text) if end is None else min(end, len(text))
    start = min(start, end)
    return DocumentResponse(**row, start=start, end=end, length=len(text), text=text[start:end])


@router.get("/releases")
async def releases(service: Serving, caller: Asking) -> list[ReleaseMessage]:
    """Return the kept releases, the oldest first."""
    caller.require(Scope.READ)

    def kept() -> list[ReleaseMessage]:
        current = service.current.served.index.release.release
        return [
            ReleaseMessage(
                release=one.release,
                created_at=one.created_at,
                encoder=one.encoder,
                variant=one.variant,
                vector_space=one.vector_space,
                current=one.release == current,
            )
            for one in Releases(service.home.releases).all()
        ]

    return await service.workers.do(kept)


@router.get("/status")
async def status(service: Serving, caller: Asking) -> StatusResponse:
    """Return what is served."""
    caller.require(Scope.READ)

    def work(served: Served, groups: frozenset[str]) -> StatusResponse:
        index = served.for_groups(groups)
        return StatusResponse(
            release=index.release.release,
            encoder=index.release.encoder,
            variant=index.release.variant,
            passages=index.passages,
            failure=service.current.failure if Scope.ADMIN in caller.scopes else None,
        )

    served = service.current.served
    return await service.workers.do(lambda: work(served, caller.groups))
