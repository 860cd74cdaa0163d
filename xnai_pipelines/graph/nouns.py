"""Which capitalised words of a document are nouns, in a language that writes all nouns with a capital letter. Pure.

A document uses a word as a noun if it speaks of one of many: after "ein" or "jeder", or after an article and an
adjective. So are its other forms, and words that end with it. No list of nouns is needed.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

LANGUAGES = frozenset({"de"})

# What stands before one of many, and before what may be one alone.
_MANY = re.compile(
    r"(?:(?:irgend)?[kmds]?ein|unser|eu?er|dies|jed|jen|manch|solch|welch|all|beid|einig|mehrer|viel|wenig|etlich|sämtlich|"
    r"verschieden|weiter|ander)(?:e[mnrs]?)?|unsre[mnrs]?|eure[mnrs]?|ihre?[mnrs]?|zwei|drei|vier|fünf|sechs|zehn",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"d(?:er|ie|as|em|en|es)|[ia]m|vom|zu[mr]|beim|ins", re.IGNORECASE)
_ADJECTIVE = re.compile(r"[^\W\d_]{2,}(?:e|em|en|er|es)")
_ALONE = re.compile(  # an adjective that needs no article before it; with another ending it may be a verb
    r"(?!(?:unter|über|hinter|oder|aber|sowie|ohne|immer|wieder|weder|nahe|heute|gerne|später|früher|seither|hier|"
    r"bevor|einander|lieber|bitte|habe|würde|werde|hatte|wurde|könne|solle|müsse|beispielsweise|\w*weise|\w+te)\Z)"
    r"[^\W\d_]{2,}(?:e|em|er|es)"
)
_ENDING = re.compile(r".{3,}(?:ung|heit|keit|schaft|tion|tät)(?:en|s)?")  # of nouns that are made of other words
_ADDRESS = re.compile(r"(?:sie|ihr(?:e[mnrs]?)?|ihnen)")  # a pronoun: what people are called by

_TOKEN = re.compile(r"(?<![\w.@/-])[^\W\d_]+(?:-[^\W\d_]+)*(?![\w@-])")
_SMALL = re.compile(r"(?<![\w.@/-])[a-zäöüß]+(?![\w@-])")
_INFLECTED = re.compile(r".{2,}(?:e[nrs]|eln|ern)")  # forms of verbs and adjectives, which may be nouns
_RARELY, _OFTEN = 12, 3  # a noun is one of many once in so many times; in so few if it mostly has no article
_SHORTEST = 4  # letters of a noun that ends a longer word


@dataclass(slots=True)
class _Use:
    """How often a document has the forms of a word within sentences: in all, as one of many, without an article."""

    number: int = 0
    many: int = 0
    bare: int = 0

    @property
    def is_mostly_bare(self) -> bool:
        return self.bare * 2 > self.number

    @property
    def is_noun(self) -> bool:
        times = _OFTEN if self.is_mostly_bare else _RARELY
        return self.many > 0 and self.many * times >= self.number


def noun_entry(word: str) -> str:
    """Return how the words of a document have a noun, beside those in small letters."""
    return word.title()


def nouns_of(texts: Iterable[str], language: str) -> list[str]:
    """Return the words in small letters that a document uses as nouns, each as often as it stands within a sentence.

    A word with hyphens has blanks instead.
    """
    if language not in LANGUAGES:
        return []
    texts = list(texts)
    number: Counter[str] = Counter()
    uses: dict[str, _Use] = {}
    stem = _stem()
    for text in texts:
        for word, is_many, is_bare in _capitalised(text):
            number[word] += 1
            for form in {word, word.rpartition("-")[2]}:
                use = uses.setdefault(stem(form), _Use())
                use.number += 1
                use.many += is_many
                use.bare += is_bare
    small = {word for text in texts for word in _SMALL.findall(text)}
    found = {form for form, use in uses.items() if use.is_noun}
    ends = {form: {tail for tail in _tails(form) if tail in uses} for form in uses}
    found |= {tail for tails in ends.values() for tail in tails if not uses[tail].is_mostly_bare}
    found |= {
        form
        for form, tails in ends.items()
        if (tails & found or _ENDING.fullmatch(form)) and not uses[form].is_mostly_bare
    }
    return sorted(
        word.replace("-", " ")
        for word, n in number.items()
        if stem(word) in found
        or (word in small and _INFLECTED.fullmatch(word))
        or _ENDING.fullmatch(word)
        or _ADDRESS.fullmatch(word)
        for _ in range(n)
    )


def _capitalised(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield the capitalised words within sentences in small letters, whether each is one of many, and if it is bare."""
    tokens = list(_TOKEN.finditer(text))
    words = [token.group() for token in tokens]
    gaps = [text[one.end() : other.start()] for one, other in pairwise(tokens)]
    joined = [False, *(gap.isspace() and "\n\n" not in gap for gap in gaps)]
    for at, word in enumerate(words):
        if not joined[at] or not word[0].isupper() or (len(word) > 1 and word.isupper()):
            continue
        before = words[at - 1]
        goes_on = at + 1 < len(words) and joined[at + 1] and words[at + 1][0].isupper()
        is_many = bool(_MANY.fullmatch(before)) and not goes_on
        is_adjective = before.islower() and bool(_ADJECTIVE.fullmatch(before))
        if is_adjective and not goes_on:
            first = words[at - 2] if at > 1 and joined[at - 1] else ""
            is_many |= bool(_ALONE.fullmatch(before) or _MANY.fullmatch(first) or _ARTICLE.fullmatch(first))
        is_bare = before.islower() and not (is_many or _ARTICLE.fullmatch(before))
        yield word.lower(), is_many, is_bare


def _tails(form: str) -> Iterator[str]:
    """Yield the ends of a word that may be a word."""
    return (form[at:] for at in range(3, len(form) - _SHORTEST + 1))


@cache
def _stem() -> Callable[[str], str]:
    from Stemmer import Stemmer

    found: Callable[[str], str] = Stemmer("german").stemWord
    return found
