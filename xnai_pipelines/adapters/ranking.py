"""The multiple-negatives ranking loss: a question's own passage has to rank first among all passages of a batch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def ranking_loss(
    questions: "torch.Tensor",
    passages: "torch.Tensor",
    right: "torch.Tensor",
    ignored: "torch.Tensor | None",
    scale: float,
) -> "torch.Tensor":
    """Return the mean cross entropy of each question's scaled cosines with all passages.

    Henderson et al. 2017, "Efficient Natural Language Response Suggestion for Smart Reply", section 4.4.

    Args:
        questions: float32 [questions, dimension], unit length.
        passages: float32 [passages, dimension], unit length: the positives and the hard negatives of the batch.
        right: int64 [questions], the passage that answers each question.
        ignored: bool [questions, passages], passages that must not count as wrong; None: none are ignored.
        scale: The inverse of the temperature.
    """
    import torch

    scores = questions @ passages.T * scale
    if ignored is not None:
        scores = scores.masked_fill(ignored, float("-inf"))
    return torch.nn.functional.cross_entropy(scores, right)


def false_negatives(
    documents: Sequence[str], right: Sequence[int], passage_documents: Sequence[frozenset[str]]
) -> "torch.Tensor":
    """Return which passages are of a question's own document but not its own passage, bool [questions, passages].

    They may answer it: several questions are asked about one paragraph.
    """
    import torch

    return torch.tensor(
        [
            [number != own and document in found for number, found in enumerate(passage_documents)]
            for document, own in zip(documents, right, strict=True)
        ]
    )


def right_ranks(
    questions: "torch.Tensor", passages: "torch.Tensor", right: "torch.Tensor", ignored: "torch.Tensor"
) -> "torch.Tensor":
    """Return the rank, from 1, of each question's own passage among those not ignored, int64 [questions]."""
    scores = (questions @ passages.T).masked_fill(ignored, float("-inf"))
    own = scores.gather(1, right[:, None])
    return (scores > own).sum(dim=1) + 1
