"""Where a text has a number, a time, a version, a measure, a path or a name: what may be an answer. Pure.

To add a unit or a month, add it to its pattern: units are known in any language, number words in that of the question.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from xnai_pipelines.answers.verification.number_words import NUMBER, number_words
from xnai_pipelines.search.words import fold


class Thing(StrEnum):
    """What an answer may be."""

    NUMBER = "number"
    TIME = "time"
    NAME = "name"
    PLACE = "place"
    REASON = "reason"
    PRICE = "price"
    SHARE = "share"
    DURATION = "duration"
    LENGTH = "length"
    WEIGHT = "weight"
    TEMPERATURE = "temperature"
    MEMORY = "memory"
    LOUDNESS = "loudness"
    MEASURE = "measure"
    VERSION = "version"
    PHONE = "phone"
    EMAIL = "e-mail"
    PATH = "path"


class FoundThing(NamedTuple):
    """Characters of a text that are a thing."""

    start: int
    end: int
    thing: Thing


_MONTHS = (
    r"(?:(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?|January|February|March|April|May|June|July|August"
    r"|September|October|November|December|Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember|enero|febrero|marzo|abril"
    r"|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|janvier|février|mars|avril|mai|juin|juillet|août"
    r"|septembre|octobre|novembre|décembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre"
    r"|январ[ьяе]|феврал[ьяе]|марта?|апрел[ьяе]|мая|июн[ьяе]|июл[ьяе]|августа?|сентябр[ьяе]|октябр[ьяе]|ноябр[ьяе]"
    r"|декабр[ьяе]|марте|августе)"
)
_DAYS = (
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|(?:Mon|Diens|Donners|Frei|Sams|Sonn)tags?|Mittwochs?"
    r"|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo"
    r"|понедельник\w*|вторник\w*|сред[уы]|четверг\w*|пятниц\w+|суббот\w+|воскресень\w+)"
)
_UNITS = {
    Thing.SHARE: r"%|percent\b|per cent\b|percentage points?|prozent\b|pour ?cent\b|por ciento|per ?cento|procent"
    r"|процент\w*",
    Thing.PRICE: r"[$€£¥₽₸]|(?:usd|eur|gbp|chf|rub|kzt|dollars?|euros?|pounds? sterling|francs?|franken|cents?|pence"
    r"|yen|руб\w*|тенге|евро|доллар\w*|копе\w+)\b",
    Thing.DURATION: r"(?:ms|s|sec|min|h|hrs?|milli\w*seconds?|seconds?|minutes?|hours?|(?:working |business "
    r"|calendar )?days?"
    r"|nights?|weeks?|fortnights?|months?|years?|decades?|centuries|sekunden?|minuten?|stunden?|(?:arbeits"
    r"|werk)?tage?n?"
    r"|wochen?|monate?n?|jahre?n?|jahrhunderte?|secondes?|heures?|jours?|semaines?|mois|ans?|années?|segundos?|minutos?"
    r"|horas?|d[ií]as?|semanas?|meses|mes|años?|secondi|minuti|or[ae]|giorn[oi]|settiman[ae]|mes[ei]|ann[oi]|anos?"
    r"|uur|uren|dagen?|weken|week|maanden?|jaar|секунд\w*|минут\w*|час(?:а|ов|ам|ами|ах)?|сут(?:ки|ок)|дн(?:я|ей|ям|и)"
    r"|день|недел\w+|месяц\w*|год(?:а|у|ом|ы)?|лет|с|мин|ч)\b",
    Thing.LENGTH: r"(?:[kcmnd]?m|km|[µu]m|(?:kilo|centi|milli|nano)?met(?:er|re)s?n?|miles?|feet|foot|ft|inch(?:es)?"
    r"|yards?|mi"
    r"|zoll|meilen?|(?:kilo|centi|zenti|milli)?mètres?|(?:kil[oó]|cent[ií]|mil[ií])?metr[oi]s?|(?:кило|санти"
    r"|милли)?метр\w*"
    r"|[кмcс]?м|миль|мил[ия]|футов|дюйм\w*)\b",
    Thing.WEIGHT: r"(?:[kmµ]?g|t|lbs?|oz|(?:kilo|milli)?gram(?:me)?s?|kilos?|ton(?:ne)?s?|tonnen?|pounds?|ounces?|pfund"
    r"|toneladas?|tonnellate|libras?|(?:кило|милли)?грамм\w*|[км]?г|тонн\w*|т|центнер\w*)\b",
    Thing.TEMPERATURE: r"°\s?[CFK]?\b|°|(?:degrees?|grad|degrés?|grados?|gradi|graus?|kelvin|градус\w*)\b",
    Thing.MEMORY: r"(?:[KkMGTP]i?[Bb]|bytes?|(?:kilo|mega|giga|tera)bytes?|bits?|octets?|[КМГТ]б|(?:кило|мега|гига"
    r"|тера)?байт\w*)\b",
    Thing.LOUDNESS: r"(?:dB|decibels?|dezibel|décibels?|дб|децибел\w*)\b",
    Thing.MEASURE: r"(?:[kMG]?W|[km]?V|mA|[kMG]?Hz|km/h|mph|kph|m/s|kWh|[mc]?l|lit(?:er|re)s?n?|litros?|hectares?"
    r"|hektar"
    r"|acres?|square \w+|quadrat\w+|cubic \w+|kubik\w+|volts?|watts?|amps?|amperes?|rpm|psi|bar|pixels?|px|dpi"
    r"|литр\w*|л|гектар\w*|вольт\w*|ватт\w*|ампер\w*|герц\w*|кв\. ?м|квадратн\w+ \w+|куб\w+ \w+|км/ч|m²|km²|м²|m³"
    r"|м³)(?!\w)",
}
_UNIT = re.compile(
    r"[\s\u00a0-]?(?:" + "|".join(f"(?P<{thing.name}>{units})" for thing, units in _UNITS.items()) + r")", re.IGNORECASE
)
_SCALES = (
    r"(?:hundred|thousand|million|billion|trillion|dozen|hundert|tausend|million(?:en)?|milliarden?|mille|millions"
    r"|milliards?"
    r"|mil|millones|mio\.?|mrd\.?|тысяч\w*|тыс\.?|миллион\w*|миллиард\w*|млн|млрд)"
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PATH = re.compile(
    r"\b(?:https?|ftp|file)://[^\s<>\"'»”)`]+(?<![.,;:!?])|\bwww\.[^\s<>\"'»”)`]+(?<![.,;:!?])"
    r"|(?<![\w/.])(?:[A-Za-z]:\\|~/|\.{0,2}/)[\w.@$%{}-]+(?:[/\\][\w.@$%{}*-]*)*(?<![.])"
    r"|(?<![\w/.-])[\w.-]+/(?:[\w.-]+/)*[\w-]+\.\w{1,5}\b"
    r"|(?<![\w/-])\.?\w[\w.-]*\.(?:toml|ya?ml|json|ini|cfg|conf|txt|md|rst|py|csv|db|sqlite|log|env|exe|sh|bat|html?"
    r"|xml|sql|pdf|docx?|xlsx?)\b"
)
_NAMED_DATE = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th|er|\.|-?го)?(?: of| de)? {_MONTHS}(?:(?:,| de| of)? ?\d{{4}}(?: года?)?)?(?!\w)"
    rf"|\b{_MONTHS} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?(?!\d)|\b{_MONTHS}(?:,| de| of)? \d{{4}}\b"
    rf"|\b{_DAYS}\b|\b{_MONTHS}(?!\w)"
)
_TIME = re.compile(
    r"\b\d{4}-\d\d(?:-\d\d)?\b|\b\d{1,2}\.\s?\d{1,2}\.(?:\d{4}|\d\d)\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b"
    r"|\b\d{1,2}[:.h]\d\d(?:\s?[ap]\.?m\b\.?| ?Uhr\b)|\b\d{1,2}:\d\d\b|\b\d{1,2}\s?(?:[ap]\.?m\b\.?|Uhr\b|o'clock)"
    r"|\b(?:1\d{3}|20\d0)s\b|\b\d{1,2}(?:st|nd|rd|th)[ -]century\b|\b\d{1,2}\. Jahrhundert\w*"
    r"|(?<![\d.,$€£/-])(?:1\d{3}|20\d\d)(?:[–-](?:1\d{3}|20\d\d|\d\d))?(?![\d/%]|[.,]\d)(?: год(?:у|а|ом)?\b| г\.)?",
    re.IGNORECASE,
)
_CENTURY = re.compile(
    r"\b[a-z-]+(?:st|nd|rd|th)[ -]century\b|\b[XVI]+(?:e|er|ème) siècles?|\bsiglos? [XVI]+\b"
    r"|\b[XVI]+(?:-\w+)? ве[кч]\w*"
)
_VERSION = re.compile(
    r"\bv\.?\s?\d+(?:\.\d+)*\b|(?<![\d.])\d+\.\d+\.\d+(?:[-.]?(?:rc|a|b|alpha|beta|dev|post)\.?\d*)?(?![\d.]*\d)"
    r"|(?:\b(?i:versions?|releases?|versión|versione|versão|versie|верси[яиюей]+|релиз\w*)|(?<![A-Z])\b[A-Z][a-z]+)"
    r" (?P<number>\d+(?:\.\d+)+)(?!\d)"
)
_PHONE = re.compile(r"(?<![\d.-])(?:\+\d|\(?0)\d*[\d ()/-]{5,}\d")
_ENTRY = r"[A-ZÀ-ÖØ-ÞА-ЯЁ][\w&-]*(?: [A-ZÀ-ÖØ-ÞА-ЯЁ&][\w&-]*)*"
_MENU = re.compile(rf"(?P<first>{_ENTRY})(?: ?[>›→»] ?{_ENTRY})+")
_CURRENCY_BEFORE = re.compile(r"(?:[$€£¥₽]|\b(?:USD|EUR|GBP|CHF|Rs\.?))\s?\Z")


def things(text: str, language: str) -> tuple[FoundThing, ...]:
    """Return the quantities, times, versions, addresses and paths of a text in order; names are not among them.

    Args:
        text: The text.
        language: Language of number words, "" for digits alone.
    """
    return _things(text, language)


def measured_in(unit: str) -> Thing | None:
    """Return what is measured in a unit, None if the word is none."""
    found = _UNIT.fullmatch(unit)
    return Thing[found.lastgroup or ""] if found and len(unit) > 1 else None


@lru_cache(maxsize=4_096)
def _things(text: str, language: str) -> tuple[FoundThing, ...]:
    found: list[FoundThing] = []
    for one in (*_fixed(text), *_quantities(text, language)):
        if not any(other.start < one.end and one.start < other.end for other in found):
            found.append(one)
    return tuple(sorted(found))


def _fixed(text: str) -> Iterator[FoundThing]:
    """Yield what is written in a form of its own, the surest first; each is looked for only where it may be."""
    has_digit = any(letter in text for letter in "0123456789")
    if "@" in text:
        yield from (FoundThing(*match.span(), Thing.EMAIL) for match in _EMAIL.finditer(text))
    if "/" in text or "\\" in text or "." in text[:-1]:
        yield from (FoundThing(*match.span(), Thing.PATH) for match in _PATH.finditer(text))
    if any(mark in text for mark in ">›→»"):
        for match in _MENU.finditer(text):
            verb = match["first"].find(" ") + 1 if not text[: match.start()].strip() else 0  # Open Settings > Security
            yield FoundThing(match.start() + verb, match.end(), Thing.PATH)
    if any(_MONTH_OR_DAY.match(word) for word in _WORD.findall(text)):
        yield from (FoundThing(*match.span(), Thing.TIME) for match in _NAMED_DATE.finditer(text))
    if any(mark in text for mark in ("century", "siècle", "siglo", " ве")):
        yield from (FoundThing(*match.span(), Thing.TIME) for match in _CENTURY.finditer(text))
    if has_digit:
        for match in _VERSION.finditer(text):
            if not (match["number"] and _MEASURED.match(text, match.end())):
                yield FoundThing(
                    match.start("number") if match["number"] else match.start(), match.end(), Thing.VERSION
                )
        for match in _TIME.finditer(text):
            if not (match.group().isdigit() and _unit_behind(text, match.end())):  # 1500 metres
                yield FoundThing(*match.span(), Thing.TIME)
        yield from (FoundThing(*match.span(), Thing.PHONE) for match in _PHONE.finditer(text))


def _quantities(text: str, language: str) -> Iterator[FoundThing]:
    for start, end in (*_in_digits(text), *_in_words(text, language)):
        if before := _CURRENCY_BEFORE.search(text, max(0, start - 5), start):
            yield FoundThing(before.start(), end, Thing.PRICE)
        elif unit := _unit_behind(text, end):
            yield FoundThing(start, unit.end(), Thing[unit.lastgroup or ""])
        elif not text[end : end + 1].isalpha():  # 2A is a name
            yield FoundThing(start, end, Thing.NUMBER)


def _unit_behind(text: str, end: int) -> re.Match[str] | None:
    """Return the unit behind a number; a single letter is one only as it is written: 5 m, 5 V."""
    unit = _UNIT.match(text, end)
    written = unit.group().strip(" -\u00a0") if unit else ""
    is_letter = len(written) == 1 and written.isalpha()
    return None if is_letter and not (written.islower() or written in "WV") else unit


def _in_digits(text: str) -> Iterator[tuple[int, int]]:
    for match in _DIGITS.finditer(text):
        yield match.span()


def _in_words(text: str, language: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of numbers in words, several words in a row as one: twenty-five, three hundred."""
    known = number_words(language)
    run: tuple[int, int] | None = None
    for match in _WORD.finditer(text):
        word = fold(match.group())
        joins = run is not None and match.start() - run[1] == 1
        if word in known or (joins and _SCALE.fullmatch(word)):
            if run and not joins:
                yield run
            run = (run[0] if run and joins else match.start(), match.end())
        elif not (joins and word == "and"):
            if run:
                yield run
            run = None
    if run:
        yield run


_MEASURED = re.compile(r"\s?(?:%|[kcm]?[mg]\b|percent\b|million|billion|км|кг|млн)")
_WORD = re.compile(r"[^\W\d_]+")
_MONTH_OR_DAY = re.compile(rf"(?:{_MONTHS}|{_DAYS})\Z")
_SCALE = re.compile(_SCALES, re.IGNORECASE)
_DIGITS = re.compile(rf"(?<![\w.])(?<![^\W\d]-)[-−–±]?(?:{NUMBER})(?:[\s\u00a0]{_SCALES}\b)*|[½¼¾]", re.IGNORECASE)
