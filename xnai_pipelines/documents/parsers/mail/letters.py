"""A letter that was sent in two versions, plain and HTML, as one text."""

import re

_WORD = re.compile(r"[^\W_]+")
_ASIDE = re.compile(r"https?://\S+|\[(?:cid|image):[^\]]*\]")  # addresses of links and pictures
_MIN_LENGTH = 0.6  # of the HTML's: a shorter plain text is a note
_BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")


def whole_letter(plain: str, rich: str) -> str:
    """Return the plain letter if it has every word of the HTML one.

    Otherwise, return the HTML one, then the paragraphs of the plain one that have words of their own. A short plain one
    is left out: it says that the letter is HTML, or how to leave a mailing list.
    """
    in_rich = _words(rich)
    if in_rich <= _words(plain):
        return plain
    if len(plain) < _MIN_LENGTH * len(rich):
        return rich
    own = (paragraph for paragraph in _BLANK_LINE.split(plain) if not _words(paragraph) <= in_rich)
    return "\n\n".join([rich, *own])


def _words(text: str) -> set[str]:
    return set(_WORD.findall(_ASIDE.sub(" ", text).casefold()))
