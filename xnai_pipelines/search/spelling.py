"""Corrects words of a question that no passage contains to words that passages contain. Pure."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.search.words import UNSPACED_WRITING, fold

SHORTEST = 4  # letters; shorter words have too many neighbours
LONG = 9  # letters from which two may be wrong, and the first one may be
MOST_UNKNOWN = 3  # words; a question with more unknown ones is in another language

# A word between spaces; identifiers and their parts are none.
_WORD = re.compile(
    rf"(?<!\S)(?P<before>[\"'(\[{{«„“‘]*)(?P<word>[^\W\d_]{{{SHORTEST},}})(?=[.,;:!?)\]}}»”’\"']*(?!\S))"
)


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of a question as it was written, and the word that is searched for instead."""

    written: str
    searched: str


def vocabulary_of(terms: Sequence[str], counts: npt.NDArray[np.int64]) -> pa.Table:
    """Return the words among the terms of the passages and how often each occurs: `word` string, `count` int64."""
    table = pa.table({"word": pa.array(terms, pa.string()), "count": counts})
    kept = pc.and_(pc.utf8_is_alpha(table["word"]), pc.greater_equal(pc.utf8_length(table["word"]), SHORTEST - 1))
    return table.filter(kept).sort_by("word").combine_chunks()


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words that are searched for instead of those that no passage has.

    Attributes:
        words: Result of `vocabulary_of`.
    """

    words: pa.Table

    @cached_property
    def _letters(self) -> pa.ChunkedArray:
        """The number of letters of each word."""
        return pc.utf8_length(self.words["word"])

    def nearest(self, word: str) -> str | None:
        """Return the word with the fewest edits to one that is not known; None if all have too many."""
        # imported here: few questions need it, and every search would wait for it
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        edits = 2 if len(word) >= LONG else 1
        as_long = pc.less_equal(pc.abs(pc.subtract(self._letters, len(word))), edits)
        if len(word) < LONG:
            as_long = pc.and_(as_long, pc.starts_with(self.words["word"], word[0]))
        candidates = self.words.filter(as_long)
        candidates = candidates.filter(_has_a_part(candidates["word"], word, edits))
        counts = candidates["count"].to_pylist()
        found = extract(word, candidates["word"].to_pylist(), scorer=OSA.distance, score_cutoff=edits, limit=None)
        return min(found, key=lambda one: (one[1], -counts[one[2]], one[0]))[0] if found else None


def corrected(
    text: str, kept: Collection[str], is_known: Callable[[str], bool], vocabulary: Vocabulary
) -> tuple[str, tuple[Correction, ...]]:
    """Return the question with its unknown words corrected, and the corrections.

    A word becomes the word of the vocabulary with the fewest edits (an insertion, deletion, substitution or swap of
    neighbours each count one), of several the most frequent. One edit is allowed after the first letter, in words of 9
    and more letters two anywhere. Identifiers and their parts stay, and so does a question with more than three unknown
    words, or three that are more than half of it: these are not typing errors.

    Args:
        text: The question.
        kept: Words in exact form that are not corrected.
        is_known: Whether a word in exact form is right as it is.
        vocabulary: The words to choose from.
    """
    written = dict.fromkeys(fold(match["word"]) for match in _WORD.finditer(text))
    spaced = (word for word in written if not UNSPACED_WRITING.search(word))
    unknown = list(islice((word for word in spaced if word not in kept and not is_known(word)), MOST_UNKNOWN + 1))
    if len(unknown) > MOST_UNKNOWN or (len(unknown) == MOST_UNKNOWN and len(text.split()) < 2 * MOST_UNKNOWN):
        return text, ()
    found = {word: nearest for word in unknown if (nearest := vocabulary.nearest(word)) is not None}

    def repaired(match: re.Match[str]) -> str:
        nearest = found.get(fold(match["word"]))
        return match.group() if nearest is None else match["before"] + nearest

    return _WORD.sub(repaired, text), tuple(Correction(*pair) for pair in found.items())


def _has_a_part(vocabulary: pa.ChunkedArray, word: str, edits: int) -> pa.ChunkedArray:
    """Return which words have a part of this one: bool [n]. All within so many edits have.

    An edit changes one letter or two neighbours. So of one more part than there are edits, with a letter between two
    parts, one is unchanged.
    """
    letters = len(word) - edits
    ends = [letters * part // (edits + 1) for part in range(edits + 2)]
    first, *inner, last = (word[start + n : end + n] for n, (start, end) in enumerate(pairwise(ends)))
    found = pc.or_(pc.starts_with(vocabulary, first), pc.ends_with(vocabulary, last))
    for part in inner:
        found = pc.or_(found, pc.match_substring(vocabulary, part))
    return found
