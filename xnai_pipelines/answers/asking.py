"""How questions ask for a kind of thing, and how a text may speak of one: the patterns, from the languages' files."""

import re
from collections.abc import Iterable, Mapping, Sequence

from xnai_pipelines.answers.languages.words import between_borders, languages
from xnai_pipelines.answers.things import Thing


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


def _of_all(kind: str, thing: Thing) -> Sequence[str]:
    return [word for words in languages().values() for word in words.things.get(thing, {}).get(kind, ())]


def _by_thing(kind: str) -> Mapping[Thing, Sequence[str]]:
    return {thing: words for thing in Thing if (words := _of_all(kind, thing))}


# What asks for a number, for a time, and for somebody, in each language.
BROADLY = [
    (thing, language, _any(words.asks[thing]))
    for language, words in languages().items()
    for thing in (Thing.NUMBER, Thing.TIME, Thing.NAME)
    if thing in words.asks
]
# What tells the language of a question that asks in another way.
LANGUAGES = {language: _any(words.marks) for language, words in languages().items() if words.marks}

_EXACT = (Thing.PRICE, Thing.PHONE, Thing.EMAIL, Thing.VERSION)
_ASKS = {thing: _any(words) for thing, words in _by_thing("asks").items()}
# What is written in a form of its own, so that a text without it does not answer.
EXACTLY: Mapping[Thing, re.Pattern[str]] = {thing: _ASKS[thing] for thing in _EXACT}
# What is asked for more closely than by the words above.
CLOSELY: Mapping[Thing, re.Pattern[str]] = {thing: _ASKS[thing] for thing in Thing if thing in _ASKS.keys() - _EXACT}
_HOW_MANY = _any(word for words in languages().values() for word in words.asks.get("counted", ()))
# The noun of what is counted.
COUNTED = re.compile(rf"(?:{_HOW_MANY.pattern}) ?(?P<noun>\w+)", re.IGNORECASE)

# Words that may be an answer.
PERHAPS = {thing: re.compile(between_borders(words), re.IGNORECASE) for thing, words in _by_thing("perhaps").items()}
# The place of a name: in Leeds, near the Eiffel Tower.
BEFORE_A_PLACE = re.compile(
    rf"{between_borders(_of_all('perhaps', Thing.PLACE))}(?: (?:the|der|den|dem|la|le|les|el))? ?\Z", re.IGNORECASE
)
_FORMS = {
    Thing.PRICE: r"[$€£¥₽₸]"
    r"|\b(?:usd|eur|gbp|chf|rub|kzt|dollars?|euros?|pounds?|francs?|franken|cents?|руб\w*|тенге|евро|доллар\w*)\b",
    Thing.PHONE: r"(?<![\d-])(?!\d{4}-\d\d-\d\d\b)\+?\d[\d ()/-]{4,}\d",  # no date
    Thing.VERSION: r"\bv\d|(?<![\d.,])\d+\.\d+(?![\d%,]|\s?(?:%|[kmgt]?i?b\b|[kcm]?[mgsl]\b|percent|million|seconds?"
    r"|hours?|inch|[mg]hz|euro))",
}
# Words and forms that are an answer to what is asked for exactly.
SURELY: Mapping[Thing, re.Pattern[str]] = {
    thing: _any([form, *([between_borders(words)] if (words := _of_all("surely", thing)) else [])])
    for thing, form in _FORMS.items()
}
