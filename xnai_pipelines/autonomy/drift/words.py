"""The words of texts as hashes with counts: enough to measure how much of a vocabulary is new."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

# More than the number of words that occur twice in most corpora; 1 MB in a profile.
MAX_WORDS = 50_000

# A word is a run of letters: numbers are always new and mean nothing. Scripts without spaces (Thai, Lao, Khmer,
# Burmese, kana, Han) are split into letters, because whole sentences would always be new too.
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W\d_]+")


def folded_words(text: str) -> list[str]:
    """Return the case-folded words of a text."""
    return _WORD.findall(text.casefold())


def most_frequent(
    by_group: Mapping[int, Counter[str]],
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint32]]:
    """Return ascending hashes, counts and groups (as bits) of the `MAX_WORDS` most frequent words.

    Args:
        by_group: Counts of words by group, 0 to 31.
    """
    counts: Counter[str] = Counter()
    groups: dict[str, int] = {}
    for group, counted in by_group.items():
        counts.update(counted)
        for word in counted:
            groups[word] = groups.get(word, 0) | 1 << group
    # Ties are broken by name, so that a profile depends only on the texts.
    kept = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_WORDS]
    hashed = sorted((_hash(word), count, groups[word]) for word, count in kept)
    return (
        np.array([one[0] for one in hashed], dtype=np.uint64),
        np.array([one[1] for one in hashed], dtype=np.int64),
        np.array([one[2] for one in hashed], dtype=np.uint32),
    )


def tokens_by_group(
    counts: NDArray[np.int64], groups: NDArray[np.uint32], chosen: NDArray[np.bool_], number: int
) -> NDArray[np.float64]:
    """Return the number of chosen words in the texts of each group, float64 [groups].

    A word's count is divided evenly among its groups. This is exact for words of one group, as most new ones are.
    """
    bits = (groups[chosen, None] >> np.arange(number, dtype=np.uint32)) & np.uint32(1)
    each = counts[chosen] / np.maximum(bits.sum(axis=1), 1)
    tokens: NDArray[np.float64] = each @ bits
    return tokens


def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
