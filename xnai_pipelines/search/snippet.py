"""The part of a passage that shows why it was found."""

import re
from collections.abc import Callable, Set

WORD = re.compile(r"[^\W_]+")

Stems = Callable[[str], dict[int, str]]
"""Maps the position of each word of a text to its stem, as the keyword index splits it; stop words have none."""


def snippet(text: str, question: str, stems: Stems, length: int = 240) -> str:
    """Return about `length` characters around the most question words in the text, marked with **asterisks**.

    Words match by stem, as the keyword index matches them.
    """
    text = text.replace("**", "")  # the text's own bold would look like marks
    matches = _matches(text, set(stems(question).values()), stems)
    start, end = _window(text, matches, length)
    shown, at = ["... " if start else ""], start
    for first, last in matches:
        if start <= first and last <= end:
            shown += [text[at:first], "**", text[first:last], "**"]
            at = last
    shown += [text[at:end], " ..." if end < len(text) else ""]
    return " ".join("".join(shown).split())


def _matches(text: str, wanted: Set[str], stems: Stems) -> list[tuple[int, int]]:
    """Return the ranges of the text's words whose stem is wanted."""
    words = list(WORD.finditer(text))
    # Separated by spaces, so that the index counts the words as they are counted here. They follow a word that is never
    # dropped, because the index starts to count at the first word it keeps.
    of_text = stems(" ".join(["0", *(word.group() for word in words)]))
    if max(of_text, default=0) <= len(words):
        return [word.span() for at, word in enumerate(words, start=1) if of_text.get(at) in wanted]
    # Writing without spaces, which the index splits itself; it does not stem there either.
    found = re.finditer("|".join(sorted(map(re.escape, wanted), key=len, reverse=True)), text, re.IGNORECASE)
    return [match.span() for match in found if match.group()]


def _window(text: str, matches: list[tuple[int, int]], length: int) -> tuple[int, int]:
    """Return the range with the most distinct matched words, cut at white space."""
    if len(text) <= length:
        return 0, len(text)
    best, most = 0, -1
    for first, _ in matches or [(0, 0)]:
        inside: Set[str] = {text[a:b].casefold() for a, b in matches if first <= a and b <= first + length - 40}
        if len(inside) > most:
            best, most = first, len(inside)
    start = max(0, min(best - 40, len(text) - length))
    end = min(len(text), start + length)
    if start:
        start = _after_space(text, start, best)
    if end < len(text):
        space = text.rfind(" ", start, end)
        end = space if space > start + length // 2 else end
    return start, end


def _after_space(text: str, start: int, limit: int) -> int:
    space = text.find(" ", start, limit)
    return start if space < 0 else space + 1
