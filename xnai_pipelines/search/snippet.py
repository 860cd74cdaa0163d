"""The part of a passage that shows why it was found: its section, and some words of it."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from xnai_pipelines.search.stems import stem
from xnai_pipelines.search.words import RUN, folded, words

_WORD, _ASCII_WORD = re.compile(RUN), re.compile(r"[A-Za-z0-9]+")  # the same in ASCII, found in half the time
_HEAD = 2  # letters in which words of one stem agree: "dying" and "die"
_LAST_SOUGHT = 64  # words of questions by language: those of one question are sought in each of its results


def snippet(text: str, wanted: Sequence[str], language: str | None, length: int = 240) -> str:
    """Return about `length` characters around the most wanted words in the text, marked with **asterisks**.

    Words match by stem in the passage's language, as the keyword index matches them.

    Args:
        text: The passage.
        wanted: Words in their exact form.
        language: ISO 639-1 code of the passage's language, None if unknown.
        length: Number of characters.
    """
    text = text.replace("**", "")  # the text's own bold would look like marks
    matches = _matches(text, wanted, language)
    start, end = _window(text, matches, length)
    shown, at = ["... " if start else ""], start
    for first, last in matches:
        if start <= first and last <= end:
            shown += [text[at:first], "**", text[first:last], "**"]
            at = last
    shown += [text[at:end], " ..." if end < len(text) else ""]
    return " ".join("".join(shown).split())


def best_part(text: str, starts: Sequence[int], wanted: Sequence[str], language: str | None) -> int:
    """Return which part of a text has the most distinct wanted words; the first of equals.

    Args:
        text: The passage.
        starts: Where its parts begin, ascending.
        wanted: Words in their exact form.
        language: ISO 639-1 code of the passage's language, None if unknown.
    """
    if len(starts) == 1:
        return 0
    found: list[set[str]] = [set() for _ in starts]
    for first, last in _matches(text, wanted, language):
        found[bisect_right(starts, first) - 1].add(text[first:last].casefold())
    return max(range(len(starts)), key=lambda part: len(found[part]))


def _matches(text: str, wanted: Sequence[str], language: str | None) -> list[tuple[int, int]]:
    """Return the ranges of the text's words that are wanted; of writing without spaces, the wanted characters."""
    sought = _sought(tuple(wanted), language)
    written = set((_ASCII_WORD if text.isascii() else _WORD).findall(text))
    tokens = [
        # a plain word can match only if it begins as a wanted one does; a call for each word would take as long again
        token
        for token in written
        if token[:_HEAD] in sought.heads
        or not ((token.islower() or token.istitle()) and token.isalpha() and token.isascii())
    ]
    found: list[tuple[int, int]] = []
    for token in tokens:
        term, several = _term(token, language)
        inside = _inside(token, sought.words) if several else []
        if term in sought.stems and not inside:
            inside = [(0, len(token))]
        if inside:
            found += ((at + first, at + last) for at in _places(token, text) for first, last in inside)
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Sought:
    """Wanted words, their stems in a language, and how plain words with one of these stems begin."""

    words: tuple[str, ...]
    stems: frozenset[str]
    heads: frozenset[str]


@lru_cache(maxsize=_LAST_SOUGHT)
def _sought(wanted: tuple[str, ...], language: str | None) -> _Sought:
    # a letter of unspaced writing is wanted alone only if no word has it
    words = tuple(one for one in wanted if len(one) > 1 or one.isascii() or sum(one in other for other in wanted) == 1)
    heads = {word[:_HEAD] for word in words}
    stems = frozenset(stem(word, language) for word in words)
    return _Sought(words, stems, frozenset(heads | {head.title() for head in heads}))


def _places(token: str, text: str) -> Iterator[int]:
    """Yield where the text has a token as a whole."""
    at = text.find(token)
    while at >= 0:
        end = at + len(token)
        if not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum()):
            yield at
        at = text.find(token, end)


@lru_cache(maxsize=200_000)
def _term(token: str, language: str | None) -> tuple[str, bool]:
    """Return the stem of a run of letters, and whether it is several words, as in writing without spaces."""
    if token.isascii() and token.isalpha() and (token.islower() or token.istitle()):
        return stem(token.lower(), language), False
    spoken = [word.text for word in words(token)]
    return (stem(spoken[0], language) if spoken else "", len(spoken) > 1)


def _inside(run: str, wanted: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest ranges of a run of letters that are covered by wanted words."""
    lower = folded(run)
    if len(lower) != len(run):
        return []
    covered = [False] * len(run)
    for word in wanted:
        at = lower.find(word)
        while at >= 0:
            covered[at : at + len(word)] = [True] * len(word)
            at = lower.find(word, at + 1)
    ranges: list[tuple[int, int]] = []
    for at, inside in enumerate(covered):
        if inside and ranges and ranges[-1][1] == at:
            ranges[-1] = (ranges[-1][0], at + 1)
        elif inside:
            ranges.append((at, at + 1))
    return ranges


def _window(text: str, matches: list[tuple[int, int]], length: int) -> tuple[int, int]:
    """Return the range with the most distinct matched words, cut at white space."""
    if len(text) <= length:
        return 0, len(text)
    best, most = 0, -1
    said = [(a, b, text[a:b].casefold()) for a, b in matches]
    for first, _ in matches or [(0, 0)]:
        inside = {word for a, b, word in said if first <= a and b <= first + length - 40}
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
