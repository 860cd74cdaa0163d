"""What a chunk says of a name that not all its bearers share: years of a life, what kind of thing it is, where it lies.

Pure. To add a language, add an entry to each table.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from xnai_pipelines.graph.contradictions import BORN, DIED, IS, LIES, NATION, PAST, PRESENT, TENSE, THING
from xnai_pipelines.graph.cues import PRONOUNS, class_expression
from xnai_pipelines.graph.found import NAMES, Find, Kind
from xnai_pipelines.graph.kinds import CODE, INSTITUTION, PERSON, SETTLEMENT, kinds_of
from xnai_pipelines.graph.nations import nation_of
from xnai_pipelines.graph.statements import FoundSentence

MOST_PLACES = 3  # that a sentence says something lies in

_SUBJECTS = (*NAMES, Kind.TERM, Kind.SYMBOL, Kind.SETTING, Kind.COMMAND)
_YEAR = re.compile(r"(?<!\d)([1-9]\d{3})(?!\d)")
_NEAR = 40  # characters between a year and the word that says what happened
_BEFORE_PLACE = re.compile(r"(?:\b(?:in|at|near|aus|im|bei|в|во|под)\s|,\s)\Z")
_WORD_BEFORE = 8  # characters
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

# Words of birth and of death.
_LIVES: Mapping[str, tuple[str, str]] = {
    "en": (r"\b[Bb]orn\b", r"\b(?:[Dd]ied|was killed)\b"),
    "de": (r"\b(?:[Gg]eboren|kam zur Welt)\b", r"\b(?:starb|gestorben)\b"),
    "fr": (r"\b[Nn](?:ée?|aquit)\b", r"\b(?:[Mm]orte?|mourut|décédée?)\b"),
    "es": (r"\b(?:[Nn]aci(?:ó|d[oa])\b)", r"\b(?:murió|falleció)\b"),
    "zh": (r"(?:出生|诞生|生)于|出生", r"去世|逝世|病逝|卒于"),
    "ru": (r"\b[Рр]оди(?:лся|лась|вш\w+)\b", r"\b(?:[Уу]мер(?:ла)?|[Сс]кончал(?:ся|ась)|[Пп]огиб(?:ла)?)\b"),
}
# A past tense says that somebody is dead, in languages that do not tell of the dead in the present.
_PAST: Mapping[str, str] = {"en": r"was|were", "de": r"war|waren", "es": r"era|fue"}
# Words that say of what the sentence before spoke, if it is a person or if it is none.
_PERSONAL: Mapping[str, frozenset[str]] = {"en": frozenset({"he", "she"})}
_IMPERSONAL: Mapping[str, frozenset[str]] = {"en": frozenset({"it"})}
_WHO = re.compile(r"\s?,?\s?who\b")

# Parts of a country of which a settlement lies in one only: "Douglas County", "Landkreis Fulda", "Саратовская область".
_UNITS: Mapping[str, str] = {
    "en": r"county|parish|prefecture|canton",
    "de": r"landkreis|kanton",
    "fr": r"département|canton",
    "es": r"provincia|departamento",
    "ru": r"област\w*|кра[йяею]\w*|губерни\w*",
}
_NEXT_PLACE = re.compile(r"(?:[^\w.;:!?]|\b(?!and\b|und\b|et\b|y\b|и\b)[^\W\d_]+\b){0,8}?\s?\Z")
_DIRECT = re.compile(r"\s?(?:in|of|im|von|aus|en|à|de|d’|d'|в|во|из)(?:\sthe|\sder Stadt)?\s\Z")
_SAME, _SAME_UNIT = 6, 3  # letters by which two forms of a name begin: endings differ
FAR = "~"  # instead of a unit: the words between do not say that it lies just there


@dataclass(frozen=True, slots=True)
class Fact:
    """What a chunk says of one of its finds, by its position; of what the document's title names if that is -1."""

    subject: int
    fact: str


@dataclass(frozen=True, slots=True)
class _Class:
    """What a sentence says that its subject is: the words, where they end, and the kinds of their noun."""

    words: tuple[str, ...]
    end: int
    kinds: tuple[str, ...]
    is_past: bool

    @property
    def of(self) -> frozenset[str]:
        """The kinds without fields."""
        return frozenset(kind.partition("/")[0] for kind in self.kinds)


def facts(text: str, language: str, finds: Sequence[Find], sentences: Sequence[FoundSentence]) -> Iterator[Fact]:
    """Yield the facts of a chunk in order."""
    lives, pronouns = _lives(language), PRONOUNS.get(language, frozenset())
    spoken_of = -1
    is_unknown = False  # whether the sentence before says what its subject is, with a noun of no kind that is known
    for sentence in sentences:
        if sentence.opened:
            opening = finds[sentence.finds[0]]
            first = text[opening.start : opening.end].lower()
            goes_on = lives and any(cue.fullmatch(text, opening.start, opening.end) for cue in lives)  # "Born in Perth"
            if is_unknown and first in _PERSONAL.get(language, ()):
                yield Fact(spoken_of, f"{IS} {PERSON}")
            elif is_unknown and first in _IMPERSONAL.get(language, ()):
                yield Fact(spoken_of, f"{IS} {THING}")
            is_unknown = False
            if not goes_on and first not in pronouns:
                spoken_of = sentence.finds[0] if opening.kind in _SUBJECTS else -1
                said = _class(text, language, opening.end)
                if said is not None:
                    is_unknown = not said.kinds
                    yield from (Fact(spoken_of, fact) for fact in _of_class(text, language, said, finds, sentence))
        if lives:
            yield from (Fact(spoken_of, fact) for fact in _life(text, finds, sentence, spoken_of, lives))


