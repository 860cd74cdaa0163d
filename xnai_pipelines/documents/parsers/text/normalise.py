"""Normalises text: Unicode NFC, line feeds between lines, no control characters except tab."""

import re
import unicodedata
from functools import cache
from itertools import pairwise

_NEWLINES = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\u2028\u2029]")
_TERMINAL_ESCAPES = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|[@-Z\\\\^_])")
# C0 and C1 except tab and newline, the byte-order mark, and the noncharacters U+FFFE and U+FFFF.
_REMOVED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
# The same in UTF-8, where the search takes a tenth of the time: most text has none.
_C0_BYTES = bytes(byte for byte in range(0x20) if byte not in b"\t\n") + b"\x7f"
_RARE_BYTES = tuple(char.encode() for char in "\u2028\u2029\ufeff\ufffe\uffff")
_C1_BYTES = re.compile(b"\xc2[\x80-\x9f]")
_SURROGATE_BYTES = re.compile(b"\xed[\xa0-\xbf]")
# C1 controls are never intended: they are quotes, dashes and the like of cp1252, read as Latin-1.
_C1_MEANINGS = {code: meaning for code in range(0x80, 0xA0) if (meaning := bytes([code]).decode("cp1252", "ignore"))}
_MAX_MARK_RUN = 30
_GRAPHEME_JOINER = "\u034f"


def normalise(text: str) -> str:
    """Return the text as every later stage reads it. Idempotent.

    Terminal escape sequences are removed. C1 controls become their characters in cp1252, lone surrogates become
    U+FFFD, and every kind of line end becomes a line feed. Runs of more than 30 combining marks are cut by U+034F,
    as in Unicode's Stream-Safe Text Format (UAX #15, section 13): normalising them takes quadratic time otherwise.
    """
    if _has_controls(text):
        text = _without_controls(text)
    if text.isascii():
        return text
    if _may_have_long_mark_runs(text):
        text = _long_mark_runs().sub(lambda run: _cut(run.group()), text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def single_line(text: str, longest: int = 200) -> str:
    """Return the text on one line with single spaces, cut at `longest` characters: fit for a title."""
    words = " ".join(text[: longest * 4].split())
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


def _has_controls(text: str) -> bool:
    data = text.encode("utf-8", errors="surrogatepass")
    if len(data.translate(None, _C0_BYTES)) != len(data):
        return True
    if text.isascii():
        return False
    found = any(rare in data for rare in _RARE_BYTES)
    return found or bool(_C1_BYTES.search(data)) or bool(_SURROGATE_BYTES.search(data))


def _without_controls(text: str) -> str:
    if "\x1b" in text:
        text = _TERMINAL_ESCAPES.sub("", text)
    text = text.translate(_C1_MEANINGS)
    return _REMOVED.sub("", _NEWLINES.sub("\n", _SURROGATES.sub("\ufffd", text)))


def _may_have_long_mark_runs(text: str) -> bool:
    """Return whether two of every fifteenth character in a row are marks, as in any run of more than thirty."""
    marks = [unicodedata.combining(char) != 0 for char in text[:: _MAX_MARK_RUN // 2]]
    return any(one and next_one for one, next_one in pairwise(marks))


@cache
def _long_mark_runs() -> re.Pattern[str]:
    marks = "".join(char for char in map(chr, range(0x300, 0x1F000)) if unicodedata.combining(char))
    return re.compile(f"[{marks}]{{{_MAX_MARK_RUN + 1},}}")


def _cut(run: str) -> str:
    pieces = (run[at : at + _MAX_MARK_RUN] for at in range(0, len(run), _MAX_MARK_RUN))
    return _GRAPHEME_JOINER.join(pieces)
