"""What a caller can do: each checks the caller's scope, and reaches the index through the caller's filter."""

from typing import Any

from xnai_pipelines.answers.ask import context_block
from xnai_pipelines.errors import NotFoundError, OptionError
from xnai_pipelines.serving.caller import Caller
from xnai_pipelines.serving.current import Served
from xnai_pipelines.serving.messages import (
    ContextRequest,
    ContextResponse,
    DocumentResponse,
    ReleaseMessage,
    SearchRequest,
    SearchResponse,
    SourcesResponse,
    StatusResponse,
)
from xnai_pipelines.serving.service import Service
from xnai_pipelines.serving.tokens import Scope
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import DOCUMENTS
from xnai_pipelines.state.tables import Tables

_HEX = frozenset("0123456789abcdef")


async def search(service: Service, caller: Caller, request: SearchRequest) -> SearchResponse:
    """Return the best passages for a question."""
    caller.require(Scope.SEARCH)

    def work(served: Served, groups: frozenset[str]) -> SearchResponse:
        index, filters = served.for_groups(groups).index, request.filters.filters()
        what = index.understood(request.question, filters)
        hits = index.search(what, request.k, request.mode, by_document=request.by_document)
        release = index.release.release
        return SearchResponse(release=release, searched_for=what.text, without=what.without, hits=hits)

    return await service.result(caller, ("search", request), work)


async def context(service: Service, caller: Caller, request: ContextRequest) -> ContextResponse:
    """Return the evidence for a question, numbered, for the prompt of another system."""
    caller.require(Scope.ANSWER)

    def work(served: Served, groups: frozenset[str]) -> ContextResponse:
        passages, filters = served.for_groups(groups), request.filters.filters()
        block = context_block(passages, request.question, budget_tokens=request.budget, filters=filters)
        return ContextResponse(release=passages.index.release.release, context=block)

    return await service.result(caller, ("context", request), work)


async def read_document(
    service: Service, caller: Caller, document_id: str, start: int = 0, end: int | None = None
) -> DocumentResponse:
    """Return a document's text, or the range from character `start` to `end`.

    Raises:
        NotFoundError: There is no such document, or the caller may not read it.
        OptionError: The range ends before it starts.
    """
    caller.require(Scope.READ)
    if end is not None and end < start:
        raise OptionError(f"The range ends before it starts: {start} to {end}. Send an end that is not less.")
    served = service.current.served

    def work() -> dict[str, Any] | None:
        if not served.for_groups(caller.groups).index.contents.holds(document_id):
            return None  # before anything is read: how long it takes must not tell that there is a document
        columns = ["document_id", "source", "title", "media_type", "language", "text"]
        rows = Tables.of(service.home).read(DOCUMENTS, columns, f"document_id = '{document_id}'").to_pylist()
        return rows[0] if rows else None

    row = await service.workers.do(work) if document_id and _HEX.issuperset(document_id) else None
    if row is None:
        raise NotFoundError("There is no such document.")
    text = row.pop("text")
    end = len(text) if end is None else min(end, len(text))
    start = min(start, end)
    return DocumentResponse(**row, start=start, end=end, length=len(text), text=text[start:end])


async def list_sources(service: Service, caller: Caller, prefix: str, most: int) -> SourcesResponse:
    """Return the sources that begin with the prefix and that the caller may read, at most `most`, in order."""
    caller.require(Scope.READ)
    served = service.current.served

    def work() -> SourcesResponse:  # not cached: each of many values of `most` would keep as many sources
        contents = served.for_groups(caller.groups).index.contents
        found = [one for one in contents.documents() if one[0].startswith(prefix)]
        return SourcesResponse(documents=len(found), sources=dict(found[:most]))

    return await service.workers.do(work)


async def list_releases(service: Service, caller: Caller) -> list[ReleaseMessage]:
    """Return the kept releases, the oldest first."""
    caller.require(Scope.READ)
    current = service.current.served.index.release.release

    def work() -> list[ReleaseMessage]:
        return [ReleaseMessage.of(one, current) for one in Releases(service.home.releases).all()]

    return await service.workers.do(work)


async def status(service: Service, caller: Caller) -> StatusResponse:
    """Return what is served."""
    caller.require(Scope.READ)

    def work(served: Served, groups: frozenset[str]) -> StatusResponse:
        index = served.for_groups(groups).index
        return StatusResponse(
            release=index.release.release,
            encoder=index.release.encoder,
            variant=index.release.variant,
            passages=index.contents.passages,
        )

    found = await service.result(caller, ("status",), work)
    if Scope.ADMIN in caller.scopes:
        dependencies = {breaker.name: breaker.state for breaker in service.breakers}
        return found.model_copy(update={"failure": service.current.failure, "dependencies": dependencies})
    return found
