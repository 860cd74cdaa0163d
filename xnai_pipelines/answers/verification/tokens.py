"""The words of a sentence with what a claim hangs on: numbers by value, names, small words that turn a claim."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from xnai_pipelines.answers.verification.cues import PHRASES, Cue, cues, glue
from xnai_pipelines.answers.verification.measures import CURRENCIES, IN_BASE_UNITS, measure, measure_behind_a_number
from xnai_pipelines.answers.verification.number_words import (
    NUMBER,
    month,
    ordinal,
    readings,
    scale,
    word_value,
    written_exactly,
)
from xnai_pipelines.answers.verification.rewritten import BOUND, RANGE, Rewritten, rewritten
from xnai_pipelines.search.function_words import function_words
from xnai_pipelines.search.stems import stem
from xnai_pipelines.search.words import fold, normalise

_FRACTIONS = {"¼": "0.25", "½": "0.5", "¾": "0.75", "⅓": "0.333", "⅔": "0.667", "⅛": "0.125"}
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_ENDING = r"st\b|nd\b|rd\b|th\b|(?<=0)s\b|-?(?:й|я|е|го|ой)\b|-(?:м|х|му|ю|ми)\b"  # of 50th, 1990s, 5-й
_TOKEN = re.compile(
    rf"(?P<link>\b(?:https?|ftp)://[^\s<>\"'»”)]+(?<![.,;:!?])|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    rf"|(?P<ratio>\b\d+(?::\d+)+\b)"
    rf"|(?P<sign>(?<![^\s(\[<>=\"'“«])[-−–±](?=\d))?(?P<number>{NUMBER})(?P<fraction>[¼½¾⅓⅔⅛])?(?P<suffix>{_ENDING})?"
    rf"|(?P<part>[¼½¾⅓⅔⅛])"
    rf"|(?P<unspaced>[{_UNSPACED}])"
    rf"|(?P<half>(?<=\d)\s?(?i:[ap]\.?m\b))"
    rf"|(?P<word>(?:(?![{_UNSPACED}])[^\W_])+(?:['’ʼ](?:(?![{_UNSPACED}])[^\W\d_])+)*)"
    rf"|(?P<unit>[%‰°€$£¥₽])"
    rf"|(?P<operator>(?<![<>=])(?:!={{1,2}}|[<>=]{{1,3}}|[≤≥≠≈])(?![<>=]))"
    rf"|(?P<mark>[,;:()\[\]—–.!?…])"
)
_OPERATORS = {"≤": "<=", "≥": ">=", "≠": "!=", "=<": "<=", "=>": ">="}
_COMPARED = re.compile(r"\s?(?:[<>=]|!=)|\s?[≤≥≠≈]")
_PHRASES_BY_WORD = {phrase[0]: [one for one in PHRASES if one[0] == phrase[0]] for phrase in PHRASES}
_PLAIN = re.compile(r"#[-±]?\d+(?:\.\d+)?")
YEAR = re.compile(r"#1\d{3}|#20\d\d")
_MINUS = frozenset(["minus", "минус"])
_MILLIONS = frozenset("mM")  # behind a number with a currency before it
_POSSESSIVE = re.compile(r"['’ʼ]s?$")
_CONTRACTED_NOT = re.compile(r"(?i)(\w+)n['’ʼ]t\Z")
_CONTRACTED_VERBS = {"ca": "can", "wo": "will", "sha": "shall"}
_CLAUSE_MARKS = frozenset(",;:()[]—–.!?…")
_IRREGULAR = {
    form: forms.split()[0]
    for forms in (
        "begin began begun", "become became", "break broke broken", "bring brought", "build built", "buy bought",
        "catch caught", "choose chose chosen", "come came", "draw drew drawn", "drive drove driven", "fall fell fallen",
        "feel felt", "fight fought", "find found", "fly flew flown", "get got gotten", "give gave given",
        "go went gone", "grow grew grown", "hold held", "keep kept", "know knew known", "lead led", "leave left",
        "lose lost", "make made",
        "meet met", "pay paid", "rise rose risen", "run ran", "say said", "see saw seen", "sell sold", "send sent",
        "speak spoke spoken", "spend spent", "stand stood", "take took taken", "teach taught", "tell told",
        "think thought", "throw threw thrown", "win won", "write wrote written", "die died", "lie lay lain",
        "child children", "man men", "woman women", "person people", "foot feet",
    )
    for form in forms.split()
}  # fmt: skip


class TokenKind(StrEnum):
    """What a token is."""

    WORD = "word"
    NAME = "name"
    NUMBER = "number"
    UNIT = "unit"
    OPERATOR = "operator"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text.

    Attributes:
        text: The characters.
        start: First character in the text.
        end: Character after the last.
        term: What it is compared by: a stem, a value, a unit.
        kind: Name, number, function word or other word.
        cue: What it does to the claim, None for most words.
        clause: Number of the clause; commas, brackets and dashes begin new ones.
        capital: Whether it is written with a capital letter.
        others: Other terms that the same characters may mean.
    """

    text: str
    start: int
    end: int
    term: str
    kind: TokenKind
    cue: Cue | None
    clause: int
    capital: bool = False
    others: tuple[str, ...] = ()

    @property
    def content(self) -> bool:
        """Whether it is more than a function word."""
        return self.kind is not TokenKind.FUNCTION


