"""Agreement of a variant's vectors with full precision: direction, neighbours, and the order of similarities."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

NEIGHBOURS = 10

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A variant's vectors against full precision's, on the same texts.

    Attributes:
        cosine_mean: Mean over texts of the cosine between the variant's vector and full precision's.
        cosine_p5: 5th percentile of that cosine: the worst twentieth of the texts.
        top10_overlap: Mean share of a text's 10 nearest passages that are the same.
        spearman: Rank correlation of all similarities, over pairs of texts.
        texts: Number of vectors compared.
    """

    cosine_mean: float
    cosine_p5: float
    top10_overlap: float
    spearman: float
    texts: int


def agreement(
    reference: Vectors,
    vectors: Vectors,
    reference_queries: Vectors | None = None,
    queries: Vectors | None = None,
) -> Agreement:
    """Return the agreement of a variant's passages with full precision's, both float32 [n, d] of unit length.

    Neighbours and similarities are those of the queries, float32 [q, d], among the passages, or without queries of
    each passage among the others. Memory grows with q * n (or n * n / 2) similarities: pass thousands, not more.

    Raises:
        ValueError: The shapes differ, a vector is not finite, or there are fewer than 3 passages.
    """
    if (reference_queries is None) != (queries is None):
        raise ValueError("Queries are compared in pairs. Pass both the reference's and the variant's, or neither.")
    if len(reference) < 3:
        raise ValueError(f"{len(reference)} passages have no order of similarities; at least 3 are needed.")
    cosine = cosines(reference, vectors)
    if reference_queries is None or queries is None:
        before, after = reference @ reference.T, vectors @ vectors.T
        pairs = np.triu_indices(len(reference), k=1)
        correlation = spearman(before[pairs], after[pairs])
        np.fill_diagonal(before, -np.inf)  # a passage is its own nearest
        np.fill_diagonal(after, -np.inf)
        neighbours = min(NEIGHBOURS, len(reference) - 1)
    else:
        cosine = np.concatenate([cosine, cosines(reference_queries, queries)])
        before, after = reference_queries @ reference.T, queries @ vectors.T
        correlation = spearman(before.ravel(), after.ravel())
        neighbours = min(NEIGHBOURS, len(reference))
    return Agreement(
        cosine_mean=float(cosine.mean()),
        cosine_p5=float(np.percentile(cosine, 5)),
        top10_overlap=_shared(before, after, neighbours),
        spearman=correlation,
        texts=len(cosine),
    )


def cosines(reference: Vectors, vectors: Vectors) -> NDArray[np.float64]:
    """Return the cosine of each row with the same row of the reference: float64 [n].

    Raises:
        ValueError: The shapes differ, or a vector is zero, infinite or NaN.
    """
    if reference.shape != vectors.shape:
        raise ValueError(f"Vectors of shape {vectors.shape} cannot be compared with {reference.shape}.")
    before, after = reference.astype(np.float64), vectors.astype(np.float64)
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    wrong = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if wrong.size:
        raise ValueError(f"{wrong.size} of {len(vectors)} vectors are zero or not finite, the first in row {wrong[0]}.")
    result: NDArray[np.float64] = np.sum(before * after, axis=1) / lengths
    return result


def spearman(before: ArrayLike, after: ArrayLike) -> float:
    """Return Spearman's rank correlation of two series of equal length, ties at their mean rank.

    If all values of a series are equal it is 0: the order is lost.

    Raises:
        ValueError: The lengths differ.
    """
    x, y = _ranks(np.asarray(before)), _ranks(np.asarray(after))
    if x.shape != y.shape:
        raise ValueError(f"A correlation needs two values for each pair, not {x.size} and {y.size}.")
    x -= x.mean()
    y -= y.mean()
    spread = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / spread if spread > 0 else 0.0


def _ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks


def top(similarities: NDArray[np.float32], number: int) -> NDArray[np.intp]:
    """Return the columns of the largest values of each row, [rows, number], in no particular order."""
    if number >= similarities.shape[1]:
        return np.broadcast_to(np.arange(similarities.shape[1]), similarities.shape)
    return np.argpartition(similarities, -number, axis=1)[:, -number:]


def _shared(before: NDArray[np.float32], after: NDArray[np.float32], number: int) -> float:
    pairs = zip(top(before, number).tolist(), top(after, number).tolist(), strict=True)
    return float(np.mean([len(set(one) & set(other)) / number for one, other in pairs]))
