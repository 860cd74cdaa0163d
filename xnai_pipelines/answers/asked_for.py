"""What kind of thing a question asks for, and whether a part of a text has one. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from xnai_pipelines.answers.asking import (
    BEFORE_A_PLACE,
    BROADLY,
    CLOSELY,
    COUNTED,
    EXACTLY,
    LANGUAGES,
    PERHAPS,
    SURELY,
)
from xnai_pipelines.answers.items import LIST_MARK
from xnai_pipelines.answers.names import begins_with_a_name, form, is_new, names, roles
from xnai_pipelines.answers.relations import (
    LASTING,
    OF_A_PLACE,
    Relation,
    asked_relation,
    of_the_relation,
    speaks_of,
    without_places,
)
from xnai_pipelines.answers.things import FoundThing, Thing, measured_in, things
from xnai_pipelines.search.words import fold, words

_LIST_MARK = re.compile(rf"\s*{LIST_MARK}\s")
_HAN_NUMBER = re.compile(r"[〇一二三四五六七八九十百千万亿两半]")
_WIDE = frozenset({Thing.NUMBER, Thing.TIME, Thing.NAME, Thing.PLACE, Thing.REASON})
_NO_NUMBERS = frozenset(
    {Thing.TIME, Thing.NAME, Thing.PLACE, Thing.REASON, Thing.PHONE, Thing.EMAIL, Thing.PATH, Thing.VERSION}
)
_ANSWERED_BY: Mapping[Thing, frozenset[Thing]] = {
    Thing.NUMBER: frozenset(Thing) - _NO_NUMBERS,
    Thing.PLACE: frozenset({Thing.PATH}),
}
_TOLD_BY = {Thing.NUMBER: Thing.TIME, Thing.DURATION: Thing.TIME, Thing.TIME: Thing.DURATION}


@dataclass(frozen=True, slots=True)
class WantedThing:
    """What a question asks for.

    Attributes:
        thing: Kind of thing.
        language: Language that its number words are in, "" if none is known.
        question: The question.
        counted: What is counted, folded, as in "how many bolts"; "" if nothing is.
        relation: What happened then, or who did, as in "when did she die"; None if it is no relation that is known.
    """

    thing: Thing
    language: str
    question: str
    counted: str = ""
    relation: Relation | None = None

    @property
    def is_exact(self) -> bool:
        """Whether the thing is written in a form of its own, so that a text without it cannot answer."""
        return self.thing in EXACTLY

    @property
    def is_close(self) -> bool:
        """Whether its form tells it from other things of its kind, as a unit does: a weight is no length."""
        return self.thing not in _WIDE

    def heading_of(self, path: Sequence[str]) -> str | None:
        """Return the nearest heading that has one, None if none has: a changelog has dates and versions there alone.

        What heads the whole document dates no part of it, unless it is the only heading.
        """
        if self.thing not in (Thing.TIME, Thing.VERSION):
            return None
        return next((name for name in reversed(path[1:] or path) if self.in_text(name) == 1), None)

    def spans(self, text: str, above: str = "") -> list[tuple[int, int]]:
        """Return where a text has one, in order; of a place the paths and menus, as names of places are everywhere.

        If a relation is asked for, one that alone may tell of it; all if several may; none if neither the text nor what
        stands above it speaks of it.
        """
        if self.relation is None:
            return [one[:2] for one in self._found(text) if self.thing is not Thing.PLACE or one.thing is Thing.PATH]
        if not speaks_of(self.relation, f"{above} {text}"):
            return []
        found = [one[:2] for one in self._found(text)]
        if self.thing is Thing.NAME:
            found = without_places(self.relation, text, found)
        kept = of_the_relation(self.relation, text, found)
        return kept if len(kept) <= 1 else found

    def tells(self, text: str, above: str = "") -> bool:
        """Return whether a text, or what stands above it, tells of the relation that is asked for, if one is."""
        if self.relation is None or self.spans(text, above):
            return True
        return speaks_of(self.relation, f"{above} {text}") and not any(self._found(text))

    def in_text(self, text: str) -> float:
        """Return how surely a part of a text has one: 1, 0.5 if it may have, or 0."""
        if self.language == "zh" and self.thing in (Thing.NUMBER, Thing.TIME):
            return float(bool(_HAN_NUMBER.search(text) or any(map(str.isdigit, text))))
        found = list(self._found(text))
        if self.counted and found:
            if form(self.counted) in {form(word.text) for word in words(text)}:
                return 1.0
            return 0.5 * any(one.thing is Thing.NUMBER for one in found)  # what is measured is not counted
        surely, perhaps = SURELY.get(self.thing), PERHAPS.get(self.thing)
        if found or (surely and surely.search(text)):
            return 1.0
        return 0.5 * bool((perhaps and perhaps.search(text)) or self._in_others(text))

    def _found(self, text: str) -> Iterator[FoundThing]:
        """Yield what a text has of the thing, without what the question has itself."""
        mark = _LIST_MARK.match(text)
        said = " " * mark.end() + text[mark.end() :] if mark else text
        if self.thing in (Thing.NAME, Thing.PLACE):
            yield from (FoundThing(*place, self.thing) for place in self._names(said))
        wanted = _ANSWERED_BY.get(self.thing, frozenset({self.thing}))
        for one in things(said, self.language):
            written = said[one.start : one.end]
            is_wanted = one.thing in wanted or (written.isdigit() and self._counts(said[one.end :]))
            if is_wanted and not re.search(rf"(?<!\w){re.escape(written)}(?!\w)", self.question):
                yield one

    def _names(self, text: str) -> list[tuple[int, int]]:
        """Return the names, without those that the question has if there are others; if there is none, the roles."""
        known = frozenset(form(word.text) for word in words(self.question))
        found = list(names(text, self.language, known))
        if self.thing is Thing.PLACE:
            found = [name for name in found if BEFORE_A_PLACE.search(text, 0, name[0])]
        found = [name for name in found if is_new(text[slice(*name)], known)] or found
        return found or (list(roles(text, known)) if self.thing is Thing.NAME else [])

    def _counts(self, following: str) -> bool:
        """Return whether what is counted stands right behind a number, which then is no year: 2000 guests."""
        return bool(self.counted) and form(following.strip().partition(" ")[0].strip(".,;:")) == form(self.counted)

    def _in_others(self, text: str) -> bool:
        """Return whether a thing of another kind may tell it: times how long something was, a duration since when.

        A capital that begins a sentence may be that of a name.
        """
        if self.thing in (Thing.NAME, Thing.PLACE):
            known = frozenset(form(word.text) for word in words(self.question))
            return begins_with_a_name(text, self.language, known) or any(names(text, self.language, known))
        if self.thing is Thing.NUMBER and self.counted:
            return False
        others = _TOLD_BY.get(self.thing)
        return any(one.thing is others for one in things(text, self.language))


@lru_cache(maxsize=1_000)
def asked_for(question: str) -> WantedThing | None:
    """Return what a question asks for; None if it is none of these things."""
    if exact := next((thing for thing, pattern in EXACTLY.items() if pattern.search(question)), None):
        return WantedThing(exact, _language(question), question)
    found = [
        (match.start(), thing, language) for thing, language, pattern in BROADLY if (match := pattern.search(question))
    ]
    close = [(match.start(), thing) for thing, pattern in CLOSELY.items() if (match := pattern.search(question))]
    if close and (not found or min(close)[0] <= min(found)[0]):
        thing = min(close)[1]
        language = min(found)[2] if found else _language(question)
        return WantedThing(thing, language, question, relation=_relation(thing, question))
    if not found:
        return None
    _, thing, language = min(found)
    counted = COUNTED.search(question) if thing is Thing.NUMBER else None
    noun = counted["noun"] if counted else ""
    if noun and (measured := measured_in(noun)):
        return WantedThing(measured, language, question)
    return WantedThing(thing, language, question, fold(noun), _relation(thing, question))


def _relation(thing: Thing, question: str) -> Relation | None:
    """Return what happened then or there, or who did it; None if it is not known, or the thing alone answers."""
    relation = asked_relation(question) if thing in (Thing.TIME, Thing.NAME, Thing.PLACE) else None
    told = OF_A_PLACE if thing is Thing.PLACE else frozenset(Relation) - LASTING
    return relation if relation in told else None


def _language(question: str) -> str:
    """Return the language with most marks in a question, of several the one whose mark is first; "" without a mark."""
    marks = {language: [one.start() for one in pattern.finditer(question)] for language, pattern in LANGUAGES.items()}
    best = max(marks, key=lambda language: (len(marks[language]), *(-start for start in marks[language][:1])))
    return best if marks[best] else ""
