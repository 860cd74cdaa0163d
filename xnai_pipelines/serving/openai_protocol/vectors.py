"""Vectors of texts, and how well texts answer a question, by the encoder of the current release."""

import base64
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from anyio.from_thread import check_cancelled

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import OptionError
from xnai_pipelines.serving.caller import Caller
from xnai_pipelines.serving.service import Service
from xnai_pipelines.serving.tokens import Scope

WINDOW = 800  # characters of a document that are encoded together: fewer tokens than an encoder reads

Vector = npt.NDArray[np.float32]


async def embed(
    service: Service,
    caller: Caller,
    texts: Sequence[str],
    kind: Literal["query", "passage"],
    dimensions: int | None,
) -> Sequence[Vector]:
    """Return the vectors of texts. Each is encoded alone, so that it never depends on the others.

    Raises:
        OptionError: Vectors of another length are asked for.
    """
    caller.require(Scope.SEARCH)
    encoder = service.current.served.index.encoder
    if dimensions not in (None, encoder.dimension):
        raise OptionError(f"The encoder's vectors have {encoder.dimension} dimensions, not {dimensions}.")

    def work() -> Sequence[Vector]:
        found = []
        for text in texts:
            check_cancelled()
            found.append(encoder.encode_query(text) if kind == "query" else encoder.encode_passage(text))
        return found

    return await service.workers.do(work)


async def rerank(service: Service, caller: Caller, question: str, documents: Sequence[str]) -> list[float]:
    """Return how well each document answers: the mean over the question's tokens of the best similarity to one of its.

    MaxSim of ColBERT (Khattab and Zaharia 2020), here over the token vectors of an encoder that was not trained for it.
    """
    caller.require(Scope.SEARCH)
    encoder = service.current.served.index.encoder

    def work() -> list[float]:
        asked = _token_vectors(encoder, question, query=True)
        found = []
        for document in documents:
            best = np.full(len(asked), -1.0, np.float32)
            for window in windows(document):
                check_cancelled()
                said = _token_vectors(encoder, window)
                best = np.maximum(best, (asked @ said.T).max(axis=1, initial=-1.0))
            found.append(float(best.mean()) if len(best) else 0.0)
        return found

    return await service.workers.do(work)


def _token_vectors(encoder: Encoder, text: str, *, query: bool = False) -> Vector:
    """Return the vectors of a text's tokens without special ones: float32 [t, d]."""
    tokens = encoder.query_tokens(text) if query else encoder.passage_tokens(text)
    return tokens.vectors[[start < end for start, end in tokens.spans]]


def windows(text: str) -> list[str]:
    """Return a text in pieces that an encoder reads whole, cut at white space if there is some."""
    pieces = []
    while len(text) > WINDOW:
        cut = max(text.rfind(space, WINDOW // 2, WINDOW) for space in " \n") + 1 or WINDOW
        pieces.append(text[:cut])
        text = text[cut:]
    return [*pieces, text]


def encoded(vector: Vector) -> str:
    """Return a vector in base64, as clients of the protocol ask for it: little-endian float32."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()
