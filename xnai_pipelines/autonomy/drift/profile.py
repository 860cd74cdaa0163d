"""Profiles of a corpus and its questions for later comparison: sums and counts, no texts.

A profile is taken in one pass over texts and vectors, in bounded memory.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.autonomy.drift.canary import CanaryResult
from xnai_pipelines.autonomy.drift.words import folded_words, most_frequent

# Documents fall into this many groups by the hash of their id, and every figure is kept per group. Whole groups are
# resampled, because passages of one document depend on each other. A word's groups fit into the bits of a uint32.
GROUPS = 32

# Enough to know a quantile within 0.03 with 95 % confidence, and 3 MB of vectors while a profile is taken.
MAX_DISTANCES = 2000
# Texts whose words are counted: about 4 million words, a few seconds.
MAX_TEXTS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """Number of documents or questions of each kind. `counts` is int64 [groups, names]."""

    names: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def total(self) -> dict[str, int]:
        """Counts by name, largest first."""
        by_name = zip(self.names, self.counts.sum(axis=0).tolist(), strict=True)
        return dict(sorted(by_name, key=lambda pair: (-pair[1], pair[0])))

    def of(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Return the counts of these names, int64 [groups, names]; 0 for names that the mix does not have."""
        column = {name: place for place, name in enumerate(self.names)}
        counts = np.zeros((len(self.counts), len(names)), dtype=np.int64)
        for place, name in enumerate(names):
            if name in column:
                counts[:, place] = self.counts[:, column[name]]
        return counts


