"""Formats for stored vectors: fewer bytes, and how many of the nearest passages they still find.

NumPy searches in one process and compares every vector. INT8 codes are those of sentence-transformers'
`quantize_embeddings`, binary ones its "ubinary"; the package itself would need torch. NumPy converts float16 to float32
in software, several nanoseconds per number: that time says little about a database that has the instruction.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

K = 10
OVERSAMPLING = 4  # candidates by Hamming distance per wanted passage, as sentence-transformers rescores

_BLOCK = 2048  # rows converted to float32 at a time, so that they stay in the processor's cache

Vectors = NDArray[np.float32]
Codes = NDArray[np.int8]
Bits = NDArray[np.uint64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """One format of stored vectors, measured.

    Attributes:
        form: "fp32", "fp16", "int8", "binary", "binary, rescored by int8", "binary, rescored by fp32".
        bytes_per_vector: Bytes stored per vector, including the rescoring's vectors.
        scanned_bytes: Those of these bytes that every search reads, and so should be in memory.
        ratio: How many times smaller than fp32 the stored vectors are.
        recall_at_10: Mean share of the 10 nearest by fp32 that are found.
        query_p50_ms: Median time of a search in milliseconds, without encoding the question.
    """

    form: str
    bytes_per_vector: float
    scanned_bytes: float
    ratio: float
    recall_at_10: float
    query_p50_ms: float


@dataclass(frozen=True, slots=True, eq=False)
class Int8Vectors:
    """Codes with a range for each dimension: a value is `starts + (codes + 128.5) * steps`, the middle of its step.

    `codes` is int8 [n, d], `starts` and `steps` are float32 [d].
    """

    codes: Codes
    starts: Vectors
    steps: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> "Int8Vectors":
        """Return float32 [n, d] as codes; the ranges are the smallest and largest value of each dimension."""
        starts = vectors.min(axis=0)
        steps = (vectors.max(axis=0) - starts) / 255
        steps = np.where(steps == 0, 1, steps).astype(np.float32)
        codes = np.clip(np.floor((vectors - starts) / steps), 0, 255) - 128
        return cls(codes.astype(np.int8), starts, steps)

    def restored(self, rows: Rows) -> Vectors:
        """Return the vectors of some rows: float32 [rows, d]."""
        values: Vectors = self.starts + (self.codes[rows].astype(np.float32) + np.float32(128.5)) * self.steps
        return values

    def similarities(self, query: Vectors) -> Vectors:
        """Return the dot product of every vector with a query, float32 [n]; the query is not quantized."""
        constant = query @ (self.starts + np.float32(128.5) * self.steps)
        return blockwise(self.codes, query * self.steps) + constant


def binary_codes(vectors: Vectors) -> Bits:
    """Return the signs of float32 [n, d] as bits, 1 if positive: uint64 [n, ceil(d / 64)], padded with zeros."""
    packed = np.packbits(vectors > 0, axis=1)
    padded = np.zeros((len(vectors), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.uint64)


def blockwise(stored: NDArray[np.float16] | Codes, query: Vectors) -> Vectors:
    """Return the product of stored numbers [n, d] with a query float32 [d], multiplied as float32: [n]."""
    result = np.empty(len(stored), dtype=np.float32)
    for start in range(0, len(stored), _BLOCK):
        result[start : start + _BLOCK] = stored[start : start + _BLOCK].astype(np.float32) @ query
    return result


def measure_stored_vectors(vectors: Vectors, queries: Vectors) -> tuple[StoredVectors, ...]:
    """Return each format's size, recall@10 against exact search over fp32, and time per query.

    Args:
        vectors: float32 [n, d] of unit length, n at least 10.
        queries: float32 [q, d] of unit length, the same for each format.

    Raises:
        ValueError: There are fewer than 10 vectors or no query.
    """
    if len(vectors) < K or not len(queries):
        raise ValueError(f"{len(vectors)} vectors and {len(queries)} queries: at least {K} and 1 are needed.")
    dimension = vectors.shape[1]
    half, eighth, bits = vectors.astype(np.float16), Int8Vectors.of(vectors), binary_codes(vectors)
    wanted = min(K * OVERSAMPLING, len(vectors))

    def by_hamming(query: Vectors, number: int) -> Rows:
        different = np.bitwise_count(bits ^ binary_codes(query[None])).sum(axis=1, dtype=np.int32)
        return _largest(-different, number)

    def rescored(query: Vectors, restore: Callable[[Rows], Vectors]) -> Rows:
        candidates = by_hamming(query, wanted)
        return candidates[_largest(restore(candidates) @ query, K)]

    signs, bytes_int8 = dimension / 8, float(dimension)
    forms: list[tuple[str, float, float, Callable[[Vectors], Rows]]] = [
        ("fp32", 4 * dimension, 4 * dimension, lambda query: _largest(vectors @ query, K)),
        ("fp16", 2 * dimension, 2 * dimension, lambda query: _largest(blockwise(half, query), K)),
        ("int8", bytes_int8, bytes_int8, lambda query: _largest(eighth.similarities(query), K)),
        ("binary", signs, signs, lambda query: by_hamming(query, K)),
        ("binary, rescored by int8", signs + bytes_int8, signs, lambda query: rescored(query, eighth.restored)),
        ("binary, rescored by fp32", signs + 4 * dimension, signs, lambda query: rescored(query, vectors.__getitem__)),
    ]
    exact: list[set[int]] = []
    rows = []
    for form, stored, scanned, search in forms:
        found, milliseconds = _searched(search, queries)
        exact = exact or found
        shared = [len(one & other) / K for one, other in zip(found, exact, strict=True)]
        p50 = float(np.median(milliseconds))
        rows.append(StoredVectors(form, stored, scanned, 4 * dimension / stored, float(np.mean(shared)), p50))
    return tuple(rows)


def _searched(search: Callable[[Vectors], Rows], queries: Vectors) -> tuple[list[set[int]], Sequence[float]]:
    search(queries[0])  # the first one allocates memory
    found, milliseconds = [], []
    for query in queries:
        started = time.perf_counter()
        rows = search(query)
        milliseconds.append(1000 * (time.perf_counter() - started))
        found.append(set(rows.tolist()))
    return found, milliseconds


def _largest(values: NDArray[np.float32] | NDArray[np.int32], number: int) -> Rows:
    """Return the rows of the largest values, the earlier one first if two are equal at the end of a selection."""
    if number >= len(values):
        return np.arange(len(values))
    return np.argpartition(-values, number - 1)[:number]
