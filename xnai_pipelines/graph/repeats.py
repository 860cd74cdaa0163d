"""Mentions in scripts without capital letters: what a document repeats more often than its parts would. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

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
_ANY = re.compile(
    r"[\u0590-\u109f\u10d0-\u10ff\u1200-\u139f\u1780-\u17ff\u30a1-\u30fc\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]"
)


def repeats(texts: Sequence[str]) -> frozenset[str]:
    """Return the strings that the document repeats, the most frequent ones: words, pairs of words, or characters.

    Of two strings with the same number of occurrences only the longer one is kept if it contains the other.

    Args:
        texts: The texts of one document.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        if _ANY.search(text):
            for run in _UNSPACED.findall(text):
                lengths = range(2, min(LONGEST_UNSPACED, len(run)) + 1)
                counts.update(run[at : at + n] for n in lengths for at in range(len(run) - n + 1))
            for line in text.splitlines():
                found = _WORD.findall(line)
                spans = range(1, min(LONGEST_SPACED, len(found)) + 1)
                joined = (" ".join(found[at : at + n]) for n in spans for at in range(len(found) - n + 1))
                counts.update(phrase for phrase in joined if phrase in line)
    often = {phrase: n for phrase, n in counts.items() if n > 1}
    inner = {part for phrase, n in often.items() for part in _parts(phrase) if often.get(part, 0) <= n}
    best = sorted(often.keys() - inner, key=lambda phrase: (-often[phrase] * len(phrase), phrase))
    return frozenset(best[:KEPT])


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
