"""How well the encoder knows the corpus' languages: what its vectors tell, beyond words, of what belongs together.

Pieces are cut from passages, and a regression tells from two similarities of a pair of pieces whether they are of one
passage: the encoder's and that of their words. Its coefficient for the encoder is the measure. It needs no labels. The
rank of a passage by a piece of it would depend on how alike the passages are, as those of one subject; the coefficient
hardly does. Words have to be told apart, for an encoder of another language finds its own words again. Pieces are of
prose: code is English in any language. If passages are too short for pieces, the tokens of their words decide.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from xnai_pipelines.documents.parsers.text.language import prose
from xnai_pipelines.encoders.writing import Writing
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.stems import stem
from xnai_pipelines.search.words import words

ASKED = 60  # passages that are cut
MIN_ASKED = 20  # of a language that is judged: fewer are often wrongly detected
LANGUAGES = 20  # the most common ones
PIECES = 4  # of a passage
PIECE = 120  # letters, half as many Chinese, Japanese or Korean ones; in a short passage down to 45
_SHORTEST = 180  # letters of a passage that is cut
_CHARACTERS_FROM = "\u2e80"
_STRANGE, _KNOWN = 0.2, 1.0  # log-odds per standard deviation of the similarity; MiniLM has 1 and more in English
_MOST = 4.0  # deviations: a larger one says no more
_STEPS = 12  # of Newton's method
_WORD = re.compile(r"[^\W\d_]+")

Vectors = npt.NDArray[np.float32]
Square = npt.NDArray[np.floating[Any]]
Groups = npt.NDArray[np.integer[Any]]


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
        told = _told(index, rows, language)
        advance()
        if told is None and (not language or len(rows) < MIN_ASKED):
            continue
        writing = _writing(index, rows[:ASKED])
        # names in Latin letters tell passages apart in any writing
        share = writing.fluency if told is None else knowledge(told) * (1 - writing.unknown_share)
        known[language] = round(share, 2)
    return dict(sorted(known.items()))


def knowledge(told: float) -> float:
    """Return how well an encoder knows a language in which its similarities tell so much, 0 to 1."""
    return min(1.0, max(0.0, (told - _STRANGE) / (_KNOWN - _STRANGE)))


def pieces(text: str) -> list[str]:
    """Return four runs of whole words from the beginning of a text's prose, one after another; none if it is short."""
    text = " ".join(prose(text).split())
    share = 2 if sum(character >= _CHARACTERS_FROM for character in text) > len(text) / 2 else 1
    if len(text) < _SHORTEST / share:
        return []
    text = text[: PIECES * PIECE // share]
    ends = [len(text) * number // PIECES for number in range(PIECES + 1)]
    # a word belongs to the piece in which it begins; where there are no spaces, pieces end anywhere
    starts = [0, *(text.find(" ", at, at + PIECE // 4) + 1 or at for at in ends[1:-1]), len(text)]
    cut = [text[start:end].strip() for start, end in pairwise(starts)]
    return cut if all(any(map(str.isalpha, piece)) for piece in cut) else []


def told_by_vectors(vectors: Vectors, terms: Sequence[Sequence[str]], of: Groups, apart: Groups) -> float:
    """Return how much the vectors of n pieces tell, beyond their terms, which are of one passage.

    It is the coefficient of a logistic regression: log-odds per standard deviation of the similarities that a piece has
    to those of other passages. The pairs of one passage weigh as much together as all others, so it depends on their
    number no more than on the scale of the similarities.

    Args:
        vectors: float32 [n, d], unit length.
        terms: Terms of each piece.
        of: Passage of each piece: int64 [n].
        apart: Its document: int64 [n]. Pairs of passages of one document do not count.
    """
    others = apart[:, None] != apart
    same = (of[:, None] == of) & ~np.eye(len(of), dtype=bool)
    pairs = same | others
    features = [_standardised(similar, others)[pairs] for similar in (vectors @ vectors.T, _shared(terms))]
    return float(_regression(np.stack([*features, np.ones_like(features[0])], axis=1), same[pairs])[0])


def _standardised(similar: Square, others: npt.NDArray[np.bool_]) -> Square:
    """Return each row relative to the mean and the deviation of its others."""
    there = np.ma.masked_array(similar, ~others)
    mean, deviation = there.mean(axis=1).filled(0.0), there.std(axis=1).filled(0.0)
    standard: Square = (similar - mean[:, None]) / np.maximum(deviation, 1e-9)[:, None]
    return np.clip(standard, -_MOST, _MOST)


def _shared(terms: Sequence[Sequence[str]]) -> Square:
    """Return the cosines of the pieces' terms, weighed by their rarity: [n, n]."""
    counted = [Counter(own) for own in terms]
    frequency = Counter(term for own in counted for term in own)
    places = {term: place for place, term in enumerate(frequency)}
    weights = np.zeros((len(terms), len(places)))
    for row, own in enumerate(counted):
        for term, times in own.items():
            weights[row, places[term]] = np.log1p(times) * np.log(1 + len(terms) / frequency[term])
    weights /= np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-9)
    cosines: Square = weights @ weights.T
    return cosines


def _regression(features: Square, true: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the coefficients of a logistic regression in which both answers weigh as much."""
    balance = int(np.count_nonzero(true)) / max(1, int(np.count_nonzero(~true)))
    weights = np.where(true, 1.0, balance)
    ridge = np.diag([*np.ones(features.shape[1] - 1), 1e-6])  # finite if the pieces are told apart without a fault
    found = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-features @ found))
        slope = features.T @ (weights * (likely - true)) + ridge @ found
        curve = (features.T * (weights * likely * (1 - likely))) @ features + ridge
        found -= np.linalg.solve(curve, slope)
    return found


def _told(index: SearchIndex, rows: npt.NDArray[np.int64], language: str) -> float | None:
    """Return what the vectors tell in up to 60 of these passages of a language; None if fewer than 20 can be cut.

    Passages of one document are compared only if there are few documents: they may overlap.
    """
    cut = ((row, pieces(index.corpus.values("text", [row])[0])) for row in rows.tolist())
    asked = list(islice(((row, own) for row, own in cut if own), ASKED))
    if len(asked) < MIN_ASKED:
        return None
    texts = [piece for _, own in asked for piece in own]
    of = np.repeat([row for row, _ in asked], PIECES)
    documents = index.corpus.documents[of]
    vectors = np.stack([index.encoder.encode_passage(text) for text in texts])
    terms = [[stem(word.text, language) for word in words(text)] for text in texts]
    return told_by_vectors(vectors, terms, of, documents if len(np.unique(documents)) >= MIN_ASKED else of)


def _writing(index: SearchIndex, rows: npt.NDArray[np.int64]) -> Writing:
    """Return what the encoder's tokenizer makes of the words of these rows."""
    texts: Sequence[str] = index.corpus.values("text", rows.tolist())
    return sum((index.encoder.writing(" ".join(_WORD.findall(prose(text)))) for text in texts), Writing())
