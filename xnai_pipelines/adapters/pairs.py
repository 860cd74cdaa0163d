"""What a sentence encoder learns from: questions and the passages that answer them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A question, a passage that answers it, and passages that look as if they did.

    The texts are as they are, without the encoder's prefixes. `document_id` is the positive's document: passages of one
    document are never held against each other's questions.
    """

    question: str
    positive: str
    negatives: tuple[str, ...]
    document_id: str


def pairs_sha256(pairs: Sequence[TrainingPair]) -> str:
    """Return the hash of pairs in their order, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for pair in pairs:
        row = [pair.question, pair.positive, list(pair.negatives), pair.document_id]
        digest.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()
