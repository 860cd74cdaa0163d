"""Takes the profile of texts and their vectors in one pass, in bounded memory."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.autonomy.drift.profile import GROUPS, Mix, TextProfile
from xnai_pipelines.autonomy.drift.words import most_frequent, words_of

# Enough to place a quantile within 0.03 with 95 % confidence, and 3 MB of vectors while a profile is taken.
MOST_DISTANCES = 2000
# Texts whose words are counted: about 4 million words, some seconds.
MOST_TEXTS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some passages or questions, column by column.

    `owners` names for each the document that it is of, for a question one that answers it (or the question's id):
    texts of one owner are drawn together when intervals are taken. `vectors` is float32 [texts, dimension].
    """

    owners: Sequence[str]
    texts: Sequence[str]
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Kind:
    """Language (ISO 639-1) and media type of one document, or of one question; None where they are not known."""

    owner: str
    language: str | None
    media_type: str | None = None


def text_profile(
    blocks: Iterable[Block], kinds: Iterable[Kind] = (), reference: TextProfile | None = None
) -> TextProfile:
    """Return the profile of texts and their vectors.

    Samples are chosen by hash, not by chance: the same texts are in them whatever the order and whatever came besides.

    Args:
        blocks: Passages of all documents, or all questions.
        kinds: One a document, or one a question.
        reference: What distances are measured from; None for the profile that becomes the reference.

    Raises:
        ValueError: The columns of a block have different lengths, or vectors are of another dimension than the
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
            raise ValueError(f"Vectors of {sums.shape[1]} and of {vectors.shape[1]} dimensions are in one profile.")
        np.add.at(sums, groups[sound], vectors[sound])
        numbers += np.bincount(groups[sound], minlength=GROUPS)
        sample.add(keys, groups, vectors, sound, block.texts)
    from_sums, from_numbers = (sums, numbers) if reference is None else (reference.sums, reference.numbers)
    if from_sums.shape[1] and sums.shape[1] and from_sums.shape[1] != sums.shape[1]:
        raise ValueError(f"Vectors have {sums.shape[1]} dimensions, the reference's {from_sums.shape[1]}.")
    kinds = list(kinds)
    words, word_counts, word_groups = most_frequent(sample.words())
    return TextProfile(
        sums=sums,
        numbers=numbers,
        broken=broken,
        distances=_distances(sample.vectors, sample.vector_groups, from_sums, from_numbers),
        distance_groups=sample.vector_groups,
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
        sound: NDArray[np.bool_],
        texts: Sequence[str],
    ) -> None:
        all_keys = np.concatenate([self._vector_keys, keys[sound]])
        kept = np.argsort(all_keys, kind="stable")[:MOST_DISTANCES]
        earlier = self.vectors.reshape(len(self._vector_keys), vectors.shape[1])
        self.vectors = np.concatenate([earlier, vectors[sound]])[kept]
        self.vector_groups = np.concatenate([self.vector_groups, groups[sound]])[kept]
        self._vector_keys = all_keys[kept]
        self._texts += zip(keys.tolist(), groups.tolist(), texts, strict=True)
        # Sorted now and then, not for each block.
        if len(self._texts) > 2 * MOST_TEXTS:
            self._texts = sorted(self._texts)[:MOST_TEXTS]

    def words(self) -> dict[int, Counter[str]]:
        """Return the counts of words by group."""
        counted: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for _, group, text in sorted(self._texts)[:MOST_TEXTS]:
            counted[group].update(words_of(text))
        return dict(counted)


def _unit(block: Block) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the vectors at unit length, and which of them are vectors at all."""
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
    """Return 1 - cosine of each vector to the centroid of the groups that are not its own."""
    if not len(vectors) or not numbers.sum():
        return np.zeros(0)
    others = sums.sum(axis=0) - sums
    # A group that is alone has no others: it is measured against itself.
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
