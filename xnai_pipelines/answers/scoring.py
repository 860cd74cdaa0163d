"""How well each unit of the evidence answers a question, and the features of how sure it is that anything does."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xnai_pipelines.answers.asked_for import asked_for
from xnai_pipelines.answers.confidence import NOTHING
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.units import said_of, units
from xnai_pipelines.encoders.token_codes import TokenCodes
from xnai_pipelines.search.words import fold

OVERLAP = 0.15  # of the words in common, beside 1 for MaxSim
RANKING = 0.03  # of the passage's score in the search, below the best passage's
BEFORE = 0.15  # of what the part before it adds to both: "it" and "the school" mean something said there
HEADINGS = 0.1  # of what the words of the title and of the headings add
SMALL = 2  # digits of a number
NOTHING_ASKED = 0.6  # of what is asked of a thing, if a question names nothing but it
NOT_OF_THE_KIND = 0.08  # off a unit without what the question asks for: a number, a time, a name

_SENTENCE_ENDS = (".", "!", "。", "！", "।", "۔", "።")

_WORD = re.compile(r"[\w.+#/-]*\w")
_INSIDE = re.compile(r"(?<=[\s«„“\"(])[^\W\d_]\w*")  # words that do not begin the question

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a piece of evidence that may answer.

    Attributes:
        evidence: Place in the list of evidence.
        start: First character in the document.
        end: Character after the last.
        score: How well it answers; compare within one question.
        names: Range of the row that names its columns in the document; None unless it is a row below one.
        words: Places of the question's words that it has, or that what it is read with has.
    """

    evidence: int
    start: int
    end: int
    score: float
    names: tuple[int, int] | None = None
    words: frozenset[int] = frozenset()

    @property
    def table(self) -> tuple[int, tuple[int, int]] | None:
        """The piece of evidence and the row of names, the same for all rows of one table; None for what is no row."""
        return (self.evidence, self.names) if self.names else None


@dataclass(frozen=True, slots=True)
class Scored:
    """The units of the evidence, the best first, and the values of `confidence.FEATURES`."""

    units: tuple[Unit, ...]
    features: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Fact:
    """What is known of a unit beside its score.

    Attributes:
        place: Place in the list of evidence.
        of_the_kind: How surely it has what is asked for.
        best: Best similarity of each token: float32 [q].
        above: Which words stand in the headings above it: bool [w].
    """

    place: int
    of_the_kind: float
    best: Scores
    above: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Question:
    """The words of a question and its token vectors.

    Attributes:
        forms: Forms of each word.
        rarity: Inverse document frequency of each.
        named: Whether each is a name, has a digit, or is the title of a document and no common word.
        telling: Whether each tells one row from another: a small number does not, it stands for anything.
        tokens: Token vectors: float32 [q, d].
        word_of: Word that each token is a part of, -1 for none: int [q].
    """

    forms: tuple[tuple[str, ...], ...]
    rarity: npt.NDArray[np.float64]
    named: npt.NDArray[np.bool_]
    telling: npt.NDArray[np.bool_]
    tokens: npt.NDArray[np.float32]
    word_of: npt.NDArray[np.int64]

    def shared(self, terms: set[str]) -> npt.NDArray[np.bool_]:
        return np.array([not terms.isdisjoint(forms) for forms in self.forms], bool)


def score(passages: Passages, question: str, evidence: Sequence[Evidence]) -> Scored:
    """Return the units of the evidence, scored for the question.

    A unit's score is MaxSim, the mean over the question's tokens of the best similarity to a token of the unit; plus
    the share of the question's rare words that are in it; plus what the part before it and the headings add to that;
    plus the score of its passage in the search; less if it has nothing of the kind that is asked for.
    """
    if not evidence:
        return Scored((), NOTHING)
    asked = _question(passages, question)
    wanted = asked_for(question)
    exact = wanted is not None and wanted.is_exact  # then what does not have it, or not of what is named, is no unit
    highest = max(one.score for one in evidence)
    codes = passages.token_codes([row for one in evidence for row in one.rows])
    found: list[Unit] = []
    facts: list[_Fact] = []
    parts: list[tuple[Scores, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]] = []
    for place, one in enumerate(evidence):
        mine, codes = codes[: len(one.rows)], codes[len(one.rows) :]
        middles, similarities = _similarities(asked, mine)
        shared, every = np.zeros(len(asked.forms), bool), np.zeros(len(asked.forms), bool)
        named = () if _is_said(one) else (one.title,)
        headings = {
            at.start: {name.casefold() for name in (*named, *at.heading_path)}
            for at in (one.landmark_at(one.start), *one.landmarks)
        }
        above = {
            start: asked.shared(passages.terms(" ".join([one.source, *names]))) for start, names in headings.items()
        }
        dated = {
            start: float(wanted is not None and wanted.heading_of(one.landmark_at(start).heading_path) is not None)
            for start in headings
        }
        before, common_before = np.zeros(1, np.float32), np.zeros(len(asked.forms), bool)
        for part in units(one.text):
            text, start, end = one.text[part.start : part.end], one.start + part.start, one.start + part.end
            section = one.landmark_at(start).start
            if said_of(text).casefold() in headings[section]:
                continue
            inside = (middles >= 2 * start) & (middles <= 2 * end)
            columns = (one.start + part.names[0], one.start + part.names[1]) if part.names else None
            for first, last in part.read_with(one.text):
                inside |= (middles >= 2 * (one.start + first)) & (middles <= 2 * (one.start + last))
                text = f"{one.text[first:last]} {text}"
            of_the_kind = max(wanted.in_text(text), dated[section]) if wanted else 1.0
            shared |= asked.shared(passages.terms(text))
            if heading := _heading(one, start):
                inside |= (middles >= 2 * heading[0]) & (middles <= 2 * heading[1])
                text = f"{one.text[heading[0] - one.start : heading[1] - one.start]} {text}"
            best, common = _best(similarities[:, inside]), asked.shared(passages.terms(text))
            every |= common | above[section]
            maxsim, overlap = float(best.mean()), _share(asked, common)
            total = maxsim + OVERLAP * overlap + RANKING * (one.score - highest)
            total += BEFORE * (float(np.maximum(best, before).mean()) - maxsim)
            total += BEFORE * (_share(asked, common | common_before) - overlap)
            total += HEADINGS * (_share(asked, common | above[section]) - overlap)
            if exact and not (of_the_kind and (common | common_before | above[section])[asked.named].all()):
                before, common_before = best, common
                continue
            total -= NOT_OF_THE_KIND * (1 - of_the_kind)
            facts.append(_Fact(place, of_the_kind, best, above[section]))
            before, common_before = best, common
            found.append(
                Unit(place, start, end, total, columns, frozenset(np.flatnonzero(common & asked.telling).tolist()))
            )
        parts.append((_best(similarities), shared, every))
    order = sorted(range(len(found)), key=lambda at: -found[at].score)
    features = _features(asked, facts, order, parts, wanted is not None and wanted.is_close)
    if order and not parts[facts[order[0]].place][2].any():
        overlap, maxsim, form, related, mistaken = features
        told = passages.likeness(question)
        features = overlap, told * maxsim, form, told * related, mistaken
    return Scored(tuple(found[at] for at in order), features)


