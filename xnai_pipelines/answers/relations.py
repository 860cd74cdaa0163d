"""What a question asks of somebody or something that happened once, such as "died", and whether a text speaks of it.

Pure. The words are in `languages/`, a file per language.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from xnai_pipelines.answers.languages.words import between_borders, languages

Range = tuple[int, int]

_CLAUSE = 30  # characters that the border of a clause counts, between a date and what happened then
_REACH = 60  # within which a word says what happened then


class Relation(StrEnum):
    """What happened, or lasted, and by which name the files of the languages know it."""

    BORN = "born"
    DIED = "died"
    BURIED = "buried"
    LIVED = "lived"
    STUDIED = "studied"
    WORKED = "worked"
    FOUNDED = "founded"
    MARRIED = "married"
    PUBLISHED = "published"
    OPENED = "opened"
    BUILT = "built"
    WON = "won"
    CLOSED = "closed"
    DESTROYED = "destroyed"
    INVENTED = "invented"
    DESIGNED = "designed"
    SOLD = "sold"
    RESTORED = "restored"


# What lasts is told of by many dates, and by the names of many who had to do with it.
LASTING = frozenset({Relation.LIVED, Relation.STUDIED, Relation.WORKED})
# Where something was built or opened is where it stands, whatever a text says of it.
OF_A_PLACE = LASTING | {
    Relation.BORN, Relation.DIED, Relation.BURIED, Relation.FOUNDED, Relation.MARRIED, Relation.INVENTED,
}  # fmt: skip
# Somebody may stand behind a preposition of place: "vendu à Jean Martin".
_TO_SOMEBODY = frozenset({Relation.MARRIED, Relation.SOLD})

# The years of somebody's life: (1815-1852), (10 December 1815 - 27 November 1852), (* 1815 in London; † 1852).
_LIFE = re.compile(r"\((?=[^()\n]{1,120}\))[^()\n]*?\b\d{3,4}\b[^()\n]*?[-–—;†][^()\n]*?\b\d{3,4}\b[^()\n]*\)")
# The year of a work: The Salt Road (1964), a 1999 paper.
_YEAR_OF_A_WORK = re.compile(r"\((?:1\d|20)\d\d\)|\b(?:an?|the|his|her|their|its) (?:1\d|20)\d\d [^\W\d_]{3,}")
_WRITTEN = {Relation.BORN: _LIFE, Relation.DIED: _LIFE, Relation.PUBLISHED: _YEAR_OF_A_WORK}


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of all languages for one relation: those that ask for it, in an English "did" too, and tell it."""

    asks: re.Pattern[str]
    did: re.Pattern[str]
    tells: re.Pattern[str]


@cache
def _words() -> dict[Relation, _Words]:
    found = {}
    for relation in Relation:
        each = [words.relations.get(relation, {}) for words in languages().values()]
        asks, did, tells = ([word for one in each for word in one.get(key, ())] for key in ("asks", "did", "tells"))
        found[relation] = _Words(
            re.compile(between_borders(asks), re.IGNORECASE),
            re.compile(rf"\bdid\b.*{between_borders(did)}" if did else r"(?!)", re.IGNORECASE),
            re.compile(between_borders([*asks, *did, *tells]), re.IGNORECASE),
        )
    return found


@cache
def _border() -> re.Pattern[str]:
    return re.compile(rf"[,;:]|{between_borders([word for one in languages().values() for word in one.joins])}")


@cache
def _before_a_place() -> re.Pattern[str]:
    inside = between_borders([word for one in languages().values() for word in one.inside])
    return re.compile(rf"{inside}(?: (?:the|der|den|dem|la|le|les|el))? ?\Z", re.IGNORECASE)


@lru_cache(maxsize=1_000)
def asked_relation(question: str) -> Relation | None:
    """Return the relation that a question asks for, None if it names none or several of them."""
    done = [one for one, words in _words().items() if words.did.search(question)]
    found = done or [one for one, words in _words().items() if words.asks.search(question)]
    return found[0] if len(found) == 1 else None


def speaks_of(relation: Relation, text: str) -> bool:
    """Return whether a text speaks of a relation; some tell a life, or when a work appeared, by years alone."""
    written = _WRITTEN.get(relation)
    return bool(_words()[relation].tells.search(text) or (written and written.search(text)))


def of_the_relation(relation: Relation, text: str, spans: Sequence[Range]) -> list[Range]:
    """Return the ranges of a text that may tell of a relation: no word of another one stands nearer to them.

    Args:
        relation: The relation.
        text: A text.
        spans: Ranges of its dates, of its names, or of its places.
    """
    kept = [span for span in spans if not _is_of_another(relation, text, span)]
    tells = _words()[relation].tells
    life = _LIFE.search(text) if _WRITTEN.get(relation) is _LIFE and not tells.search(text) else None
    inside = [span for span in kept if life and life.start() < span[0] < life.end()]
    return inside[-1:] if relation is Relation.DIED and inside else inside[:1] or kept


def without_places(relation: Relation, text: str, names: Sequence[Range]) -> list[Range]:
    """Return the names that may be those of somebody: "in Oban" is nobody who founded anything."""
    found = [name for name in names if not _before_a_place().search(text, 0, name[0])]
    return found if found or relation not in _TO_SOMEBODY else list(names)


def _is_of_another(relation: Relation, text: str, span: Range) -> bool:
    others = [_nearest(words.asks, text, span) for one, words in _words().items() if one is not relation]
    return min(others) < _nearest(_words()[relation].tells, text, span)


def _nearest(words: re.Pattern[str], text: str, span: Range) -> int:
    near = words.finditer(text, max(0, span[0] - _REACH), span[1] + _REACH)
    return min([_REACH, *(_distance(text, span, match.span()) for match in near)])


def _distance(text: str, span: Range, word: Range) -> int:
    """Return the characters between a range and a word; the border of a clause between them counts as many more."""
    first, last = (word[1], span[0]) if word[1] <= span[0] else (span[1], word[0])
    return max(0, last - first) + _CLAUSE * len(_border().findall(text[first:last]))