@dataclass(frozen=True, slots=True, eq=False)
class TextProfile:
    """Passages of documents, or questions, as sums per group and a bounded sample of distances.

    Attributes:
        sums: Sum of the unit vectors of each group, float64 [groups, dimension].
        numbers: Number of vectors in each group, int64 [groups].
        broken: Number of vectors dropped because they are zero or not finite.
        distances: 1 - cosine to the reference's centroid of at most 2,000 vectors, float64. The centroid is that of the
            other groups, so that no text is compared with itself.
        distance_groups: Group of each distance, uint8.
        languages: Documents or questions by language, without those of unknown language.
        media_types: Documents or questions by media type.
        words: Hashes of the most frequent words, uint64, ascending.
        word_counts: Number of occurrences of each word, int64.
        word_groups: Groups in which each word occurs, as bits of a uint32.
    """

    sums: NDArray[np.float64]
    numbers: NDArray[np.int64]
    broken: int
    distances: NDArray[np.float64]
    distance_groups: NDArray[np.uint8]
    languages: Mix
    media_types: Mix
    words: NDArray[np.uint64]
    word_counts: NDArray[np.int64]
    word_groups: NDArray[np.uint32]

    @property
    def number(self) -> int:
        """Number of vectors."""
        return int(self.numbers.sum())

    @property
    def dimension(self) -> int:
        """Length of a vector, 0 without vectors."""
        return int(self.sums.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The state of a release's corpus, questions and encoder at one time.

    The reference is taken when a release is first evaluated. The current profile is taken each night against it.
    `document_count` counts documents, `documents.number` their passages. `canary` is None if it was not encoded.
    """

    release: int
    taken_at: datetime
    documents: TextProfile
    questions: TextProfile
    document_count: int
    canary: CanaryResult | None


@dataclass(frozen=True, slots=True, eq=False)
class TextBlock:
    """Some passages or questions, column by column.

    Attributes:
        owners: Document of each passage; for a question, a document that answers it or the question's id. Texts of one
            owner are resampled together.
        texts: Texts of the passages or questions.
        vectors: Vectors of the texts, float32 [texts, dimension].
    """

    owners: Sequence[str]
    texts: Sequence[str]
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TextKind:
    """Language (ISO 639-1) and media type of one document or question, None if unknown."""

    owner: str
    language: str | None
    media_type: str | None = None


def text_profile(
    blocks: Iterable[TextBlock], kinds: Iterable[TextKind] = (), reference: TextProfile | None = None
) -> TextProfile:
    """Return the profile of texts and their vectors.

    Samples are chosen by hash, not at random: they do not depend on the order of the texts.

    Args:
        blocks: Passages of all documents, or all questions.
        kinds: One entry per document, or per question.
        reference: Profile that distances are measured from, None for the profile that becomes the reference.

    Raises:
        ValueError: The columns of a block have different lengths, or the vectors' dimension differs from the
            reference's.
    """
    sums, numbers, broken = np.zeros((GROUPS, 0)), np.zeros(GROUPS, dtype=np.int64), 0
    sample = _Sample()
    for block in blocks:
        if not len(block.texts):
            continue
        vectors, sound = _unit(block)
        broken += len(sound) - int(sound.sum())
        groups = np.array([_group(owner) for owner in block.owners], dtype=np.uint8)
        keys = np.array([_key(one, text) for one, text in zip(block.owners, block.texts, strict=True)], dtype=np.uint64)
        if sums.shape[1] == 0:
            sums = np.zeros((GROUPS, vectors.shape[1]))
        if sums.shape[1] != vectors.shape[1]:
            raise ValueError(f"A profile cannot have vectors of {sums.shape[1]} and {vectors.shape[1]} dimensions.")
        np.add.at(sums, groups[sound], vectors[sound])
        numbers += np.bincount(groups[sound], minlength=GROUPS)
        sample.add(keys, groups, vectors, sound=sound, texts=block.texts)
    from_sums, from_numbers = (sums, numbers) if reference is None else (reference.sums, reference.numbers)
    if from_sums.shape[1] and sums.shape[1] and from_sums.shape[1] != sums.shape[1]:
        raise ValueError(f"Vectors have {sums.shape[1]} dimensions, the reference's {from_sums.shape[1]}.")
    kinds = list(kinds)
    words, word_counts, word_groups = most_frequent(sample.words())
    distances = _distances(sample.vectors, sample.vector_groups, from_sums, from_numbers)
    return TextProfile(
        sums=sums,
        numbers=numbers,
        broken=broken,
        distances=distances,
        distance_groups=sample.vector_groups[: len(distances)],  # no distances from a reference without vectors
        languages=_mix((kind.owner, kind.language) for kind in kinds),
        media_types=_mix((kind.owner, kind.media_type) for kind in kinds),
        words=words,
        word_counts=word_counts,
        word_groups=word_groups,
    )


class _Sample:
    """The vectors and texts with the smallest keys so far."""

    def __init__(self) -> None:
        self.vectors: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)
        self.vector_groups: NDArray[np.uint8] = np.zeros(0, dtype=np.uint8)
        self._vector_keys: NDArray[np.uint64] = np.zeros(0, dtype=np.uint64)
        self._texts: list[tuple[int, int, str]] = []

    def add(
        self,
        keys: NDArray[np.uint64],
        groups: NDArray[np.uint8],
        vectors: NDArray[np.float32],
        *,
        sound: NDArray[np.bool_],
        texts: Sequence[str],
    ) -> None:
        all_keys = np.concatenate([self._vector_keys, keys[sound]])
        kept = np.argsort(all_keys, kind="stable")[:MAX_DISTANCES]
        earlier = self.vectors.reshape(len(self._vector_keys), vectors.shape[1])
        self.vectors = np.concatenate([earlier, vectors[sound]])[kept]
        self.vector_groups = np.concatenate([self.vector_groups, groups[sound]])[kept]
        self._vector_keys = all_keys[kept]
        self._texts += zip(keys.tolist(), groups.tolist(), texts, strict=True)
        # Sorting occasionally, not per block, is cheaper.
        if len(self._texts) > 2 * MAX_TEXTS:
            self._texts = sorted(self._texts)[:MAX_TEXTS]

    def words(self) -> dict[int, Counter[str]]:
        """Return the counts of words by group."""
        counted: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for _, group, text in sorted(self._texts)[:MAX_TEXTS]:
            counted[group].update(folded_words(text))
        return dict(counted)


def _unit(block: TextBlock) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the vectors at unit length, and which of them are finite and not zero."""
    vectors = np.asarray(block.vectors, dtype=np.float32)
    if vectors.ndim != 2 or not len(block.owners) == len(block.texts) == len(vectors):
        raise ValueError(
            f"A block has {len(block.owners)} owners, {len(block.texts)} texts and vectors of shape {vectors.shape}."
        )
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    sound = np.isfinite(lengths) & (lengths > 0)
    unit = np.zeros_like(vectors)
    unit[sound] = vectors[sound] / lengths[sound, None]
    return unit, sound


def _distances(
    vectors: NDArray[np.float32],
    groups: NDArray[np.uint8],
    sums: NDArray[np.float64],
    numbers: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return 1 - cosine of each vector to the centroid of the other groups."""
    if not len(vectors) or not numbers.sum():
        return np.zeros(0)
    others = sums.sum(axis=0) - sums
    # A single group has no others, so it is compared with itself.
    others[numbers.sum() == numbers] = sums.sum(axis=0)
    lengths = np.linalg.norm(others, axis=1, keepdims=True)
    centroids = others / np.where(lengths > 0, lengths, 1)
    distances: NDArray[np.float64] = 1 - np.einsum("nd,nd->n", vectors, centroids[groups])
    return distances


def _mix(pairs: Iterable[tuple[str, str | None]]) -> Mix:
    counted = Counter((name, _group(owner)) for owner, name in pairs if name)
    names = tuple(sorted({name for name, _ in counted}))
    counts = np.zeros((GROUPS, len(names)), dtype=np.int64)
    for (name, group), number in counted.items():
        counts[group, names.index(name)] = number
    return Mix(names, counts)


def _group(owner: str) -> int:
    return hashlib.blake2b(owner.encode(errors="replace"), digest_size=1).digest()[0] % GROUPS


def _key(owner: str, text: str) -> int:
    content = f"{owner}\n{text}".encode(errors="replace")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")
