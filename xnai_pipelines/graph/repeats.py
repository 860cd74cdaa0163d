"""Mentions in scripts without capital letters: what a document repeats more often than its parts would. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from xnai_pipelines.graph.found import Find, Kind

LONGEST_UNSPACED = 8  # characters of a repeated string
LONGEST_SPACED = 3  # words
KEPT = 64  # repeats of a document

# Han, hiragana apart: it writes endings and particles. Katakana writes names and foreign words.
_UNSPACED = re.compile(
    r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+|[\u30a1-\u30fa\u30fc]{2,}|[\u0e00-\u0eff]+|[\u1000-\u109f]+|[\u1780-\u17ff]+"
)
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc・]{2,}")
# Hebrew, Arabic, the scripts of India, Georgian, Ethiopic, Hangul.
_WORD = re.compile(r"[\u0590-\u074f\u0750-\u077f\u08a0-\u08ff\u0900-\u0dff\u10d0-\u10ff\u1200-\u139f\uac00-\ud7a3]{2,}")
_PARTICLE = re.compile(r"[\u0590-\u0dff\u1200-\u139f]{2}")  # a word of two letters names nothing, in Hangul it may
_ANY = re.compile(
    r"[\u0590-\u109f\u10d0-\u10ff\u1200-\u139f\u1780-\u17ff\u30a1-\u30fc\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]"
)


def repeats(texts: Sequence[str]) -> frozenset[str]:
    """Return the strings that the document repeats, the most frequent ones: words, pairs of words, or characters.

    Of two strings with the same number of occurrences only the longer one is kept if it contains the other.

    Args:
        texts: The texts of one document.
    """
    asked = [text for text in texts if _ANY.search(text)]
    runs = [run for text in asked for run in _UNSPACED.findall(text)]
    lines = [[*_WORD.finditer(line)] for text in asked for line in text.splitlines()]
    often = {
        **_often(
            range(2, LONGEST_UNSPACED + 1), lambda n: (run[at : at + n] for run in runs for at in _places(run, n))
        ),
        **_often(range(1, LONGEST_SPACED + 1), lambda n: _phrases(lines, n)),
    }
    often = {phrase: n for phrase, n in often.items() if not _PARTICLE.fullmatch(phrase.rpartition(" ")[2])}
    inner = {part for phrase, n in often.items() for part in _parts(phrase) if often.get(part, 0) <= n}
    best = sorted(often.keys() - inner, key=lambda phrase: (-often[phrase] * len(phrase), phrase))
    return frozenset(best[:KEPT])


def _often(lengths: range, phrases: Callable[[int], Iterator[str]]) -> dict[str, int]:
    """Return how often each phrase occurs that occurs twice: one can only if its parts do, so few are counted."""
    found: dict[str, int] = {}
    for length in lengths:
        asked = phrases(length)
        if found:
            asked = (one for one in asked if (parts := _parts(one))[0] in found and parts[1] in found)
        elif length > lengths.start:
            break
        counts = Counter(asked)
        found.update({phrase: n for phrase, n in counts.items() if n > 1})
    return found


def _places(items: Sequence[object], length: int) -> range:
    return range(len(items) - length + 1)


def _phrases(lines: Sequence[Sequence[re.Match[str]]], length: int) -> Iterator[str]:
    """Yield the runs of so many words with one space between them."""
    for words in lines:
        for at in _places(words, length):
            several = words[at : at + length]
            if all(one.end() + 1 == other.start() and one.string[one.end()] == " " for one, other in pairwise(several)):
                yield " ".join(word.group() for word in several)


def _parts(phrase: str) -> tuple[str, str]:
    """Return the phrase without its last and without its first word or character."""
    if " " in phrase:
        return phrase.rpartition(" ")[0], phrase.partition(" ")[2]
    return phrase[:-1], phrase[1:]


def repeated_finds(text: str, repeated: frozenset[str]) -> Iterator[Find]:
    """Yield the occurrences of the document's repeats, and every word in katakana."""
    if not _ANY.search(text):
        return
    for match in _KATAKANA.finditer(text):
        yield Find(*match.span(), Kind.NAME, "katakana")
    for phrase in repeated:
        at = text.find(phrase)
        while at >= 0:
            yield Find(at, at + len(phrase), Kind.TERM, "repeats")
            at = text.find(phrase, at + len(phrase))