def tokens(text: str, language: str | None) -> list[Token]:
    """Return the tokens of a text in order; number words are joined to one number."""
    found: list[Token] = []
    clause, opening = 0, True
    forms = deque(rewritten(text))
    read = 0  # up to where the text is read in another form
    for match in _TOKEN.finditer(text):
        while forms and forms[0].start <= match.start():
            read = forms[0].end
            found += _rewritten(text, forms.popleft(), clause)
            opening = False
        if match.start() < read:
            continue
        group = match.lastgroup
        if group == "mark":
            clause += match.group() in _CLAUSE_MARKS
            opening |= match.group() in ".!?…:"
            continue
        if group == "link":  # each character counts: what is added to an address goes to its owner
            found.append(Token(match.group(), *match.span(), f"link:{match.group()}", TokenKind.NAME, None, clause))
        elif group == "ratio":  # 3:1, 9:30
            found.append(Token(match.group(), *match.span(), f"#{match.group()}", TokenKind.NUMBER, None, clause))
        elif match["number"] or group == "part":
            found.append(_number(match, clause, language))
        elif group in ("half", "unit", "operator"):
            found.append(_sign(match, clause))
        else:
            word = _word(match, clause, language, opening, found[-1] if found else None)
            if contracted := _CONTRACTED_NOT.match(match.group()):
                verb = _CONTRACTED_VERBS.get(contracted[1].lower(), contracted[1])
                found.append(
                    replace(word, text=verb, term=stem(fold(verb), language), cue=cues(language).get(fold(verb)))
                )
            found.append(word)
        opening = False
    return _joined(_with_phrases(found), language)


def _with_phrases(found: Sequence[Token]) -> list[Token]:
    """Return the tokens with the first of each condition of several words as a condition: in case of."""
    marked = list(found)
    words = [fold(token.text) for token in found]
    for at, word in enumerate(words):
        for phrase in _PHRASES_BY_WORD.get(word, ()):
            if tuple(words[at : at + len(phrase)]) == phrase:
                marked[at] = replace(found[at], cue=Cue.CONDITION, kind=TokenKind.FUNCTION)
    return marked


def _rewritten(text: str, one: Rewritten, clause: int) -> Iterator[Token]:
    """Yield the tokens of a stretch that is read in another form."""
    for term in one.terms:
        if term == RANGE:
            kind, cue = TokenKind.FUNCTION, None
        elif term.startswith(BOUND):
            kind, cue = TokenKind.OPERATOR, Cue.DIRECTION
        else:
            kind, cue = TokenKind.UNIT if term.startswith("unit:") else TokenKind.NUMBER, None
        yield Token(text[one.start : one.end].strip(), one.start, one.end, term, kind, cue, clause)


