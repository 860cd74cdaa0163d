"""Judgements of people who use the service: they count in the next evaluation, as those of `xnai feedback` do."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from xnai_pipelines.errors import NotFoundError
from xnai_pipelines.questions.feedback import record_feedback
from xnai_pipelines.serving.caller import Caller
from xnai_pipelines.serving.messages import Question, Request
from xnai_pipelines.serving.routes import REFUSALS, Asking, Serving
from xnai_pipelines.serving.service import Service
from xnai_pipelines.serving.tokens import Scope

MAX_DOCUMENTS = 20

router = APIRouter(prefix="/v1", responses=REFUSALS)


class FeedbackRequest(Request):
    """A judgement whether documents answer a question."""

    question: Question
    documents: Annotated[
        list[Annotated[str, Field(max_length=100)]],
        Field(min_length=1, max_length=MAX_DOCUMENTS, description="Ids of documents."),
    ]
    right: bool = Field(description="Whether each of them answers the question.")


class FeedbackResponse(BaseModel):
    """How much was noted."""

    noted: int = Field(description="Number of documents.")


@router.post("/feedback")
async def feedback(body: FeedbackRequest, service: Serving, caller: Asking) -> FeedbackResponse:
    """Note which documents answer a question, or do not."""
    return FeedbackResponse(noted=await note(service, caller, body))


async def note(service: Service, caller: Caller, given: FeedbackRequest) -> int:
    """Note a judgement; return the number of documents that it is about.

    Raises:
        ForbiddenError: The caller may not judge.
        NotFoundError: There is no such document, or the caller may not read it. Then nothing is noted.
    """
    caller.require(Scope.FEEDBACK)
    served = service.current.served

    def work() -> int:
        known = dict(served.for_groups(caller.groups).index.contents.documents())
        names = {document_id: source for source, document_id in known.items()}
        wanted = list(dict.fromkeys(given.documents))
        if any(document_id not in names for document_id in wanted):
            raise NotFoundError("There is no such document.")
        for document_id in wanted:
            record_feedback(
                service.home.feedback,
                question=given.question,
                source=names[document_id],
                right=given.right,
                at=datetime.now(UTC),
                who=caller.name,
                known=known,
            )
        return len(wanted)

    return await service.workers.do(work)
