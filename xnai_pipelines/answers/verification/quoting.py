"""Whether a text is quoted from a document: found there up to white space, quotation marks and Unicode form."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_MARKS = dict.fromkeys("\"'`´‘’‚‛“”„‟«»‹›ʼ＂＇「」『』", '"') | dict.fromkeys("-‐‑‒–—―−", "-")
_SPAN = re.compile(
    r"(?<!\w)\"(?=\S)([^\"\n]{8,})(?<=\S)\"(?!\w)|“([^”\n]{8,})”|«([^»\n]{8,})»|„([^“”\n]{8,})[“”]|「([^」\n]{4,})」"
)
_EDGES = " \t\n\"'.,;:!?…。！？"
_JOINERS = frozenset(".,'’/:-")
_ENDERS = frozenset(".!?…。！？")


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text to look quotes up in, and the place in the original that each of its characters comes from."""

    text: str
    places: Sequence[int]


def normalised(text: str) -> Normalised:
    """Return a text in NFKC with one kind of space, quotation mark and dash, and without invisible characters."""
    if text.isascii() and not re.search(r"[\"'`\t\n\r\f\v\x1c-\x1f]|  ", text):
        return Normalised(text, range(len(text)))
    characters: list[str] = []
    places: list[int] = []
    at = 0
    while at < len(text):
        end = at + 1
        while end < len(text) and unicodedata.combining(text[end]):  # a letter and its accents are one
            end += 1
        for character in unicodedata.normalize("NFKC", text[at:end]):
            character = " " if character.isspace() else _MARKS.get(character, character)
            invisible = unicodedata.category(character) == "Cf"
            if not invisible and not (character == " " and characters[-1:] == [" "]):
                characters.append(character)
                places.append(at)
        at = end
    return Normalised("".join(characters), places)


def find_quote(quote: str, document: str, prepared: Normalised) -> tuple[int, int] | None:
    """Return the range of a document that reads as the quote, None if there is none.

    Marks at the quote's ends do not count, nor whether its first letter is a capital, but those that the document has
    there as well are in the range. A range begins and ends at whole words and numbers: "5" is no quote from "1.5".

    Args:
        quote: What is looked for.
        document: The text itself.
        prepared: The same text, from `normalised`.
    """
    whole = normalised(quote).text
    wanted = whole.strip(_EDGES)
    if not wanted:
        return None
    lead, _, tail = whole.partition(wanted)
    flipped = wanted[0].swapcase() + wanted[1:]
    for form in dict.fromkeys((wanted, flipped if len(flipped) == len(wanted) else wanted)):
        at = prepared.text.find(form)
        while at >= 0:
            after = at + len(form)
            if _is_whole(prepared.text, at, after):
                first, last = _with_marks(prepared.text, at, after, lead, tail)
                end = prepared.places[last] if last < len(prepared.places) else len(document)
                start = prepared.places[first]
                return start, start + len(document[start:end].rstrip())
            at = prepared.text.find(form, at + 1)
    return None


def _with_marks(text: str, start: int, end: int, lead: str, tail: str) -> tuple[int, int]:
    """Return a range with the marks of the quote that are beside it in the text, and the mark that ends a sentence."""
    for mark in reversed(lead.lstrip()):
        if start == 0 or text[start - 1] != mark:
            break
        start -= 1
    for mark in tail.rstrip():
        if text[end : end + 1] != mark:
            break
        end += 1
    ends = end < len(text) and text[end] in _ENDERS and not text[end + 1 : end + 2].strip()
    return start, end + ends


def quoted_spans(text: str) -> list[str]:
    """Return what stands in quotation marks in a sentence, of at least eight characters."""
    return [next(filter(None, match.groups())) for match in _SPAN.finditer(text)]


def without_spans(text: str) -> str:
    """Return a sentence without what stands in quotation marks."""
    return _SPAN.sub(" ", text)


def _is_whole(text: str, start: int, end: int) -> bool:
    return not (_joins(text, start, -1) or _joins(text, end, +1))


def _joins(text: str, at: int, step: int) -> bool:
    """Return whether the word or number at a cut goes on beyond it."""
    inner, outer = (at, at - 1) if step < 0 else (at - 1, at)
    if not 0 <= outer < len(text) or not text[inner].isalnum():
        return False
    if text[outer].isalnum():
        return text[outer] < "\u0e00" or text[outer].isdigit()  # scripts without spaces have no such edges
    beyond = outer + (1 if step > 0 else -1)
    if text[outer] in _JOINERS and 0 <= beyond < len(text):
        return text[inner].isdigit() and text[beyond].isdigit()
    return text[outer] in "%‰°½¼¾" and text[inner].isdigit()
