# ruff: noqa: E501
"""Sentences made from paragraphs: true ones, said otherwise, and corrupted ones, by rules and a source of chance."""

import itertools
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xnai_pipelines.chunks.boundaries import sentence_starts

WORDS = {
    "en": ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
    "ru": ["два", "три", "четыре", "пять", "шесть", "семь", "восемь"],
}
_NAME = {
    "en": r"(?<=[a-z,] )[A-Z][a-zé]{2,}(?: [A-Z][a-zé]{2,})*",
    "ru": r"(?<=[а-я,] )[А-ЯЁ][а-яё]{2,}(?: [А-ЯЁ][а-яё]{2,})*",
}
_NOT_A_NAME = re.compile(
    r"The|This|However|January|February|March|April|May|June|July|August|September|October|November|December"
)
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w-]|,\d)")

# Each pair is tried both ways.
OPPOSITES = {
    "en": """increased/decreased increase/decrease before/after first/last more/less largest/smallest highest/lowest
        north/south east/west northern/southern eastern/western early/late above/below won/lost began/ended higher/lower
        larger/smaller better/worse rich/poor strong/weak old/new major/minor public/private most/least greater/lesser
        positive/negative inside/outside always/sometimes long/short high/low upper/lower internal/external""",
    "ru": """больше/меньше первый/последний до/после высокий/низкий северной/южной западной/восточной крупнейший/мельчайший
        выше/ниже старый/новый раньше/позже увеличение/уменьшение северный/южный восточный/западный сильный/слабый""",
}
QUANTITIES = {
    "en": """all/some most/few many/few every/no both/neither several/all some/all only/also many/all often/rarely
        always/never at_least/at_most more_than/less_than nearly/more_than each/no usually/always majority/minority""",
    "ru": "все/некоторые многие/немногие большинство/меньшинство всегда/иногда часто/редко более/менее каждый/никакой",
}
UNITS = {
    "en": "miles/kilometres feet/metres km/miles kilometers/miles percent/dollars years/months days/weeks hours/minutes "
    "million/billion %/_dollars square/cubic points/yards yards/points meters/feet",
    "ru": "лет/месяцев км/миль миллионов/миллиардов тысяч/миллионов года/месяца метров/километров долларов/рублей "
    "процентов/тысяч %/_тонн дней/недель очков/ярдов",
}
HEDGES = {
    "en": "may/ might/ could/ probably/ possibly/ likely/ perhaps/ reportedly/ allegedly/ apparently/",
    "ru": "возможно/ вероятно/ якобы/ может/",
}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, its article and its sentences."""

    document_id: str
    title: str
    text: str

    @property
    def sentences(self) -> list[str]:
        """Its sentences of a usual length."""
        starts = [0, *sentence_starts(self.text, 0, len(self.text)), len(self.text)]
        found = [self.text[start:end].strip() for start, end in itertools.pairwise(starts)]
        return [sentence for sentence in found if 30 <= len(sentence) <= 400]


@dataclass(frozen=True, slots=True)
class Draw:
    """A sentence to corrupt.

    Attributes:
        text: The sentence.
        paragraph: Its paragraph.
        others: Paragraphs of other articles.
        chance: Source of every choice.
        language: Its language.
    """

    text: str
    paragraph: Paragraph
    others: Sequence[Paragraph]
    chance: random.Random
    language: str


Change = Callable[[Draw], str | None]


def swapped(table: Mapping[str, str]) -> Change:
    """Return the change that puts one word of a pair in the other's place."""

    def change(made: Draw) -> str | None:
        pairs = [pair.replace("_", " ").split("/") for pair in table[made.language].split()]
        pairs += [[second, first] for first, second in pairs if second.strip()]
        there = [pair for pair in pairs if re.search(_whole(pair[0]), made.text)]
        if not there:
            return None
        old, new = made.chance.choice(there)
        return " ".join(re.sub(_whole(old), new, made.text, count=1).split())

    return change


def _whole(word: str) -> str:
    return re.escape(word) if word.strip() == "%" else rf"\b{re.escape(word.strip())}\b"


def number_changed(made: Draw) -> str | None:
    """Return the sentence with another number, by one or by a digit."""
    found = list(_NUMBER.finditer(made.text))
    if not found:
        return None
    match = made.chance.choice(found)
    digits = match.group()
    places = [at for at, character in enumerate(digits) if character.isdigit()]
    at = made.chance.choice(places)
    new = digits[:at] + str((int(digits[at]) + made.chance.randint(1, 8)) % 10 or 9) + digits[at + 1 :]
    return None if new == digits else made.text[: match.start()] + new + made.text[match.end() :]


