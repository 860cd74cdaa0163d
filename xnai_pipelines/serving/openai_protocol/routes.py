"""The routes of the OpenAI protocol."""

import json
import secrets
import time
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from xnai_pipelines.answers.answer import Sentence
from xnai_pipelines.errors import NotFoundError
from xnai_pipelines.serving.answering import answered
from xnai_pipelines.serving.messages import AnswerRequest
from xnai_pipelines.serving.openai_protocol.chat import Transcript, chunk, completion, fingerprint, question_of, usage
from xnai_pipelines.serving.openai_protocol.errors import ProtocolRoute, in_form, refused
from xnai_pipelines.serving.openai_protocol.messages import (
    MODEL,
    ChatCompletion,
    ChatRequest,
    Embedding,
    Embeddings,
    EmbeddingsRequest,
    Model,
    Models,
    Reranked,
    RerankRequest,
    RerankResult,
)
from xnai_pipelines.serving.openai_protocol.vectors import embed, encoded, rerank
from xnai_pipelines.serving.routes import REFUSALS, Asking, Serving
from xnai_pipelines.serving.service import Service
from xnai_pipelines.serving.streaming import EVENT_STREAM, Answering, Emit, EventStream

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": how["description"]} for status, how in REFUSALS.items()
}

router = APIRouter(prefix="/v1", responses=ERRORS, route_class=ProtocolRoute)


@router.post("/chat/completions", response_model=ChatCompletion, responses={200: {"content": {EVENT_STREAM: {}}}})
async def chat(body: ChatRequest, request: Request, service: Serving, caller: Asking) -> ChatCompletion | Response:
    """Return the answer to the last message of a person, as a completion or as a stream of its chunks.

    The content has a mark such as [1] for each citation; `annotations`, in a stream those of the last chunk, say what
    each mark quotes. What was said before counts if the question means it: "And in winter?".
    """
    _require(body.model, service)
    question, history = question_of(body.messages)
    asked = AnswerRequest(question=question, history=history, filters=body.filters)
    documents, created = f"{str(request.base_url).rstrip('/')}/v1/documents", int(time.time())
    if body.stream:
        return _stream(partial(answered, service, caller, asked), body, documents, created)
    return completion(await answered(service, caller, asked), documents, body.model, created)


def _stream(answering: Answering, body: ChatRequest, documents: str, created: int) -> EventStream:
    about = {"id": f"chatcmpl-{secrets.token_hex(16)}", "created": created, "model": body.model}

    async def work(emit: Emit) -> None:
        transcript = Transcript(documents)
        begun = False

        async def add(text: str) -> None:
            nonlocal begun
            delta = {"content": text} if begun else {"role": "assistant", "content": text}
            begun = True
            await emit(_data(chunk(about, delta)))

        async def show(sentence: Sentence) -> None:
            await add(transcript.add(sentence))

        answer = await answering(show)
        if answer.refusal:
            await add(transcript.refuse(answer))
        annotations = [one.model_dump() for one in transcript.annotations]
        end = {"annotations": annotations, **({"refusal": answer.refusal.reason} if answer.refusal else {})}
        await emit(_data({**chunk(about, end, last=True), "system_fingerprint": fingerprint(answer)}))
        if body.stream_options and body.stream_options.include_usage:
            used = usage([answer.question], transcript.content).model_dump()
            await emit(_data({**chunk(about, {}), "choices": [], "usage": used}))
        await emit("data: [DONE]\n\n")

    return EventStream(work, lambda problem: _data(in_form(problem)), refused)


def _data(content: dict[str, Any]) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"


@router.post("/embeddings")
async def embeddings(body: EmbeddingsRequest, service: Serving, caller: Asking) -> Embeddings:
    """Return the vectors of texts in the space of the current release. Each text is encoded alone."""
    name = _require(body.model, service)
    texts = [body.input] if isinstance(body.input, str) else body.input
    vectors = await embed(service, caller, texts, body.input_type, body.dimensions)
    return Embeddings(
        data=[
            Embedding(index=at, embedding=encoded(vector) if body.encoding_format == "base64" else vector.tolist())
            for at, vector in enumerate(vectors)
        ],
        model=name,
        usage=usage(texts),
    )


@router.post("/rerank")
async def ranked_again(body: RerankRequest, service: Serving, caller: Asking) -> Reranked:
    """Return the documents that answer a question best, the best first."""
    name = _require(body.model, service)
    documents = [one if isinstance(one, str) else one.get("text", "") for one in body.documents]
    scores = await rerank(service, caller, body.query, documents)
    order = sorted(range(len(documents)), key=lambda at: -scores[at])[: body.top_n]
    return Reranked(
        id=f"rerank-{secrets.token_hex(16)}",
        model=name,
        results=[
            RerankResult(
                index=at,
                relevance_score=scores[at],
                document={"text": documents[at]} if body.return_documents else None,
            )
            for at in order
        ],
        usage=usage([body.query, *documents]),
    )


@router.get("/models")
async def models(service: Serving, caller: Asking) -> Models:
    """Return the names that requests may use: the answers of the current release, and its encoder."""
    return Models(data=[Model(id=name, created=0) for name in _names(service)])


@router.get("/models/{name:path}")
async def model(name: str, service: Serving, caller: Asking) -> Model:
    """Return one of the names."""
    return Model(id=_require(name, service), created=0)


def _names(service: Service) -> tuple[str, str]:
    return MODEL, service.current.served.index.release.encoder


def _require(name: str, service: Service) -> str:
    """Return the name that a request uses.

    Raises:
        NotFoundError: There is no such name.
    """
    names = _names(service)
    if name not in names:
        raise NotFoundError(f"There is no such model. There are {' and '.join(names)}.")
    return name
