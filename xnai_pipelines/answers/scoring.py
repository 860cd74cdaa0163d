"""How well each unit of the evidence answers a question, and the features of how sure it is that anything does."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xnai_pipelines.answers.asked_for import WantedThing, asked_for
from xnai_pipelines.answers.confidence import NOTHING
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.landmarks import Landmark
from xnai_pipelines.answers.leads import Range
from xnai_pipelines.answers.likeness import Likeness, Scores
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.question_words import QuestionWords, WordSet
from xnai_pipelines.answers.units import said_of, units

OVERLAP = 0.15  # of the words in common, beside 1 for MaxSim
RANKING = 0.03  # of the passage's score in the search, below the best passage's
BEFORE = 0.15  # of what the part before it adds to both: "it" and "the school" mean something said there
HEADINGS = 0.1  # of what the words of the title and of the headings add
NOTHING_ASKED = 0.6  # of what is asked of a thing, if a question names nothing but it
NOT_OF_THE_KIND = 0.08  # off a unit without what the question asks for: a number, a time, a name

_SENTENCE_ENDS = (".", "!", "。", "！", "।", "۔", "።")


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


@dataclass(frozen=True, slots=True)
class _Section:
    """What stands above the units of a section.

    Attributes:
        names: The title and the headings, folded.
        words: Words of the question in them.
        heading: Range of the heading in the document; None if the evidence begins below it.
        dated: 1 if a heading has what is asked for, else 0.
    """

    names: frozenset[str]
    words: WordSet
    heading: Range | None
    dated: float


@dataclass(frozen=True, slots=True)
class _Part:
    """A unit as it is read.

    Attributes:
        start: First character in the document.
        end: Character after the last.
        columns: Range of the row that names its columns.
        ranges: Those of the unit and of what it is read with.
        words: Words of the question in these.
        of_the_kind: How surely it has what is asked for.
        section: What stands above it.
    """

    start: int
    end: int
    columns: Range | None
    ranges: tuple[Range, ...]
    words: WordSet
    of_the_kind: float
    section: _Section


@dataclass(frozen=True, slots=True, eq=False)
class _Fact:
    """What is known of a unit beside its score.

    Attributes:
        part: The unit as it is read.
        best: Best similarity of each token: float32 [q].
        evidence: All of the evidence that it is in.
        shared: Words of the question in all units of that, and in what they are read with but the headings.
        every: The same with all headings above them.
    """

    part: _Part
    best: Scores
    evidence: Likeness
    shared: WordSet
    every: WordSet


def score(passages: Passages, question: str, evidence: Sequence[Evidence]) -> Scored:
    """Return the units of the evidence, scored for the question.

    A unit's score is MaxSim, the mean over the question's tokens of the best similarity to a token of the unit; plus
    the share of the question's rare words that are in it; plus what the part before it and the headings add to that;
    plus the score of its passage in the search; less if it has nothing of the kind that is asked for.
    """
    if not evidence:
        return Scored((), NOTHING)
    asked = QuestionWords(passages, question)
    wanted = asked_for(question)
    exact = wanted is not None and wanted.is_exact  # then what does not have it, or not of what is named, is no unit
    highest = max(one.score for one in evidence)
    codes = passages.token_codes([row for one in evidence for row in one.rows])
    found: list[tuple[Unit, _Fact]] = []
    for place, one in enumerate(evidence):
        mine, codes = codes[: len(one.rows)], codes[len(one.rows) :]
        likeness = Likeness.of(asked.tokens, mine)
        parts, shared = _parts(asked, wanted, one)
        if not parts:
            continue
        best, compared = likeness.best_within([part.ranges for part in parts])
        before = np.concatenate([np.zeros_like(best[:1]), best[:-1]])
        maxsims = best.mean(axis=1).tolist()
        with_before = np.maximum(best, before).mean(axis=1).tolist()
        every = shared
        for part in parts:
            every |= part.words | part.section.words
        words_before = 0
        for at, part in enumerate(parts):
            overlap, common, above = asked.share(part.words), words_before | part.words, part.section.words
            words_before = part.words
            if exact and not (part.of_the_kind and (common | above) & asked.named == asked.named):
                continue
            total = maxsims[at] + OVERLAP * overlap + RANKING * (one.score - highest)
            total += BEFORE * (with_before[at] - maxsims[at])
            total += BEFORE * (asked.share(common) - overlap)
            total += HEADINGS * (asked.share(part.words | above) - overlap)
            total -= NOT_OF_THE_KIND * (1 - part.of_the_kind)
            telling = asked.places(part.words & asked.telling)
            unit = Unit(place, part.start, part.end, total, part.columns, telling)
            # a unit without a token has nothing to compare
            found.append((unit, _Fact(part, best[at] if compared[at] else best[at, :1], likeness, shared, every)))
    found.sort(key=lambda one: -one[0].score)
    features = NOTHING
    if found:
        features = _features(asked, found[0][1], wanted is not None and wanted.is_close)
        if not found[0][1].every:
            overlap, maxsim, form, related, mistaken = features
            told = passages.likeness(question)
            features = overlap, told * maxsim, form, told * related, mistaken
    return Scored(tuple(unit for unit, _ in found), features)


def _parts(asked: QuestionWords, wanted: WantedThing | None, one: Evidence) -> tuple[list[_Part], WordSet]:
    """Return the units of a piece of evidence as they are read, and all words in them but those of headings."""
    sections = {at.start: _section(asked, wanted, one, at) for at in (one.landmark_at(one.start), *one.landmarks)}
    found: list[_Part] = []
    shared = 0
    for part in units(one.text):
        text, start, end = one.text[part.start : part.end], one.start + part.start, one.start + part.end
        section = sections[one.landmark_at(start).start]
        if said_of(text).casefold() in section.names:
            continue
        ranges = [(start, end)]
        for first, last in part.read_with(one.text):
            ranges.append((one.start + first, one.start + last))
            text = f"{one.text[first:last]} {text}"
        words = asked.within(text)
        shared |= words
        if section.heading and section.heading[1] <= start:
            ranges.append(section.heading)
            words |= asked.within(one.quote(*section.heading))
        columns = (one.start + part.names[0], one.start + part.names[1]) if part.names else None
        of_the_kind = max(wanted.in_text(text), section.dated) if wanted else 1.0
        found.append(_Part(start, end, columns, tuple(ranges), words, of_the_kind, section))
    return found, shared


def _section(asked: QuestionWords, wanted: WantedThing | None, one: Evidence, at: Landmark) -> _Section:
    """Return what stands above the units from a landmark on."""
    named = () if _is_said(one) else (one.title,)
    names = frozenset(name.casefold() for name in (*named, *at.heading_path))
    line = one.text[at.start - one.start :].partition("\n")[0]
    is_heading = bool(at.heading_path) and at.heading_path[-1] in line
    return _Section(
        names,
        asked.within(" ".join([one.source, *names])),
        (at.start, at.start + len(line)) if is_heading else None,
        float(wanted is not None and wanted.heading_of(at.heading_path) is not None),
    )


def _is_said(one: Evidence) -> bool:
    """Return whether the title is the first sentence of the document, or all of it, and may answer: no heading is."""
    return one.title.endswith(_SENTENCE_ENDS) or one.title.strip() == one.text.strip()


def _features(asked: QuestionWords, first: _Fact, close_asked: bool) -> tuple[float, ...]:
    """Return the values of `FEATURES`, for the best unit and the evidence that it is in."""
    overlap = asked.share(first.shared)
    weights = asked.rarity * asked.flags(asked.named)
    named = float(weights[asked.flags(first.every)].sum() / weights.sum()) if weights.any() else 1.0
    form = 1.0 - (close_asked and first.part.of_the_kind == 0)
    return overlap, float(first.evidence.best().mean()), form, _related(asked, first), (1.0 - named) * overlap


def _related(asked: QuestionWords, unit: _Fact) -> float:
    """Return how much a unit has of what is asked of the thing: of the words that are neither names nor above it."""
    others = ~asked.flags(asked.named) & ~asked.flags(unit.part.section.words)
    tokens = np.isin(asked.word_of, np.flatnonzero(others))
    compared = len(unit.best) == len(tokens)  # a unit without a token has nothing to compare
    return float(unit.best[tokens].mean()) if compared and tokens.any() else NOTHING_ASKED