def _number(match: re.Match[str], clause: int, language: str | None) -> Token:
    if match["part"]:
        values = [Decimal(_FRACTIONS[match["part"]])]
    else:
        fraction = Decimal(_FRACTIONS.get(match["fraction"] or "", "0"))
        values = [value + fraction for value in readings(match["number"], language)]
    # 1990s and 50th are no plain numbers
    suffix = fold(match["suffix"] or "").lstrip("-")
    mark = "s" if suffix == "s" else "th" if suffix else ""
    sign = {"±": "±", None: ""}.get(match["sign"], "-")
    terms = [f"#{sign}{_plain(value)}{mark}" for value in values]
    exact = written_exactly(match["number"] or "", language)
    if exact and not mark and not match["fraction"]:
        terms = [f"#{sign}{exact}", *(terms if exact.count(".") == 1 else ())]
    return Token(match.group(), *match.span(), terms[0], TokenKind.NUMBER, None, clause, others=tuple(terms[1:]))


def _sign(match: re.Match[str], clause: int) -> Token:
    """Return the token of a unit or of a comparison. What a number is compared with belongs to it like "more than"."""
    text = match.group()
    if match.lastgroup == "operator":
        term = f"operator:{_OPERATORS.get(text, text)}"
        return Token(text, *match.span(), term, TokenKind.OPERATOR, Cue.DIRECTION, clause)
    term = f"unit:{text.strip().replace('.', '').lower()}"
    return Token(text.strip(), *match.span(), term, TokenKind.UNIT, None, clause)


def _word(match: re.Match[str], clause: int, language: str | None, opening: bool, before: Token | None) -> Token:
    text = match.group()
    bare = _POSSESSIVE.sub("", normalise(text)) or text
    if _CONTRACTED_NOT.match(text):
        bare = "not"
    folded = fold(bare)
    capital = text[:1].isupper()
    gap = match.start() - before.end if before and before.kind is TokenKind.NUMBER else None
    behind = None if gap is None or gap > 1 else measure_behind_a_number(text, folded, attached=gap == 0)
    if behind is not None:
        return Token(text, *match.span(), behind, TokenKind.UNIT, None, clause, capital)
    cue = cues(language).get(folded)
    place = ordinal(folded, language)
    named_month = month(folded, language)
    if named_month and not (folded == "may" and not capital):
        return Token(text, *match.span(), f"month:{named_month}", TokenKind.NUMBER, None, clause, capital)
    if place is not None:
        return Token(text, *match.span(), f"#{place}th", TokenKind.NUMBER, None, clause, capital)
    if (value := word_value(folded, language)) is not None:
        return Token(text, *match.span(), f"#{value}", TokenKind.NUMBER, None, clause, capital)
    folded = _IRREGULAR.get(folded, folded) if language == "en" else folded
    if unit := measure(folded):
        return Token(text, *match.span(), unit, TokenKind.UNIT, None, clause, capital)
    if len(folded) == 1 and (
        _COMPARED.match(match.string, match.end()) or (before and before.kind is TokenKind.OPERATOR)
    ):
        kind, cue = TokenKind.NAME, None
    elif cue is not None or folded in glue(language) or folded in function_words((language or "en",)):
        kind = TokenKind.FUNCTION
    elif capital and not opening:
        kind = TokenKind.NAME
    elif len(folded) == 1 and folded.isascii():  # a variable is a name; the letters of "e.g." are not
        kind = TokenKind.FUNCTION if match.string[match.end() : match.end() + 1] == "." else TokenKind.NAME
    else:
        kind = TokenKind.WORD
    return Token(text, *match.span(), stem(folded, language), kind, cue, clause, capital)


