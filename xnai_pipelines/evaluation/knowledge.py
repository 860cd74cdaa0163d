"""How well the encoder knows the corpus' languages: whether it finds the rest of a passage by an excerpt of its prose.

It needs no labels and no keyword search. The excerpt is taken out of the passage, for an encoder of another language
finds its own words again. Excerpts are of prose: code is English in any language. The rank is that among 20 passages,
however many there are, since every passage is found among few. If passages are too short for excerpts, the tokens of
their words decide.
"""

import re
from collections.abc import Callable, Sequence
from itertools import islice
from math import comb

import numpy as np
import numpy.typing as npt

from xnai_pipelines.documents.parsers.text.language import prose
from xnai_pipelines.encoders.writing import Writing
from xnai_pipelines.search.index import SearchIndex

POOL = 20  # passages among which the rank counts
ASKED = 60  # passages whose excerpts are asked for
MIN_ASKED = 20  # of a language that is judged: fewer are often wrongly detected
LANGUAGES = 20  # the most common ones
EXCERPT = 60  # letters, half as many Chinese, Japanese or Korean ones
_CHARACTERS_FROM = "\u2e80"
_STRANGE, _KNOWN = 0.45, 0.62  # mean reciprocal rank
_WORD = re.compile(r"[^\W\d_]+")


def known_languages(index: SearchIndex, advance: Callable[[], object] = lambda: None) -> dict[str, float]:
    """Return how well the encoder knows each language, 0 to 1; "" for no language.

    Only languages of the corpus with at least 20 passages are judged.
    """
    if index.contents.passages < MIN_ASKED:
        return {}
    languages = np.array([language or "" for language in index.corpus.passages["language"].to_pylist()])
    found, counts = np.unique(languages, return_counts=True)
    known = {}
    for language in found[np.argsort(-counts, kind="stable")][:LANGUAGES].tolist():
        # ids are hashes: in their order, the first are a random sample
        rows = np.flatnonzero(languages == language)
        ranks = _reciprocal_ranks(index, rows)
        advance()
        if len(ranks):
            known[language] = knowledge(float(ranks.mean()))
        elif language and len(rows) >= MIN_ASKED:
            known[language] = round(_writing(index, rows[:ASKED]).fluency, 2)
    return dict(sorted(known.items()))


def knowledge(reciprocal_rank: float) -> float:
    """Return how well an encoder knows a language in which it finds passages so well by excerpts, 0 to 1."""
    return round(min(1.0, max(0.0, (reciprocal_rank - _STRANGE) / (_KNOWN - _STRANGE))), 2)


def excerpt(text: str) -> tuple[str, str] | None:
    """Return whole words from the middle of a text's prose, and the rest of it; None if it is too short for that."""
    text = " ".join(prose(text).split())
    letters = EXCERPT
    if sum(character >= _CHARACTERS_FROM for character in text) > len(text) / 2:
        letters //= 2
    if len(text) < 3 * letters:
        return None
    start = (len(text) - letters) // 2
    cut = text[start : start + letters]
    whole = " ".join(cut.split(" ")[1:-1])
    asked = whole if len(whole) > letters / 2 else cut
    return (asked, f"{text[:start]} {text[start + letters :]}") if any(map(str.isalnum, asked)) else None


def _reciprocal_ranks(index: SearchIndex, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return 1 / rank of the rest of each of up to 60 passages among 20, asked for by an excerpt of it.

    Those of the same document are no worse answers, and do not count.
    """
    cut = ((row, excerpt(index.corpus.values("text", [row])[0])) for row in rows.tolist())
    asked = list(islice(((row, *parts) for row, parts in cut if parts), ASKED))
    if len(asked) < MIN_ASKED:
        return np.array([])
    excerpts = np.stack([index.encode_query(words) for _, words, _ in asked])
    rests = np.stack([index.encoder.encode_passage(rest) for _, _, rest in asked])
    of = index.corpus.documents[[row for row, _, _ in asked]]
    similarities = excerpts @ rests.T
    better = (similarities > similarities.diagonal()[:, None]) & (of != of[:, None])
    return np.array([expected_reciprocal_rank(int(number), len(asked)) for number in better.sum(axis=1)])


def expected_reciprocal_rank(better: int, number: int) -> float:
    """Return the expected 1 / rank among 20 passages drawn from a number of them, of which so many are better.

    The passage itself is drawn. With fewer than 20 it is 1 / rank among them all.
    """
    pool = min(POOL, number)
    none_better = comb(number - 1 - better, pool) / comb(number, pool)
    return number / (pool * (better + 1)) * (1 - none_better)


def _writing(index: SearchIndex, rows: npt.NDArray[np.int64]) -> Writing:
    """Return what the encoder's tokenizer makes of the words of these rows."""
    texts: Sequence[str] = index.corpus.values("text", rows.tolist())
    return sum((index.encoder.writing(" ".join(_WORD.findall(prose(text)))) for text in texts), Writing())
