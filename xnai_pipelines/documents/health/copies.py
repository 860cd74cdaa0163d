"""Duplicates: the same text twice, and texts that are nearly the same.

Candidates share some of their smallest shingle hashes (bottom-k sketch: Broder 1997, "On the resemblance and
containment of documents"); the Jaccard similarity of a candidate pair is then computed on all shingles, so what is
reported is exact.
"""

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from xnai_pipelines.documents.health.corpus import Examined, ExaminedCorpus
from xnai_pipelines.documents.health.finding import Finding, Severity, found

MIN_WORDS = 40
SHINGLE = 4  # words
SKETCH = 64  # smallest hashes of a document
SIMILAR = 0.8
COMMON = 60  # documents that share a hash from which on it is boilerplate

_WORD = re.compile(r"\w+")
Hashes = npt.NDArray[np.uint64]


def copies(corpus: ExaminedCorpus) -> Iterator[Finding]:
    """Yield a finding for each document that repeats another: the same words, or Jaccard similarity of 0.8 or more."""
    vocabulary: dict[str, int] = {}
    shingles: dict[str, Hashes] = {}
    first_of: dict[bytes, Examined] = {}
    by_source: dict[str, Examined] = {}
    for document in corpus.documents:
        words = _WORD.findall(document.text.lower())
        if len(words) < MIN_WORDS:
            continue
        key = sha256(" ".join(words).encode("utf-8", "replace")).digest()
        original = first_of.setdefault(key, document)
        if original is not document:
            yield _copy(document, original)
            continue
        by_source[document.source] = document
        shingles[document.source] = _shingles(words, vocabulary)
    repeated: set[str] = set()
    for first, second, similarity in sorted(_similar(shingles)):
        if second not in repeated:
            repeated.add(second)
            yield _copy(by_source[second], by_source[first], similarity)


def _copy(document: Examined, other: Examined, similarity: float | None = None) -> Finding:
    if similarity is None:
        message, action = f"The same text as {other.source}.", "Keep one, and link to it from the other place."
        return found(document, "duplicate", Severity.WARNING, message, action=action)
    message = f"Nearly the text of {other.source}: Jaccard similarity {similarity:.2f} of the four-word sequences."
    return found(document, "near_duplicate", Severity.INFO, message, action="Merge the two, or say what differs.")


def _shingles(words: list[str], vocabulary: dict[str, int]) -> Hashes:
    """Return the distinct hashes of all runs of four words, sorted."""
    numbers = np.fromiter(
        (vocabulary[word] if word in vocabulary else vocabulary.setdefault(word, _number(word)) for word in words),
        np.uint64,
        len(words),
    )
    mixed = np.zeros(len(words) - SHINGLE + 1, np.uint64)
    for at in range(SHINGLE):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + numbers[at : len(words) - SHINGLE + 1 + at]
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    return np.unique(mixed)


def _number(word: str) -> int:
    data = word.encode("utf-8", "replace")
    return zlib.crc32(data) << 32 | zlib.crc32(data, 0x5BD1E995)


def _similar(shingles: dict[str, Hashes]) -> Iterator[tuple[str, str, float]]:
    """Yield pairs of sources with their similarity, each pair once and in order."""
    having: dict[int, list[str]] = defaultdict(list)
    for source, hashes in shingles.items():
        for value in hashes[:SKETCH].tolist():
            having[value].append(source)
    shared: Counter[tuple[str, str]] = Counter()
    for sources in having.values():
        if 1 < len(sources) <= COMMON:
            shared.update((first, second) for at, first in enumerate(sources) for second in sources[at + 1 :])
    for (first, second), count in shared.items():
        one, other = shingles[first], shingles[second]
        # half of what is expected at the threshold: a pair is seldom missed
        if count < SIMILAR * min(SKETCH, len(one), len(other)) / 2:
            continue
        both = len(np.intersect1d(one, other, assume_unique=True))
        similarity = both / (len(one) + len(other) - both)
        if similarity >= SIMILAR:
            low, high = sorted((first, second))
            yield low, high, similarity
