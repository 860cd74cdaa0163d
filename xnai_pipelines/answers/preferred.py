"""Which of the units that answer nearly as well goes first: one that does what the question asks for. Pure.

A question how to do something is answered by what shows the call; one when somebody was born by what tells of the
birth. What only describes the subject often has more of the question's words.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from xnai_pipelines.answers.asked_for import asked_for
from xnai_pipelines.answers.belonging import command_below, section_of, signature_above, text_of
from xnai_pipelines.answers.definitions import defining, what_a_call_does
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.how_to import asks_what_to_do
from xnai_pipelines.answers.items import FENCE
from xnai_pipelines.answers.scoring import Unit

CLOSE_OF_A_CALL = 0.13  # of score, within which a section with a call goes before what only heads its chapter
CLOSE_OF_A_COMMAND = 0.03  # within which a unit with a command goes before one without
CLOSE_OF_A_RELATION = 0.15  # within which a unit that tells of what is asked goes before one that does not
CLOSE_OF_A_QUESTION = 0.15  # within which any unit goes before a question, which has the words of the asker's

_COMMAND = re.compile(r"`[^`\n]+`|(?<![\w-])--?[A-Za-z][\w-]*")
_QUESTION = ("?", "？", "؟")


def preferred(question: str, units: Sequence[Unit], evidence: Sequence[Evidence]) -> Sequence[Unit]:
    """Return the units, the best first; before it another one that scores nearly as well and does what is asked for.

    What answers instead of asking; what tells of the relation that is asked for; what says how to do it with a call or
    a command.
    """
    if not units:
        return units
    if defined := defining(question, units, evidence) or what_a_call_does(units, evidence):
        places = {(unit.evidence, unit.start) for unit in defined}
        return [*defined, *(unit for unit in units if (unit.evidence, unit.start) not in places)]
    asked = asked_for(question)
    document, chapter = section_of(units[0], evidence)

    def asks(unit: Unit) -> bool:
        return text_of(unit, evidence).endswith(_QUESTION)

    def tells(unit: Unit) -> bool:
        above = [evidence[unit.evidence].source, *section_of(unit, evidence)[1]]
        return asked is None or asked.tells(text_of(unit, evidence), " ".join(above))

    def shows_a_call(unit: Unit) -> bool:
        return bool(signature_above(unit, units, evidence))

    def shows_a_command(unit: Unit) -> bool:
        text = text_of(unit, evidence)
        return bool(FENCE.match(text) or _COMMAND.search(text) or command_below(unit, units, evidence, soon=1))

    def is_in_the_chapter(unit: Unit) -> bool:
        path = section_of(unit, evidence)[1]
        return len(path) > len(chapter) and path[: len(chapter)] == chapter

    def near(close: float) -> Iterator[Unit]:
        return takewhile(lambda unit: unit.score >= units[0].score - close, units)

    def is_in_the_document(unit: Unit) -> bool:
        return evidence[unit.evidence].document_id == document

    if asks(units[0]):
        answered = any(not asks(unit) for unit in near(CLOSE_OF_A_QUESTION))
        return sorted(units, key=asks) if answered else units
    found = None
    if not tells(units[0]):
        found = next(filter(tells, filter(is_in_the_document, near(CLOSE_OF_A_RELATION))), None)
    elif asks_what_to_do(question) and not (shows_a_call(units[0]) or shows_a_command(units[0])):
        chapter_of_it = filter(is_in_the_chapter, filter(is_in_the_document, near(CLOSE_OF_A_CALL)))
        found = next(filter(shows_a_call, chapter_of_it), None)
        found = found or next(filter(shows_a_command, near(CLOSE_OF_A_COMMAND)), None)
    return units if found is None else [found, *(unit for unit in units if unit is not found)]
