"""Which documents a question names, by the forms of their titles' entities. Pure."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from xnai_pipelines.graph.forms import form_of

LONGEST = 10  # words of a name, or characters if they are written without spaces
_UNCASED_RUN = 2  # characters without case that are a name

# Words; scripts written without spaces character by character.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SPACED = rf"(?:(?![{_UNSPACED}_])\w)+"
# Words as forms have them: with the marks of C++, C# and .NET.
_PIECE = re.compile(rf"[{_UNSPACED}]|(?:(?<!\S)\.(?=[^\W\d_]))?{_SPACED}(?:['’]{_SPACED})*(?:(?:\+\+|\#)(?!\w))?")
_OPEN_BRACKET = re.compile(r"\([^()]*\Z")


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a question: its text, and the entities that it may mean."""

    text: str
    entities: tuple[int, ...]


class Names:
    """The forms of entities, looked up in questions."""

    def __init__(self, forms: Sequence[Sequence[str]]) -> None:
        """`forms` has the forms of each entity, by its number."""
        of_key: dict[str, set[int]] = defaultdict(set)
        for entity, surfaces in enumerate(forms):
            for surface in surfaces:
                form = form_of(surface)
                of_key[form.key].add(entity)
                of_key[form.qualified].add(entity)
        self._of_key = {key: tuple(sorted(entities)) for key, entities in of_key.items()}

    def within(self, question: str, known: Callable[[int, str], bool] = lambda _entity, _key: True) -> list[Named]:
        """Return the names in a question, in order; of overlapping ones the longest from the left.

        Args:
            question: Its text.
            known: Whether an entity may be found by a key; what is unknown takes no words from other names.
        """
        pieces = [match.span() for match in _PIECE.finditer(question)]
        found = []
        at = 0
        while at < len(pieces):
            for last, text in _spans(question, pieces, at):
                form = form_of(text)
                entities = self._known(form.qualified, known) or self._known(form.key, known)
                if entities and _is_name(text, last - at + 1):
                    found.append(Named(text, entities))
                    at = last
                    break
            at += 1
        return found

    def _known(self, key: str, known: Callable[[int, str], bool]) -> tuple[int, ...]:
        return tuple(entity for entity in self._of_key.get(key, ()) if known(entity, key))


def _spans(question: str, pieces: Sequence[tuple[int, int]], first: int) -> Iterator[tuple[int, str]]:
    """Yield the runs of pieces from the first, the longest before, with the bracket that the last one closes."""
    start = pieces[first][0]
    for last in range(min(first + LONGEST, len(pieces)) - 1, first - 1, -1):
        end = pieces[last][1]
        closes = question[end : end + 1] == ")" and _OPEN_BRACKET.search(question, start, end)
        yield last, question[start : end + 1 if closes else end]


def _is_name(text: str, pieces: int) -> bool:
    """Return whether a run is written as a name: with a capital letter, in a script without case, or long."""
    if pieces > _UNCASED_RUN or any(char.isupper() for char in text):
        return True
    return len(text) >= _UNCASED_RUN and text.upper() == text.lower() and any(map(str.isalpha, text))
