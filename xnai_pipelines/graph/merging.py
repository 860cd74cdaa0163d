"""Which forms name one entity, and the rule that says so. Pure.

Two kinds of rules: within a document (a surname stands for the full name that the document has) and everywhere (an
acronym whose expansion is the same in every document). A merge needs evidence; what is ambiguous stays apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

INDEPENDENT = 1  # a word that stands alone in more documents than with a longer name is a name of its own


class Rule(StrEnum):
    """Why a mention belongs to its entity."""

    FORM = "form"
    TITLE = "title of the document"
    QUALIFIED = "title with a qualifier"
    SURNAME = "surname within the document"
    GIVEN_NAME = "first word within the document"
    LONGER = "longer form of the document's title"
    ALIAS = "called so in its document"
    ACRONYM = "acronym of its expansion"
    ARTICLE = "without its article"
    PLURAL = "plural"
    INFLECTION = "inflected form"
    USER = "graph.yaml"


@dataclass(frozen=True, slots=True)
class Titles:
    """The titles of the documents.

    Attributes:
        of: Key of each document's title, with its qualifier.
        base: The same without the qualifier.
        documents: Documents by the base of their title.
    """

    of: Mapping[int, str]
    base: Mapping[int, str]
    documents: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def from_keys(cls, keys: Mapping[int, tuple[str, str]]) -> "Titles":
        """Return the titles from each document's base and qualified key."""
        documents: dict[str, list[int]] = defaultdict(list)
        for document, (base, _) in keys.items():
            documents[base].append(document)
        return cls(
            of={document: qualified for document, (_, qualified) in keys.items()},
            base={document: base for document, (base, _) in keys.items()},
            documents={base: tuple(found) for base, found in documents.items()},
        )


def independent_words(keys_of: Mapping[int, Iterable[str]], longer: Mapping[int, Mapping[str, set[str]]]) -> set[str]:
    """Return the single words that stand alone in more documents than they stand beside a longer name.

    Args:
        keys_of: Keys of names by document.
        longer: Longer keys of each document by their last (or first) word.
    """
    alone: dict[str, int] = defaultdict(int)
    beside: dict[str, int] = defaultdict(int)
    for document, keys in keys_of.items():
        for key in keys:
            if " " not in key:
                (beside if key in longer[document] else alone)[key] += 1
    return {word for word, n in alone.items() if n > INDEPENDENT * beside[word]}


def longer_by(keys: Iterable[str], position: int) -> dict[str, set[str]]:
    """Return the names of two to five words by their first (0) or last (-1) word."""
    found: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        words = key.split()
        if 2 <= len(words) <= 5 and not any(char.isdigit() for char in key):
            found[words[position]].add(key)
    return found


def is_longer_form(key: str, title: str) -> bool:
    """Return whether a name has the words of the title in order, up to the last: it adds a first or a middle name."""
    words, wanted = key.split(), title.split()
    if not 2 <= len(wanted) < len(words) <= len(wanted) + 2 or words[-1] != wanted[-1]:
        return False
    at = iter(words)
    return all(word in at for word in wanted)


def one_of(values: Iterable[str]) -> str | None:
    """Return the only value, None if there are several or none."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def followed(aliases: Mapping[str, tuple[str, Rule]], key: str) -> tuple[str, Rule | None]:
    """Return where a chain of aliases ends, and the rule of its first step; a circle ends at its smallest key."""
    rule: Rule | None = None
    seen = [key]
    while seen[-1] in aliases:
        target, by = aliases[seen[-1]]
        rule = rule or by
        if target in seen:
            return min(seen[seen.index(target) :]), rule
        seen.append(target)
    return seen[-1], rule


def shortest_unless_title(candidates: Sequence[str], titles: Mapping[str, object]) -> str:
    """Return the candidate that is a title, else the shortest."""
    return min(candidates, key=lambda key: (key not in titles, len(key), key))
