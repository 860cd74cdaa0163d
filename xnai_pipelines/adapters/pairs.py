"""Training data of a sentence encoder: questions and the passages that answer them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A question, a passage that answers it, and passages that only seem to.

    The texts have no encoder prefixes. `document_id` is the positive's document: passages of a document never count as
    wrong for its own questions.
    """

    question: str
    positive: str
    negatives: tuple[str, ...]
    document_id: str


def pairs_sha256(pairs: Sequence[TrainingPair]) -> str:
    """Return the hash of pairs in order, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for pair in pairs:
        row = [pair.question, pair.positive, list(pair.negatives), pair.document_id]
        digest.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()
