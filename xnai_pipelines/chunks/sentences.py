"""Finds where sentences start, by rule: terminators of many scripts, abbreviations, lists."""

import re

_CLOSERS = r"[\"'”’»›)\]}*_`」』）】〕》〉]"
# Every quantifier is possessive and a run of terminators is entered at its head only: linear on any text.
_GAP = re.compile(
    rf"(?P<spaced>(?<![.!?…؟۔।॥։።‼⁇⁈⁉])[.!?…؟۔।॥։።‼⁇⁈⁉]++{_CLOSERS}*+)\s++"
    rf"|[。！？｡．]++{_CLOSERS}*+\s*+"
    r"|\n[ \t]*+\n\s*+"
    r"|\n(?=[ \t]*+(?:[-*+•‣]|[0-9]{1,3}[.)]|\|)[ \t])"
)
_LAST_WORD = re.compile(r"[^\W_](?:[\w.]*[^\W_])?\Z")

# Words that a full stop shortens and that something always follows. "etc." or "Inc." may end a sentence:
# there the capital letter after it decides.
# fmt: off
_ABBREVIATIONS = frozenset(
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "rev", "hon", "gen", "col", "capt", "lt",
        "sgt", "fig", "figs", "eq", "eqs", "ref", "refs", "sec", "sect", "ch", "chap", "vol", "no",
        "nos", "p", "pp", "ed", "eds", "vs", "cf", "ca", "approx", "resp", "viz", "e.g", "i.e", "eg",
        "ie", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "z.b",
        "d.h", "bzw", "vgl", "nr", "abb", "bspw", "ggf", "usw", "u.a", "mme", "mlle", "cap", "pág",
        "sra", "srta", "ud", "т.е", "т.к", "т.н", "см", "рис", "ул", "им", "проф", "акад", "гг", "стр",
    }
)
# fmt: on


def sentence_starts(text: str, start: int, end: int) -> list[int]:
    """Returns where sentences start inside `text[start:end]`, ascending, `start` itself not included.

    A blank line and a list item start a sentence too. A full stop does not end one after an abbreviation, an
    initial or a list number, and nothing ends one before a lower-case letter.
    """
    return [
        match.end()
        for match in _GAP.finditer(text, start, end)
        if start < match.end() < end and not (match["spaced"] and _continues(text, match, start))
    ]


def _continues(text: str, match: re.Match[str], start: int) -> bool:
    if match.group().count("\n") > 1:
        return False
    if text[match.end()].islower():
        return True
    if match["spaced"] != ".":
        return False
    before = text[max(start, match.start() - 24) : match.start()]
    word = _LAST_WORD.search(before)
    if word is None:
        return False
    stem = word.group()
    if stem.isdigit():
        lead = before[: word.start()].rpartition("\n")
        return len(stem) < 4 and not lead[2].strip() and (bool(lead[1]) or match.start() - start < 24)
    is_initial = len(stem) == 1 and stem.isupper()
    return is_initial or stem.lower() in _ABBREVIATIONS