def _class(text: str, language: str, end: int) -> _Class | None:
    """Return what the words after a name say that it is."""
    expression = class_expression(language)
    said = expression.match(text, end) if expression else None
    if said is None:
        return None
    words = tuple(_WORD.findall(said[1].lower()))
    past = _PAST.get(language)
    is_past = past is not None and re.search(rf"\b(?:{past})\b", text[end : said.start(1)]) is not None
    kinds = kinds_of(words, language)
    if not kinds and language == "en" and _WHO.match(text, said.end()):
        kinds = (PERSON,)
    return _Class(words, said.end(), kinds, is_past)


def _of_class(text: str, language: str, said: _Class, finds: Sequence[Find], sentence: FoundSentence) -> Iterator[str]:
    """Yield what follows from what a sentence says that its subject is."""
    yield from (f"{IS} {kind}" for kind in said.kinds)
    nations = {nation_of(word, language) for word in said.words}
    if PERSON in said.of and language in _PAST:
        yield f"{TENSE} {PAST if said.is_past else PRESENT}"
    if said.of & {SETTLEMENT, INSTITUTION, CODE}:
        places = _places(text, language, finds, sentence, said)
        if places:
            yield f"{LIES} {'|'.join(f'{unit}={name}' for unit, name in places)}"
            nations |= {name[1:] for _, name in places if name.startswith("@")}
    yield from sorted(f"{NATION} {nation}" for nation in nations if nation)


@cache
def _lives(language: str) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
    born, died = _LIVES.get(language, ("", ""))
    return (re.compile(born), re.compile(died)) if born else None


def _life(
    text: str,
    finds: Sequence[Find],
    sentence: FoundSentence,
    subject: int,
    lives: tuple[re.Pattern[str], re.Pattern[str]],
) -> Iterator[str]:
    """Yield the years in which a sentence says that its subject was born or died; none if it may mean another name."""
    cues = sorted(
        (cue.start(), cue.end(), fact)
        for fact, words in zip((BORN, DIED), lives, strict=True)
        for cue in words.finditer(text, sentence.start, sentence.end)
    )
    if not cues:
        return
    others = (finds[at] for at in sentence.finds if at != subject and finds[at].kind in NAMES)
    between = [
        find
        for find in others
        if find.start > sentence.start and not _BEFORE_PLACE.search(text, max(0, find.start - _WORD_BEFORE), find.start)
    ]
    if any(find.start < cues[-1][0] for find in between):
        return
    for at in sentence.finds:
        find = finds[at]
        year = _YEAR.search(text, find.start, find.end) if find.kind is Kind.DATE else None
        if year:
            distance, fact = min((max(find.start - end, start - find.end), fact) for start, end, fact in cues)
            if distance <= _NEAR:
                yield f"{fact} {year[1]}"


def _places(
    text: str, language: str, finds: Sequence[Find], sentence: FoundSentence, said: _Class
) -> list[tuple[str, str]]:
    """Return where something is said to lie, the smallest place first, each with its unit if it is one."""
    unit = re.compile(rf"\b(?:{_UNITS[language]})\b", re.IGNORECASE) if language in _UNITS else None
    kinds = (Kind.SYMBOL,) if CODE in said.of else NAMES
    places: list[tuple[str, str]] = []
    end = said.end
    for at in sentence.finds:
        find = finds[at]
        if find.end <= end or find.kind not in kinds:
            continue
        words = list(_place_words(text, language, max(find.start, end), find.end, unit))
        start = words[0].start() if words else max(find.start, end)
        if len(places) == MOST_PLACES or not _NEXT_PLACE.fullmatch(text, end, start):
            break
        if CODE in said.of:
            return [("", text[find.start : find.end].strip("()"))]
        named = unit and (unit.search(text, end, find.end) or unit.match(text, find.end + 1, sentence.end))
        if words:
            is_near = bool(places) or _DIRECT.fullmatch(text, end, start)
            names = [word.group().lower() for word in words]
            nation = next(filter(None, (nation_of(name, language) for name in names)), None)
            shown = f"@{nation}" if nation else "-".join(names)[:_SAME]
            places.append((named.group()[:_SAME_UNIT].lower() if named else "" if is_near else FAR, shown))
        end = find.end
    return places


def _place_words(
    text: str, language: str, start: int, end: int, unit: re.Pattern[str] | None
) -> Iterator[re.Match[str]]:
    """Yield the words of a place's name, without those that say what it is: Teltow of "Stadt Teltow"."""
    for word in _WORD.finditer(text, start, end):
        known = kinds_of((word.group().lower(),), language) or (unit and unit.fullmatch(word.group()))
        if word.group()[0].isupper() and not known:
            yield word
