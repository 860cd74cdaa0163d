"""Which of the units that answer nearly as well goes first: one that does what the question asks for. Pure.

A question how to do something is answered by what shows the call; one when somebody was born by what tells of the
birth. What only describes the subject often has more of the question's words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from xnai_pipelines.answers.asked_for import WantedThing, asked_for
from xnai_pipelines.answers.belonging import command_below, section_of, signature_above, text_of
from xnai_pipelines.answers.definitions import defining, describing, what_a_call_does
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.how_to import asks_what_to_do
from xnai_pipelines.answers.items import FENCE
from xnai_pipelines.answers.scoring import Unit
from xnai_pipelines.answers.symbols import class_of, words_of_a_name

CLOSE_OF_A_CALL = 0.13  # of score, within which a section with a call goes before what only heads its chapter
CLOSE_OF_A_FUNCTION = 0.13  # within which a function goes before a class, or before what belongs to one
CLOSE_OF_A_COMMAND = 0.03  # within which a unit with a command goes before one without
CLOSE_OF_A_RELATION = 0.15  # within which a unit that tells of what is asked goes before one that does not
CLOSE_OF_A_QUESTION = 0.15  # within which any unit goes before a question, which has the words of the asker's

_COMMAND = re.compile(r"`[^`\n]+`|(?<![\w-])--?[A-Za-z][\w-]*")
_CONSTRUCTORS = {"__init__", "init", "new", "constructor"}
_QUESTION = ("?", "？", "؟")


def preferred(question: str, units: Sequence[Unit], evidence: Sequence[Evidence]) -> Sequence[Unit]:
    """Return the units, the best first; before it another one that scores nearly as well and does what is asked for.

    What answers instead of asking; what tells of the relation that is asked for; what says how to do it with a call or
    a command, with a function before what belongs to a class.
    """
    if not units:
        return units
    if defined := defining(question, units, evidence):
        return _before_others(defined, units)
    if described := describing(question, units, evidence):
        return _before_others(described, units)
    ordered = _Preference(question, units, evidence, asked_for(question), asks_what_to_do(question)).ordered()
    return _before_others(what_a_call_does(question, ordered, evidence), ordered)


def _before_others(first: Sequence[Unit], units: Sequence[Unit]) -> Sequence[Unit]:
    places = {(unit.evidence, unit.start) for unit in first}
    return [*first, *(unit for unit in units if (unit.evidence, unit.start) not in places)]


@dataclass(frozen=True, slots=True)
class _Preference:
    """What the units do, beside the best one.

    Attributes:
        question: The question.
        units: Units, the best first.
        evidence: What they are from.
        asked: What the question asks for.
        how: Whether it asks how to do something.
    """

    question: str
    units: Sequence[Unit]
    evidence: Sequence[Evidence]
    asked: WantedThing | None
    how: bool

    def ordered(self) -> Sequence[Unit]:
        """Return the units in the order of preference."""
        if self._asks(self.units[0]):
            answered = not all(map(self._asks, self._near(CLOSE_OF_A_QUESTION)))
            return sorted(self.units, key=self._asks) if answered else self.units
        found = self._doing_better(self.units[0])
        return _before_others([found], self.units) if found else self.units

    def _doing_better(self, best: Unit) -> Unit | None:
        """Return the unit that goes before the best one, None if that does what the question asks for."""
        if not self._tells(best):
            return next(filter(self._tells, self._beside(CLOSE_OF_A_RELATION)), None)
        if not self.how:
            return None
        if self._shows_a_call(best):
            return self._function(best)
        if self._shows_a_command(best):
            return None
        call = next(filter(self._shows_a_call, self._below()), None)
        return call or next(filter(self._shows_a_command, self._near(CLOSE_OF_A_COMMAND)), None)

    def _near(self, close: float) -> Iterator[Unit]:
        """Return the units that score nearly as well as the best one, with that."""
        return takewhile(lambda unit: unit.score >= self.units[0].score - close, self.units)

    def _beside(self, close: float) -> Iterator[Unit]:
        """Return those of the best one's document."""
        document = self._document(self.units[0])
        return (unit for unit in self._near(close) if self._document(unit) == document)

    def _below(self) -> Iterator[Unit]:
        """Return those of the sections below the heading above the best one."""
        chapter = self._path(self.units[0])
        for unit in self._beside(CLOSE_OF_A_CALL):
            path = self._path(unit)
            if len(path) > len(chapter) and path[: len(chapter)] == chapter:
                yield unit

    def _function(self, best: Unit) -> Unit | None:
        """Return how to call a function of the best one's document, if that is about a class without need.

        That is a class that the question does not name, or a method if the function has its name.
        """
        path = self._path(best)
        name = class_of(path)
        if not name or all(part in self.question.casefold() for part in words_of_a_name(name)):
            return None
        is_method = path[-1] != name and path[-1] not in _CONSTRUCTORS
        for unit in self._beside(CLOSE_OF_A_FUNCTION):
            other = self._path(unit)
            is_function = not class_of(other) and (not is_method or other[-1:] == path[-1:])
            if is_function and (call := signature_above(unit, self.units, self.evidence)):
                return call[0]
        return None

    def _asks(self, unit: Unit) -> bool:
        return text_of(unit, self.evidence).endswith(_QUESTION)

    def _tells(self, unit: Unit) -> bool:
        above = " ".join([self.evidence[unit.evidence].source, *self._path(unit)])
        return self.asked is None or self.asked.tells(text_of(unit, self.evidence), above)

    def _shows_a_call(self, unit: Unit) -> bool:
        return bool(signature_above(unit, self.units, self.evidence))

    def _shows_a_command(self, unit: Unit) -> bool:
        text = text_of(unit, self.evidence)
        below = command_below(unit, self.units, self.evidence, soon=1)
        return bool(FENCE.match(text) or _COMMAND.search(text) or below)

    def _path(self, unit: Unit) -> tuple[str, ...]:
        return section_of(unit, self.evidence)[1]

    def _document(self, unit: Unit) -> str:
        return self.evidence[unit.evidence].document_id