def number_of_the_paragraph(made: Draw) -> str | None:
    """Return the sentence with a number that stands elsewhere in its paragraph."""
    found = list(_NUMBER.finditer(made.text))
    rest = sorted(set(_NUMBER.findall(made.paragraph.text)) - {match.group() for match in found})
    if not found or not rest:
        return None
    match = made.chance.choice(found)
    return made.text[: match.start()] + made.chance.choice(rest) + made.text[match.end() :]


def numbers_exchanged(made: Draw) -> str | None:
    """Return the sentence with two of its numbers in each other's place."""
    return _exchanged(made.text, [m.span() for m in _NUMBER.finditer(made.text)], made.chance)


def number_word_changed(made: Draw) -> str | None:
    """Return the sentence with another number word."""
    there = [word for word in WORDS[made.language] if re.search(rf"\b{word}\b", made.text)]
    if not there:
        return None
    old = made.chance.choice(there)
    return re.sub(
        rf"\b{old}\b", made.chance.choice([word for word in WORDS[made.language] if word != old]), made.text, count=1
    )


def _names(text: str, language: str) -> list[tuple[int, int]]:
    return [m.span() for m in re.finditer(_NAME[language], text) if not _NOT_A_NAME.match(m.group())]


def name_of_the_paragraph(made: Draw) -> str | None:
    """Return the sentence with a name that stands elsewhere in its paragraph."""
    return _renamed(made.text, made.paragraph.text, made.chance, made.language)


def foreign_name(made: Draw) -> str | None:
    """Return the sentence with a name of another article."""
    return _renamed(made.text, made.chance.choice(made.others).text, made.chance, made.language)


def _renamed(text: str, source: str, chance: random.Random, language: str) -> str | None:
    here = _names(text, language)
    own = {text[start:end] for start, end in here}
    words = {word for name in own for word in name.split()}
    names = {source[start:end] for start, end in _names(source, language)}
    rest = sorted(name for name in names if not words & set(name.split()) and name not in text)
    if not here or not rest:
        return None
    start, end = chance.choice(here)
    return text[:start] + chance.choice(rest) + text[end:]


def names_exchanged(made: Draw) -> str | None:
    """Return the sentence with two of its names in each other's place, unless they are members of one list."""
    spans = _names(made.text, made.language)
    listed = re.compile(r"\W*(?:and|or|и|или)?\W*(?:the )?\Z")
    pairs = [
        (one, two)
        for one, two in itertools.pairwise(spans)
        if not listed.match(made.text[one[1] : two[0]]) and made.text[slice(*one)] != made.text[slice(*two)]
    ]
    return _exchanged(made.text, list(made.chance.choice(pairs)), made.chance) if pairs else None


def _exchanged(text: str, spans: list[tuple[int, int]], chance: random.Random) -> str | None:
    if len(spans) < 2:
        return None
    at = chance.randrange(len(spans) - 1)
    (a, b), (c, d) = spans[at], spans[at + 1]
    # the same name in two cases, a date in another order, and a list say the same when exchanged
    same = text[a : a + 4] == text[c : c + 4] or text[a:b] == text[c:d]
    if same or re.fullmatch(r" [^\W\d]+ |(?: \w+)?,? (?:and|or|и|или) ", text[b:c]):
        return None
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]


_AUXILIARY = {
    "en": r"\b(is|are|was|were|can|could|will|would|has been|have been|had been)\b(?! not)",
    "ru": r"\b(был[аои]?|является|являются|может|имеет|стал[аои]?|начал[аои]?)\b",
}
_NEGATED = {
    "en": r"\b(is|are|was|were|can|could|will|would|did|does|do|has|have|had)(?: not\b|n't\b)|\b(?:never|no) |(?<=can)not\b",
    "ru": r"(?<!Тем )(?<!тем )\b(?:не|никогда не) ",
}


def negation_added(made: Draw) -> str | None:
    """Return the sentence with a negation at its verb."""
    found = list(re.finditer(_AUXILIARY[made.language], made.text))
    if not found:
        return None
    match = made.chance.choice(found)
    new = f"{match.group()} not" if made.language == "en" else f"не {match.group()}"
    return made.text[: match.start()] + new + made.text[match.end() :]


def negation_dropped(made: Draw) -> str | None:
    """Return the sentence without its negation."""
    match = re.search(_NEGATED[made.language], made.text)
    return (
        None
        if match is None
        else made.text[: match.start()]
        + (match.group(1) if match.groups() and match.group(1) else "")
        + made.text[match.end() :]
    )