def _question(passages: Passages, text: str) -> _Question:
    forms = tuple(passages.telling(text))
    rarity = np.array([passages.rarity(one) for one in forms], np.float64)
    capitals = {fold(word) for word in _INSIDE.findall(text) if word[0].isupper()}
    named = np.array(
        [one[0] in capitals or any(map(str.isdigit, one[0])) or passages.is_name(one[0]) for one in forms], bool
    )
    telling = np.array([not (one[0].isdigit() and len(one[0]) <= SMALL) for one in forms], bool)
    tokens, spans = passages.question_tokens(text)
    return _Question(forms, rarity, named, telling, tokens, _word_of(text, spans, forms))


def _word_of(text: str, spans: npt.NDArray[np.int64], forms: Sequence[Sequence[str]]) -> npt.NDArray[np.int64]:
    """Return for each token, by its range in the question, the place of the telling word that it is a part of."""
    places = {one[0]: at for at, one in enumerate(forms)}
    found = np.full(len(spans), -1, np.int64)
    for match in _WORD.finditer(text):
        at = places.get(fold(match.group()), -1)
        found[(spans[:, 0] >= match.start()) & (spans[:, 1] <= match.end())] = at
    return found


def _is_said(one: Evidence) -> bool:
    """Return whether the title is the first sentence of the document, or all of it, and may answer: no heading is."""
    return one.title.endswith(_SENTENCE_ENDS) or one.title.strip() == one.text.strip()


def _heading(one: Evidence, position: int) -> tuple[int, int] | None:
    """Return the range of the heading that a character stands below, if it is in the evidence: it is read with it."""
    at = one.landmark_at(position)
    line = one.text[at.start - one.start :].partition("\n")[0]
    is_heading = bool(at.heading_path) and at.heading_path[-1] in line and at.start + len(line) <= position
    return (at.start, at.start + len(line)) if is_heading else None


def _similarities(asked: _Question, codes: Sequence[TokenCodes]) -> tuple[npt.NDArray[np.int64], Scores]:
    """Return twice the middle of each of the passages' tokens in the document, int64 [t], and similarities [q, t]."""
    middles = np.concatenate([one.spans for one in codes]).sum(axis=1, dtype=np.int64)
    return middles, np.concatenate([one.similarities(asked.tokens) for one in codes], axis=1)


def _best(similarities: Scores) -> Scores:
    """Return the best similarity of each question token, 0 if there is nothing to compare with: float32 [q]."""
    if not similarities.size:
        return np.zeros(1, np.float32)
    best: Scores = similarities.max(axis=1)
    return best


def _share(asked: _Question, shared: npt.NDArray[np.bool_]) -> float:
    total = float(asked.rarity.sum())
    return float(asked.rarity[shared].sum()) / total if total > 0 else 0.0


def _features(
    asked: _Question,
    facts: Sequence[_Fact],
    order: Sequence[int],
    parts: Sequence[tuple[Scores, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]],
    close_asked: bool,
) -> tuple[float, ...]:
    """Return the values of `FEATURES`, for the best unit and the evidence that it is in; zeros without a unit."""
    if not order:
        return NOTHING
    first = facts[order[0]]
    best, shared, shared_or_above = parts[first.place]
    overlap = _share(asked, shared)
    weights = asked.rarity * asked.named
    named = float(weights[shared_or_above].sum() / weights.sum()) if weights.any() else 1.0
    form = 1.0 - (close_asked and first.of_the_kind == 0)
    return overlap, float(best.mean()), form, _related(asked, first), (1.0 - named) * overlap


def _related(asked: _Question, unit: _Fact) -> float:
    """Return how much a unit has of what is asked of the thing: of the words that are neither names nor above it."""
    tokens = np.isin(asked.word_of, np.flatnonzero(~asked.named & ~unit.above))
    compared = len(unit.best) == len(tokens)  # a unit without a token has nothing to compare
    return float(unit.best[tokens].mean()) if compared and tokens.any() else NOTHING_ASKED
