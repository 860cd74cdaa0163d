"""The words of texts as hashes with their counts: enough to say how much of a vocabulary is new."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

# More than the inflected words of most corpora that occur twice; 1 MB in a profile.
MOST_WORDS = 50_000

# Letters in a row; numbers are always new and say nothing. Scripts without spaces (Thai, Lao, Khmer, Burmese, kana,
# Han) letter by letter, since a sentence in a row would always be new too.
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W\d_]+")


def words_of(text: str) -> list[str]:
    """Return the words of a text, without case."""
    return _WORD.findall(text.casefold())


def most_frequent(
    by_group: Mapping[int, Counter[str]],
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint32]]:
    """Return hashes (ascending), counts and groups (as bits) of the `MOST_WORDS` most frequent words.

    Args:
        by_group: Counts of the words by group, 0 to 31.
    """
    counts: Counter[str] = Counter()
    groups: dict[str, int] = {}
    for group, counted in by_group.items():
        counts.update(counted)
        for word in counted:
            groups[word] = groups.get(word, 0) | 1 << group
    # Of equally frequent words the first by name, so that a profile depends on the texts alone.
    kept = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_WORDS]
    hashed = sorted((_hash(word), count, groups[word]) for word, count in kept)
    return (
        np.array([one[0] for one in hashed], dtype=np.uint64),
        np.array([one[1] for one in hashed], dtype=np.int64),
        np.array([one[2] for one in hashed], dtype=np.uint32),
    )


def tokens_by_group(
    counts: NDArray[np.int64], groups: NDArray[np.uint32], chosen: NDArray[np.bool_], number: int
) -> NDArray[np.float64]:
    """Return how many words of the texts of each group are among the chosen ones, float64 [groups].

    A word's count is divided evenly among its groups: exact for a word of one group, as most new ones are.
    """
    bits = (groups[chosen, None] >> np.arange(number, dtype=np.uint32)) & np.uint32(1)
    each = counts[chosen] / np.maximum(bits.sum(axis=1), 1)
    tokens: NDArray[np.float64] = each @ bits
    return tokens


def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