def spliced(made: Draw) -> str | None:
    """Return the beginning of this sentence with the end of another one of its paragraph, both cut at a verb."""
    verb = re.compile(
        r"\b(?:is|are|was|were|had|has|have|became|led)\b"
        if made.language == "en"
        else r"\b(?:был[аои]?|является|стал[аои]?|являются)\b"
    )
    mine = verb.search(made.text)
    rest = [
        s
        for s in made.paragraph.sentences
        if s != made.text and (m := verb.search(s)) and mine and m.group() == mine.group()
    ]
    rest = [s for s in rest if s[: 1 + s.find(" ")] != made.text[: 1 + made.text.find(" ")]]
    if mine is None or not rest or mine.start() < 8 or made.text not in made.paragraph.text:
        return None
    other = made.chance.choice(rest)
    found = verb.search(other)
    assert found
    return made.text[: mine.start()] + other[found.start() :]


CORRUPTIONS: Mapping[str, Change] = {
    "number changed": number_changed,
    "number of the paragraph": number_of_the_paragraph,
    "numbers exchanged": numbers_exchanged,
    "number word changed": number_word_changed,
    "name of the paragraph": name_of_the_paragraph,
    "foreign name": foreign_name,
    "names exchanged": names_exchanged,
    "negation added": negation_added,
    "negation dropped": negation_dropped,
    "opposite": swapped(OPPOSITES),
    "quantity": swapped(QUANTITIES),
    "unit": swapped(UNITS),
    "hedge dropped": swapped(HEDGES),
    "spliced": spliced,
}


def shortened(text: str) -> str | None:
    """Return the sentence without what follows its last comma that begins a clause."""
    match = re.search(
        r", (?:while|which|who|where|although|but|and then|который|которая|которые|а также|хотя|но)\b", text
    )
    return f"{text[: match.start()]}." if match and match.start() > 30 else None


def without_brackets(text: str) -> str | None:
    """Return the sentence without what stands in brackets."""
    new = re.sub(r" \([^()]*\)", "", text)
    return new if new != text else None


def fronted(text: str) -> str | None:
    """Return the sentence with its last phrase of time or place in front."""
    match = re.search(r" ((?:in|during|on) (?:the )?(?:\d{4}|[A-Z]\w+)|в \d{4} году)\.$", text)
    if not match or text[0] in "\"'(" or not text[1:2].islower():
        return None
    first = match.group(1)
    head = text[: match.start()]
    head = head[0].lower() + head[1:] if re.match(r"(?:The|A|An|It|He|She|They|This|In) ", head) else head
    return f"{first[0].upper()}{first[1:]}, {head}."


def other_number_form(text: str) -> str | None:
    """Return the sentence with its numbers written otherwise."""
    new = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    new = re.sub(r"\b(\d+(?:\.\d+)?)%", r"\1 percent", new)
    for value, word in enumerate(WORDS["en"][:7], start=2):
        new = re.sub(rf"(?<!-)\b{word}\b(?! hundred|-)", str(value), new)
    for value, word in enumerate(WORDS["ru"], start=2):
        new = re.sub(rf"(?<!дцать )\b{word}\b", str(value), new)
    new = re.sub(r"(?<=\d)[\u00a0 ](?=\d{3}\b)", "", new)
    return new if new != text else None


def introduced(text: str) -> str | None:
    """Return the sentence with the words that a model likes to begin with."""
    if re.search("[а-я]", text):
        return f"Согласно документу, {text}"
    return f"According to the document, {text}" if text[:1].isupper() else None


def contracted(text: str) -> str | None:
    """Return the sentence with its negation contracted, or without it."""
    new = re.sub(r"\b(is|are|was|were|did|does|do|could|would) not\b", r"\1n't", text)
    return new if new != text else None


def without_adverb(text: str) -> str | None:
    """Return the sentence without its first adverb of manner."""
    new = re.sub(
        r" (?:also|quickly|greatly|widely|heavily|directly|traditionally|также|официально|быстро|значительно)\b(?! \w+ly)",
        "",
        text,
        count=1,
    )
    return new if new != text else None


PARAPHRASES: Mapping[str, Callable[[str], str | None]] = {
    "as it stands": lambda text: text,
    "shortened": shortened,
    "without brackets": without_brackets,
    "fronted": fronted,
    "other number form": other_number_form,
    "introduced": introduced,
    "contracted": contracted,
    "without adverb": without_adverb,
}
