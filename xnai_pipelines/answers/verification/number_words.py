"""Numbers however they are written: 1,000, 1.000, 1 000, one thousand, 6½, 1.5 million, 24th."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache

# Digits with separators of thousands and one of decimals, and a vulgar fraction behind them.
NUMBER = r"\d+(?:[.,'’\u00a0\u202f\u2009 ]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*"
_GROUPED = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f\u2009 ]\d{3})+(?:[.,]\d+)?\Z")
_DECIMAL_COMMA = frozenset({"de", "fr", "es", "it", "pt", "nl", "ru", "da", "no", "sv", "fi", "tr", "el"})
_GERMAN = """null eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn
    siebzehn achtzehn neunzehn"""
_GERMAN_TENS = "zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig"
_FRENCH = "zero _ deux trois quatre cinq six sept huit neuf dix onze douze"
_SPANISH = "cero _ dos tres cuatro cinco seis siete ocho nueve diez once doce"
_FIRST_TO_TWELFTH = "_ first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_ENGLISH_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ENGLISH = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]

_WORDS: Mapping[str, Mapping[str, int]] = {
    "en": {
        **{word: value for value, word in enumerate(_ENGLISH)},
        **{word: 20 + 10 * at for at, word in enumerate(_ENGLISH_TENS)},
        "dozen": 12,
    },
    "de": {
        **{word: value for value, word in enumerate(_GERMAN.split())},
        **{
            f"{ones}und{tens}" if ones else tens: 20 + 10 * at + digit
            for at, tens in enumerate(_GERMAN_TENS.split())
            for digit, ones in enumerate(["", "ein", *_GERMAN.split()[2:10]])
        },
        **{f"{ones}hundert": 100 * digit for digit, ones in enumerate(["ein", *_GERMAN.split()[2:10]], start=1)},
        "dutzend": 12,
    },
    "fr": {
        word: value
        for value, word in enumerate(_FRENCH.split())
    },
    "es": {
        word: value
        for value, word in enumerate(_SPANISH.split())
    },
    "ru": {
        form: value
        for value, forms in {
            1: "один одна одно одного одной одному одним одном одну",
            2: "два две двух двум двумя", 3: "три трех трем тремя", 4: "четыре четырех четырем четырьмя",
            5: "пять пяти пятью", 6: "шесть шести шестью", 7: "семь семи семью", 8: "восемь восьми восемью восьмью",
            9: "девять девяти девятью", 10: "десять десяти десятью", 11: "одиннадцать одиннадцати одиннадцатью",
            12: "двенадцать двенадцати двенадцатью", 13: "тринадцать тринадцати", 14: "четырнадцать четырнадцати",
            15: "пятнадцать пятнадцати", 16: "шестнадцать шестнадцати", 17: "семнадцать семнадцати",
            18: "восемнадцать восемнадцати", 19: "девятнадцать девятнадцати", 20: "двадцать двадцати двадцатью",
            30: "тридцать тридцати тридцатью", 40: "сорок сорока", 50: "пятьдесят пятидесяти",
            60: "шестьдесят шестидесяти", 70: "семьдесят семидесяти", 80: "восемьдесят восьмидесяти",
            90: "девяносто девяноста", 100: "сто ста", 200: "двести двухсот", 300: "триста трехсот",
            400: "четыреста четырехсот", 500: "пятьсот пятисот",
        }.items()
        for form in forms.split()
    },
}  # fmt: skip
_SCALES: Mapping[str, int] = {
    "hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "millions": 10**6,
    "k": 1_000, "mn": 10**6, "bn": 10**9,
    "mio": 10**6, "mrd": 10**9, "tausend": 1_000, "millionen": 10**6, "milliarden": 10**9, "mille": 1_000, "mil": 1_000,
    "milliards": 10**9, "millones": 10**6, "тыс": 1_000, "тысяч": 1_000, "тысячи": 1_000, "тысяча": 1_000,
    "тысячами": 1_000, "млн": 10**6, "миллион": 10**6, "миллиона": 10**6, "миллионов": 10**6, "миллионами": 10**6,
    "млрд": 10**9, "миллиард": 10**9, "миллиарда": 10**9, "миллиардов": 10**9, "万": 10**4, "億": 10**8, "亿": 10**8,
}  # fmt: skip
_ORDINALS: Mapping[str, Mapping[str, int]] = {
    "en": {
        word: value
        for value, word in enumerate(_FIRST_TO_TWELFTH.split())
    },
    "ru": {
        stem + end: value
        for value, stem in {
            1: "перв", 2: "втор", 4: "четверт", 5: "пят", 6: "шест", 7: "седьм", 8: "восьм", 9: "девят", 10: "десят",
        }.items()
        for end in ["ый", "ой", "ая", "ое", "ого", "ому", "ым", "ом", "ую", "ые", "ых", "ыми"]
    },
}  # fmt: skip
_MONTHS: Mapping[str, Sequence[str]] = {
    "en": [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ],
    "de": [
        "januar",
        "februar",
        "marz",
        "april",
        "mai",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "dezember",
    ],
    "fr": [
        "janvier",
        "fevrier",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "aout",
        "septembre",
        "octobre",
        "novembre",
        "decembre",
    ],
    "es": [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    "ru": ["январ", "феврал", "март", "апрел", "ма", "июн", "июл", "август", "сентябр", "октябр", "ноябр", "декабр"],
}


def readings(digits: str, language: str | None) -> Iterator[Decimal]:
    """Yield what a number in digits may mean, the usual reading of the language first: 1.000 is 1 or 1,000."""
    digits = unicodedata.normalize("NFKC", digits).replace("’", "'")
    plain = digits.replace(" ", "").replace("'", "")
    marks = [mark for mark in plain if mark in ".,"]
    whole = Decimal(plain.replace(",", "").replace(".", "")).normalize()
    if not marks or (len(marks) > 1 and len(set(marks)) == 1):  # 1.000.000
        yield whole
        return
    head, _, tail = plain.rpartition(marks[-1])
    fraction = Decimal(f"{head.replace(',', '').replace('.', '')}.{tail}").normalize()
    if len(marks) > 1 or len(tail) != 3 or not _GROUPED.match(digits):  # 1,499.50 and 3.5
        yield fraction
    else:
        decimal = "," if language in _DECIMAL_COMMA else "."
        yield from (fraction, whole) if marks[0] == decimal else (whole, fraction)


def written_exactly(digits: str, language: str | None) -> str | None:
    """Return a number as it is written if its value alone would not tell it from others, None if it does.

    Versions are such: 3.10 is not 3.1, and 1.1.10 is not 11,110.
    """
    digits = unicodedata.normalize("NFKC", digits)
    if "," in digits or _GROUPED.match(digits) or "." not in digits:
        return None
    return digits if digits.count(".") > 1 or digits.endswith("0") else None


def word_value(word: str, language: str | None) -> int | None:
    """Return the value of a folded number word, None if it is none."""
    return _WORDS.get(language or "", {}).get(word)


def number_words(language: str) -> frozenset[str]:
    """Return the folded number words of a language; none if they are not known."""
    return frozenset(_WORDS.get(language, ()))


def scale(word: str) -> int | None:
    """Return what a word multiplies the number before it with, None if it is no such word."""
    return _SCALES.get(word)


def ordinal(word: str, language: str | None) -> int | None:
    """Return the place that a folded word such as "second" names, None if it names none."""
    return _ORDINALS.get(language or "", {}).get(word)


@cache
def month(word: str, language: str | None) -> int | None:
    """Return the month of a folded word or of its English abbreviation, None if it is none."""
    for at, name in enumerate(_MONTHS.get(language or "", ()), start=1):
        if language == "ru":
            if word in {name + end for end in ("ь", "я", "е", "ю", "ем", "", "а", "у", "ом", "й")} and word != "ма":
                return at
        elif word == name or (language == "en" and len(name) > 4 and word in (name[:3], name[:4])):
            return at
    return None
