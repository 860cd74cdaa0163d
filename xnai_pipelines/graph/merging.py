"""Which forms name one entity, and the rule that says so. Pure.

Two kinds of rules: within a document (a surname stands for the full name that the document has) and everywhere (an
acronym whose expansion is the same in every document). A merge needs evidence; what is ambiguous stays apart.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SHORTESTINFLECTED = 4  # letters; a shorter word has no ending to spare
SHORTEST_PLURAL = 4  # letters, with the s
# Languages whose names have case endings, with their Snowball stemmers.
INFLECTED = {
    "el": "greek",
    "et": "estonian",
    "fi": "finnish",
    "hu": "hungarian",
    "lt": "lithuanian",
    "ru": "russian",
    "sr": "serbian",
    "tr": "turkish",
}
ARTICLES = frozenset({"the", "der", "die", "das", "le", "les", "el", "het"})
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


def independent_words(names_of: Mapping[int, Iterable[str]], longer: Mapping[int, Mapping[str, set[str]]]) -> set[str]:
    """Return the single words that stand alone in more documents than they stand beside a longer name.

    Args:
        names_of: Keys of names by document.
        longer: Longer keys of each document by their last (or first) word.
    """
    alone: dict[str, int] = defaultdict(int)
    beside: dict[str, int] = defaultdict(int)
    for document, keys in names_of.items():
        for key in keys:
            if " " not in key:
                (beside if key in longer[document] else alone)[key] += 1
    return {word for word, n in alone.items() if n > INDEPENDENT * beside[word]}


def words_of_name(key: str) -> tuple[str, ...]:
    """Return the words of a name of two to five words without digits or article; none of another."""
    if " " not in key or not key.replace(" ", "").replace("'", "").isalpha():
        return ()
    words = tuple(key.split())
    return words if len(words) <= 5 and words[0] not in ARTICLES else ()


def longer_forms(last: Mapping[str, set[str]], title: str | None) -> set[str]:
    """Return the names of a document, by their last words, that are longer forms of its title."""
    return {key for key in last.get(title.split()[-1], ()) if is_longer_form(key, title)} if title else set()


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


def plurals(terms: Collection[str], acronyms: Collection[str]) -> dict[str, tuple[str, Rule]]:
    """Return the terms that are another one with an s at the end.

    Args:
        terms: Keys of terms; names are none: Williams is not William.
        acronyms: Keys whose last word is written in capital letters: HTTPS is not HTTP.
    """
    ends = (term for term in terms if term.endswith("s") and not term.endswith("ss") and term not in acronyms)
    return {
        term: (term[:-1], Rule.PLURAL)
        for term in ends
        if term[:-1] in terms and len(term.rpartition(" ")[2]) >= SHORTEST_PLURAL
    }


def acronym_plurals(written: Collection[tuple[str, str]]) -> dict[str, tuple[str, Rule]]:
    """Return the acronyms that are another one with a small s at the end: "GPUs" is "GPU", "HTTPS" is not "HTTP".

    Args:
        written: Keys, each with its last word in every way that it is written.
    """
    capital = {key for key, word in written if word.isupper()}
    ends = {key for key, word in written if word.endswith("s") and word[:-1].isupper() and len(word) > 2}
    return {key: (key[:-1], Rule.PLURAL) for key in ends - capital if key[:-1] in capital}


def inflections(names: Mapping[str, int], language: str) -> dict[str, tuple[str, Rule]]:
    """Return the names whose words have the same stems as those of a more frequent one, in a language with cases.

    Args:
        names: Number of documents of each name.
        language: ISO 639-1 code.
    """
    if language not in INFLECTED:
        return {}
    from Stemmer import Stemmer

    stemmer = Stemmer(INFLECTED[language])
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in names:
        words = name.split()
        stems = stemmer.stemWords(words)
        groups[
            tuple(s if len(word) >= SHORTESTINFLECTED else word for s, word in zip(stems, words, strict=True))
        ].append(name)
    found = {}
    for group in groups.values():
        best = min(group, key=lambda name: (-names[name], len(name), name))
        found.update({name: (best, Rule.INFLECTION) for name in group if name != best})
    return found
