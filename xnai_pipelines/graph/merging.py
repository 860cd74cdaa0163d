"""Which forms name one entity, and the rule that says so. Pure.

Two kinds of rules: within a document (a surname stands for the full name that the document has) and everywhere (an
acronym whose expansion is the same in every document). A merge needs evidence; what is ambiguous stays apart.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from enum import StrEnum
from functools import cache

SHORTEST_INFLECTED = 4  # letters; a shorter word has no ending to spare
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
    NAMESAKE = "apart from its namesakes"
    USER = "graph.yaml"


def alone(names_of: Mapping[int, Iterable[str]], longer: Mapping[int, Mapping[str, set[str]]]) -> Counter[str]:
    """Return in how many more documents a single word stands alone than it stands beside a longer name.

    Args:
        names_of: Keys of names by document.
        longer: Longer keys of each document by their last (or first) word.
    """
    found: Counter[str] = Counter()
    for document, keys in names_of.items():
        for key in keys:
            if " " not in key:
                found[key] += -INDEPENDENT if key in longer[document] else 1
    return found


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
        terms: Keys of terms; no names: Williams is not William.
        acronyms: Keys whose last word is written in capital letters: HTTPS is not HTTP.
    """
    ends = (term for term in terms if term.endswith("s") and not term.endswith("ss") and term not in acronyms)
    return {
        term: (term[:-1], Rule.PLURAL)
        for term in ends
        if term[:-1] in terms and len(term.rpartition(" ")[2]) >= SHORTEST_PLURAL
    }


def acronym_plurals(capitals: Set[str], ends: Set[str]) -> dict[str, tuple[str, Rule]]:
    """Return the acronyms that are another one with a small s at the end: "GPUs" is "GPU", "HTTPS" is not "HTTP".

    Args:
        capitals: Keys whose last word is written in capital letters.
        ends: Keys whose last word is written in capital letters up to a small s.
    """
    return {key: (key[:-1], Rule.PLURAL) for key in ends - capitals if key[:-1] in capitals}


def stems(name: str, language: str) -> str:
    """Return the stems of a name's words in a language with case endings, an ISO 639-1 code."""
    stemmer = _stemmer(INFLECTED[language])
    words = name.split()
    short = (len(word) < SHORTEST_INFLECTED for word in words)
    return " ".join(w if is_short else stem for w, is_short, stem in zip(words, short, stemmer(words), strict=True))


@cache
def _stemmer(language: str) -> Callable[[list[str]], list[str]]:
    from Stemmer import Stemmer

    found: Callable[[list[str]], list[str]] = Stemmer(language).stemWords
    return found


def inflections(names: Mapping[str, int]) -> dict[str, tuple[str, Rule]]:
    """Return the names with the same stems, a number of documents each, that are not the most frequent one."""
    best = min(names, key=lambda name: (-names[name], len(name), name))
    return {name: (best, Rule.INFLECTION) for name in names if name != best}
