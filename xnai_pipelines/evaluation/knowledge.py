"""How well the encoder knows the corpus' languages: whether it finds a passage by a few of its own words.

It needs no labels and no keyword search. Excerpts are of prose: code is English in any language. The rank is that among
50 passages, however many there are, since every passage is found among few. If passages are too short for excerpts, the
tokens of their words decide.
"""

import re
from collections.abc import Callable, Sequence
from math import comb

import numpy as np
import numpy.typing as npt

from xnai_pipelines.documents.parsers.text.language import prose
from xnai_pipelines.encoders.writing import Writing
from xnai_pipelines.search.index import SearchIndex

READ = 1000  # passages of a language that are compared
POOL = 50  # of them, among which the rank counts
ASKED = 100  # passages whose excerpts are asked for
MIN_ASKED = 20  # of a language that is judged: fewer are often wrongly detected
LANGUAGES = 20  # the most common ones
EXCERPT = 60  # letters, half as many Chinese, Japanese or Korean ones
_CHARACTERS_FROM = "\u2e80"
_STRANGE, _KNOWN = 0.45, 0.72  # mean reciprocal rank
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
        rows = np.flatnonzero(languages == language)[:READ]
        ranks = _reciprocal_ranks(index, rows)
        advance()
        if len(ranks) >= MIN_ASKED:
            known[language] = knowledge(float(ranks.mean()))
        elif language and len(rows) >= MIN_ASKED:
            known[language] = round(_writing(index, rows[:ASKED]).fluency, 2)
    return dict(sorted(known.items()))


def knowledge(reciprocal_rank: float) -> float:
    """Return how well an encoder knows a language in which it finds passages so well by excerpts, 0 to 1."""
    return round(min(1.0, max(0.0, (reciprocal_rank - _STRANGE) / (_KNOWN - _STRANGE))), 2)


def excerpt(text: str) -> str | None:
    """Return whole words from the middle of a text's prose, None if that is not at least three times as long."""
    text = " ".join(prose(text).split())
    letters = EXCERPT
    if sum(character >= _CHARACTERS_FROM for character in text) > len(text) / 2:
        letters //= 2
    if len(text) < 3 * letters:
        return None
    start = (len(text) - letters) // 2
    cut = text[start : start + letters]
    whole = " ".join(cut.split(" ")[1:-1])
    return whole if len(whole) > letters / 2 else cut


def _reciprocal_ranks(index: SearchIndex, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return 1 / rank of the document of each of up to 100 rows among 50 of them, asked for by an excerpt."""
    corpus = index.corpus
    vectors = corpus.pieces.vectors(rows)
    documents = np.array(corpus.values("document_id", rows.tolist()))
    ranks = []
    for row, document in zip(rows.tolist(), documents, strict=True):
        asked = excerpt(corpus.values("text", [row])[0])
        if asked is None:
            continue
        similarities = vectors @ index.encode_query(asked)
        own = similarities[documents == document].max()
        ranks.append(expected_reciprocal_rank(int(np.count_nonzero(similarities > own)), len(rows)))
        if len(ranks) == ASKED:
            break
    return np.array(ranks)


def expected_reciprocal_rank(better: int, number: int) -> float:
    """Return the expected 1 / rank among 50 passages drawn from a number of them, of which so many are better.

    The passage itself is drawn. With fewer than 50 it is 1 / rank among them all.
    """
    pool = min(POOL, number)
    none_better = comb(number - 1 - better, pool) / comb(number, pool)
    return number / (pool * (better + 1)) * (1 - none_better)


def _writing(index: SearchIndex, rows: npt.NDArray[np.int64]) -> Writing:
    """Return what the encoder's tokenizer makes of the words of these rows."""
    texts: Sequence[str] = index.corpus.values("text", rows.tolist())
    return sum((index.encoder.writing(" ".join(_WORD.findall(prose(text)))) for text in texts), Writing())
