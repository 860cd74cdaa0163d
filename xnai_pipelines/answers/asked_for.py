"""What kind of thing a question asks for, and whether a text has one: a number, a time, a name, a price. Pure.

To add a language, add a line to `_ASKING`, and its words to `_EXACT`.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from xnai_pipelines.answers.items import LIST_MARK
from xnai_pipelines.answers.verification.number_words import month, ordinal, word_value
from xnai_pipelines.search.words import words


class Thing(StrEnum):
    """What a question may ask for."""

    NUMBER = "number"
    TIME = "time"
    NAME = "name"
    PRICE = "price"
    PHONE = "phone"
    EMAIL = "e-mail"


# Per language what asks for a number, for a time, and for somebody. Words that also join clauses count in front alone.
_ASKING: Mapping[str, tuple[str, str, str]] = {
    "en": (
        r"how (?:many|much|long|old|far|tall|high|large|big|often|deep|fast|wide|heavy)\b|percentage",
        r"^\W*(?:since |until |by )?when\b|(?:what|which) (?:year|date|day|month|century|decade)\b",
        r"^\W*(?:\w+ ){0,2}who(?:m|se)?\b",
    ),
    "de": (
        r"wie ?(?:viele?|lange|hoch|gro(?:ß|ss)|alt|weit|oft|tief|schwer|teuer|breit)\b",
        r"(?:^\W*(?:\w+ )?wann\b|welche[mns] (?:jahr|tag|datum|monat|jahrhundert)\b)",
        r"^\W*(?:\w+ )?we(?:r|m|n|ssen)\b",
    ),
    "fr": (
        r"\bcombien\b|quel(?:le)? (?:âge|taille|prix|distance|hauteur|longueur)\b",
        r"^\W*(?:depuis |jusqu'à )?quand\b|quel(?:le)? (?:année|date|jour|mois|siècle)\b",
        r"^\W*(?:\w+ )?qui\b",
    ),
    "es": (
        r"\bcu[aá]nt[oa]s?\b",
        r"\bcuándo\b|^\W*(?:\w+ )?cuando\b|qué (?:año|fecha|día|mes|siglo)\b",
        r"\bqui[eé]n(?:es)?\b",
    ),
    "it": (
        r"\bquant[oaie]\b",
        r"^\W*(?:\w+ )?quando\b|(?:che|quale) (?:anno|data|giorno|mese|secolo)\b",
        r"^\W*(?:\w+ )?chi\b",
    ),
    "pt": (
        r"\bquant[oa]s?\b",
        r"^\W*(?:\w+ )?quando\b|(?:que|qual) (?:ano|data|dia|mês|século)\b",
        r"^\W*(?:\w+ )?quem\b",
    ),
    "nl": (
        r"\bhoe(?:veel| (?:lang|hoog|oud|ver|groot|vaak|zwaar|diep))\b",
        r"^\W*(?:\w+ )?wanneer\b|welk(?:e)? (?:jaar|datum|dag|maand|eeuw)\b",
        r"^\W*(?:\w+ )?wiens?\b",
    ),
    "ru": (
        r"\bсколько\b|\bскольк\w+\b",
        r"^\W*(?:\w+ )?когда\b|как(?:ом|ого|ой) (?:год|числ|месяц|век|дат)",
        r"^\W*(?:\w+ )?(?:кто|кого|кому|кем|ком|ч(?:ей|ья|ь[её]|ьи))\b",
    ),
    "zh": (r"多少|几|多久|多[长高大重深远]", r"何时|什么时候|哪[一]?年|哪[一]?天", r"谁"),
}
# What is written in a form of its own: how it is asked for, and its form. A text without it does not answer.
_WHICH = r"^\W*(?:what(?:'s| is| are)|which|under (?:what|which)|welche|wie lautet|как(?:ой|ая)|quelle? est)\b.{0,40}"
_PRICED = (
    r"^\W*(?:how much (?:do|does|is|are|did|will|would)\b.*\bcosts?|what (?:do|does|did) .*\bcosts?"
    r"|what(?:'s| is| are| was) the (?:price|cost)|сколько сто[ия]т|какова цена|какая цена|wie teuer"
    r"|(?:was|wie ?viel) kostet|was kosten|combien coûte|cu[aá]nto cuesta|quanto (?:costa|custa))\b"
)
_PRICES = (
    r"[$€£¥₽₸]|\b(?:usd|eur|gbp|chf|rub|kzt|dollars?|euros?|pounds?|francs?|franken|cents?|руб\w*|тенге|евро)\b"
    r"|\b(?:price|cost|fee|preis|prix|precio|prezzo|цена|стоимость)\w*\b.*\d"
    r"|\b(?:free|kostenlos|kostenfrei|gratis|gratuit\w*|бесплатн\w+)\b"
)
_PHONE = r"(?<![\d-])(?!\d{4}-\d\d-\d\d\b)\+?\d[\d ()/-]{4,}\d"  # no date
_PHONES = r"(?:\b(?:tele)?phone numbers?|telefonnummer|номер\w* телефона|телефон\b|numéro de téléphone)"
_EMAILS = r"(?:\be-?mail\b|электронн\w+ почт\w+|\bпочта\b|адрес\w* электронн)"
_EXACT: Mapping[Thing, tuple[re.Pattern[str], re.Pattern[str]]] = {
    Thing.PRICE: (re.compile(_PRICED, re.IGNORECASE), re.compile(_PRICES, re.IGNORECASE)),
    Thing.PHONE: (re.compile(_WHICH + _PHONES, re.IGNORECASE), re.compile(_PHONE)),
    Thing.EMAIL: (re.compile(_WHICH + _EMAILS, re.IGNORECASE), re.compile(r"[\w.+-]+@[\w-]+\.\w")),
}
_PATTERNS = {
    language: [(thing, re.compile(pattern, re.IGNORECASE)) for thing, pattern in zip(Thing, patterns, strict=False)]
    for language, patterns in _ASKING.items()
}
_LIST_MARK = re.compile(rf"\s*{LIST_MARK}\s")
# Digits that count nothing: a telephone number, an address, a version.
_NO_COUNT = re.compile(r"\+?\d[\d ()/-]{7,}\d|\S*@\S+|\S+://\S+|\bv?\d+\.\d+\.\d[\w.]*")
_DIGIT = re.compile(r"\d|[〇一二三四五六七八九十百千万亿两半]")
_CAPITAL = re.compile(r"(?<![^\W_])[^\W\d_]{2,}")


def is_exact(thing: Thing) -> bool:
    """Return whether a thing is written in a form of its own, so that a text without it cannot answer."""
    return thing in _EXACT


@lru_cache(maxsize=1_000)
def asked_for(question: str) -> tuple[Thing, str] | None:
    """Return what a question asks for, with its language; None if it is none of these things."""
    if exact := next((thing for thing, (asked, _) in _EXACT.items() if asked.search(question)), None):
        return exact, ""
    found = [
        (match.start(), thing, language)
        for language, patterns in _PATTERNS.items()
        for thing, pattern in patterns
        if (match := pattern.search(question))
    ]
    return min(found)[1:] if found else None


def has_one(text: str, thing: Thing, language: str, question: str) -> bool:
    """Return whether a text has a thing of this kind, a name only if the question does not have it."""
    if thing in _EXACT:
        return bool(_EXACT[thing][1].search(text))
    mark = _LIST_MARK.match(text)
    said = text[mark.end() :] if mark else text
    if thing is Thing.NAME:
        known = question.casefold()
        names = [match.group() for match in _CAPITAL.finditer(said) if match.group()[0].isupper()]
        if names and said.lstrip("\"'“«(*").startswith(names[0]):  # a capital there may be that of any word
            del names[0]
        return any(name.casefold() not in known for name in names)
    said = _NO_COUNT.sub(" ", said)
    return bool(_DIGIT.search(said)) or any(
        read(word.text, language) is not None for word in words(said) for read in (word_value, ordinal, month)
    )