def _joined(found: Sequence[Token], language: str | None) -> list[Token]:
    """Return the tokens with number words and scales as one number: two hundred and five, 1.5 million."""
    joined: list[Token] = []
    at = 0
    while at < len(found):
        token = found[at]
        last = joined[-1] if joined else None
        by = _scale(token, joined)
        if by is not None and last is not None and last.kind is TokenKind.NUMBER and _is_plain(last.term):
            joined[-1] = _times(last, by, token)
            at += 1
            continue
        if token.kind is TokenKind.NUMBER and last is not None and fold(last.text) in _MINUS:
            joined[-1] = replace(token, text=f"{last.text} {token.text}", start=last.start, term=f"#-{token.term[1:]}")
            at += 1
            continue
        spelt = token.kind is TokenKind.NUMBER and token.text[:1].isalpha() and token.term.startswith("#")
        if spelt and last is not None and _adds_up(last, token, found[at - 1]):
            total = Decimal(last.term[1:]) + Decimal(token.term[1:].removesuffix("th"))
            ending = "th" if token.term.endswith("th") else ""
            joined[-1] = replace(
                last, text=f"{last.text} {token.text}", end=token.end, term=f"#{_plain(total)}{ending}"
            )
        else:
            joined.append(token)
        at += 1
    return _in_base_units([_measured(token, joined[max(0, at - 1) : at + 2]) for at, token in enumerate(joined)])


def _in_base_units(found: list[Token]) -> list[Token]:
    """Return the tokens with each number and the unit right behind it in the base unit."""
    for at, (number, unit) in enumerate(pairwise(found)):
        if unit.term in IN_BASE_UNITS and number.kind is TokenKind.NUMBER and _is_plain(number.term):
            base, by = IN_BASE_UNITS[unit.term]
            terms = [f"#{_plain(Decimal(term[1:].lstrip('±')) * by)}" for term in (number.term, *number.others)]
            found[at] = replace(number, term=terms[0], others=tuple(terms[1:]))
            found[at + 1] = replace(unit, term=base)
    return found


def _scale(token: Token, before: Sequence[Token]) -> int | None:
    """Return what a token multiplies the number before it with: 5 million, £5m, 5k."""
    if token.kind is TokenKind.NUMBER:
        return None
    if token.text in _MILLIONS:
        return 10**6 if len(before) > 1 and before[-2].term in CURRENCIES else None
    return scale(fold(token.text))


def _measured(token: Token, near: Sequence[Token]) -> Token:
    """Return the token; a number with a last zero has the same value without it only if it measures something.

    2.50 $ is 2.5 $, but version 3.10 is not version 3.1.
    """
    exact = token.kind is TokenKind.NUMBER and "." in token.term and token.term.endswith("0")
    return replace(token, others=()) if exact and not any(one.kind is TokenKind.UNIT for one in near) else token


def _is_plain(term: str) -> bool:
    """Return whether a number is neither a place, a decade, a version nor a ratio."""
    return bool(_PLAIN.fullmatch(term))


def _times(number: Token, by: int, scale_word: Token) -> Token:
    terms = [f"#{_plain(Decimal(term[1:].lstrip('±')) * by)}" for term in (number.term, *number.others)]
    text = f"{number.text} {scale_word.text}"
    return replace(number, text=text, end=scale_word.end, term=terms[0], others=tuple(terms[1:]))


def _adds_up(before: Token, token: Token, previous: Token) -> bool:
    """Return whether a number word goes on with the number before it: twenty-one, two hundred five."""
    if before.kind is not TokenKind.NUMBER or not before.text[:1].isalpha() or before.end != previous.end:
        return False
    if not before.term[1:].isdigit() or before.clause != token.clause or token.start - before.end > 1:
        return False
    value, more = int(before.term[1:]), int(token.term[1:].removesuffix("th"))
    return more > 0 and value > 0 and value % 10 == 0 and more < _lowest_digit(value)


def _lowest_digit(value: int) -> int:
    unit = 1
    while value % (unit * 10) == 0:
        unit *= 10
    return unit


def _plain(value: Decimal) -> str:
    """Return a number without exponent and trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
