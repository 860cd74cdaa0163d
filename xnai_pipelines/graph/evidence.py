"""Which capitalised words are names: by how often the corpus writes each word in lower case. Pure, no word lists.

A capital letter within a sentence says that a word is a name; one that opens a sentence says nothing. A name is kept
whole if the corpus has it elsewhere (within a sentence, in quotes or as a title). Otherwise the words that the corpus
mostly writes in lower case are taken off its start: "In Paris" is "Paris", "However" is none.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Self

import numpy as np

from xnai_pipelines.graph.arrays import Bools, Ints, taken, tallied
from xnai_pipelines.graph.counts import Count, Counts, counted, counted_columns, counted_pairs
from xnai_pipelines.graph.forms import Form, form_of, start_of_word
from xnai_pipelines.graph.found import RECOGNISED_NAMES, Kind
from xnai_pipelines.graph.nouns import LANGUAGES
from xnai_pipelines.graph.reading import Reading

OFTEN = 4  # a word within a sentence must be this many times more often in lower case to be no name
SELDOM = 4  # a noun is used as one in documents with this part of its uses
CODE = (Kind.SYMBOL, Kind.SETTING, Kind.COMMAND)

DROPPED = -1

_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True, slots=True, eq=False)
class Spelling:
    """How the corpus spells words and forms.

    Attributes:
        small: In how many documents a word is written in lower case.
        capital: The same with a capital letter within a sentence.
        nouns: Words that are no names though they have a capital letter: most uses are in documents that say so.
        known: Forms that are names wherever they stand.
        by_case: Forms of code that differ by case alone.
    """

    small: Mapping[str, int]
    capital: Mapping[str, int]
    nouns: Set[str]
    known: Set[str]
    by_case: Set[str]

    @classmethod
    def of(cls, counts: Counts, keys: Collection[str] | None = None) -> Self:
        """Return the spelling of all words and forms, or of these and of all code."""
        written: dict[str, set[str]] = defaultdict(set)
        for key, words in counts.pairs(Count.CODE):
            written[key].add(words)
        nouns = counts.numbers(Count.NOUN, keys)
        uses = counts.numbers(Count.USE, keys)
        return cls(
            small=counts.numbers(Count.SMALL, keys),
            capital=counts.numbers(Count.CAPITAL, keys),
            nouns={word for word, n in nouns.items() if n * SELDOM > uses.get(word, 0)},
            known=counts.numbers(Count.KNOWN, keys).keys(),
            by_case={key for key, several in written.items() if len(several) > 1},
        )

    def is_common(self, word: str, times: int = 1) -> bool:
        """Return whether the word is written in lower case more often, by this factor."""
        lower = word.lower()
        return self.small.get(lower, 0) > times * self.capital.get(lower, 0)

    def said_of(self, key: str) -> tuple[bool, ...]:
        """Return all that decides how surfaces with a word or form are read."""
        return (
            *(self.is_common(key, times) for times in (1, OFTEN)),
            key in self.capital,
            key in self.nouns,
            key in self.known,
        )


def spelling_counts(reading: Reading, forms: list[Form]) -> Counts:
    """Return what a reading adds to the spelling; `forms` are those of its surfaces."""
    by_capitals = is_kind(reading, [Kind.NAME])
    inside = is_kind(reading, [Kind.NAME, *RECOGNISED_NAMES]) & ~reading.initial
    known: Counter[str] = Counter()
    for code, n in tallied(reading.surface[inside | ~by_capitals]):
        known[forms[code].key] += n
    code_forms: Counter[tuple[str, str]] = Counter()
    for code, n in tallied(reading.surface[is_kind(reading, CODE)]):
        code_forms[forms[code].key, " ".join(forms[code].words)] += n
    capitalised = np.array([language in LANGUAGES for language in reading.languages], dtype=bool)
    uses: Counter[str] = Counter()
    for code, n in tallied(reading.surface[by_capitals & capitalised[reading.document]]):
        for token in _TOKEN.findall(reading.surfaces[code]):
            form = form_of(token)
            for word in {form.key, *(word.lower() for word in form.words)}:
                uses[word] += n
    return (
        counted(Count.SMALL, {word: n for word, n in reading.words.items() if word.islower()})
        | counted(Count.NOUN, {word.lower(): n for word, n in reading.words.items() if not word.islower()})
        | counted(Count.USE, uses)
        | counted(Count.CAPITAL, _capitals(reading, inside, forms))
        | counted(Count.KNOWN, known)
        | counted_pairs(Count.CODE, ((*pair, n) for pair, n in code_forms.items()))
        | _read(reading, forms)
    )


def _read(reading: Reading, forms: list[Form]) -> Counts:
    keys: list[str] = []
    lengths = np.zeros(len(forms), dtype=np.int64)
    for at, form in enumerate(forms):
        asked = asked_of(form)
        keys += asked
        lengths[at] = len(asked)
    code = np.repeat(np.arange(len(forms)), lengths)
    numbers = np.bincount(reading.surface, minlength=len(forms))
    return counted_columns(Count.READ, keys, taken(reading.surfaces, code), numbers[code])


def asked_of(form: Form) -> set[str]:
    """Return the words and forms whose spelling decides how a surface of this form is read."""
    return {form.key, *(word.lower() for word in form.words)}


def named(reading: Reading, forms: list[Form], spelling: Spelling) -> Ints:
    """Return how many characters to take off the start of each mention, int64 [m]; `DROPPED` if it is no name."""
    by_capitals = is_kind(reading, [Kind.NAME])
    cuts = np.zeros(len(reading.surface), dtype=np.int64)
    pairs = reading.surface * 2 + reading.initial
    distinct, inverse = np.unique(pairs[by_capitals], return_inverse=True)
    of_pair = [
        _without_nouns(
            reading.surfaces[pair // 2],
            _cut(reading.surfaces[pair // 2], forms[pair // 2], initial=bool(pair % 2), spelling=spelling),
            spelling,
        )
        for pair in distinct.tolist()
    ]
    cuts[by_capitals] = np.asarray(of_pair, dtype=np.int64)[inverse]
    return cuts


def is_kind(reading: Reading, kinds: Iterable[Kind]) -> Bools:
    """Return which mentions are of one of these kinds."""
    wanted = [at for at, kind in enumerate(reading.kinds) if kind in kinds]
    return np.isin(reading.kind, wanted)


def _capitals(reading: Reading, inside: Bools, forms: list[Form]) -> dict[str, int]:
    """Return the number of documents that have each word with a capital letter within a sentence."""
    several = np.unique(reading.document[inside] * len(forms) + reading.surface[inside]) % max(1, len(forms))
    found: Counter[str] = Counter()
    for code, count in tallied(several):
        for word in {word.lower() for word in forms[code].words if word[:1].isupper()}:
            found[word] += count
    return dict(found)


def _cut(surface: str, form: Form, *, initial: bool, spelling: Spelling) -> int:
    """Return how many characters to take off a capitalised run; `DROPPED` for all."""
    left = list(form.words)
    if not initial:
        alone = len(left) == 1 and (len(left[0].partition("'")[0]) < 2 or spelling.is_common(left[0], OFTEN))
        return DROPPED if not left or alone else 0
    if len(left) > 1 and form.key in spelling.known:
        return 0
    while left and (spelling.is_common(left[0]) or not left[0][:1].isupper()):
        left.pop(0)
    unknown = form.key not in spelling.known
    if len(left) == 1 and unknown and left[0].lower() not in spelling.capital and len(form.words) == 1:
        # nothing speaks for it, unless it is a word of a longer name
        return DROPPED
    if not left or (len(left[0].partition("'")[0]) < 2 and len(left) == 1):
        return DROPPED
    return start_of_word(surface, len(form.words) - len(left))


def _without_nouns(surface: str, cut: int, spelling: Spelling) -> int:
    """Return where the name in a capitalised run begins: after nouns that say what it is of, and words of no name."""
    tokens = [] if cut == DROPPED or not spelling.nouns else list(_TOKEN.finditer(surface, cut))
    is_noun = [_is_noun(form_of(token.group()), spelling.nouns) for token in tokens]
    is_title = len(tokens) > 2 and not any(token.group().islower() for token in tokens)  # nouns are not written so
    if is_title or not any(is_noun):
        return cut
    for token, noun in zip(tokens, is_noun, strict=True):
        if not (noun or token.group().islower() or spelling.is_common(token.group())):
            return token.start()
    return DROPPED


def _is_noun(form: Form, nouns: Set[str]) -> bool:
    return form.key in nouns or (bool(form.words) and all(word.lower() in nouns for word in form.words))
