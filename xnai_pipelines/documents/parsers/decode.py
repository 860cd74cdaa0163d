"""Bytes to text: byte-order marks, UTF-8, declared and legacy encodings."""

import codecs
import re

from xnai_pipelines.documents.parsers.language import identify_language
from xnai_pipelines.errors import UnreadableError

_BYTE_ORDER_MARKS = (  # UTF-32 first: its little-endian mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARATION = re.compile(rb"(?:charset|encoding|coding)\s{0,4}[=:]\s{0,4}[\"']?([A-Za-z][\w.:-]{1,40})")
_DECLARED_WITHIN = 1024
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1b") + b"\x7f"
_MAX_CONTROLS = 0.02  # random bytes have a tenth
_GUESS_FROM = 64 * 1024
# Code pages that documents really use. With all that Python knows, German in cp1252 is taken for Turkish.
_CODE_PAGES = [
    *("cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("koi8_r", "koi8_u", "cp866", "mac_roman", "mac_cyrillic", "iso8859_2", "iso8859_5", "cp437", "cp850"),
    *("cp852", "cp932", "euc_jp", "gb18030", "big5", "cp949", "cp874", "iso2022_jp"),
]
# The Latin code pages of Windows differ in a few letters: the language decides between them.
_WINDOWS_LATIN = {"cp1250", "cp1252", "cp1254", "cp1257", "cp1258"}
_OF_LANGUAGE = {
    **dict.fromkeys(("pl", "cs", "sk", "hu", "hr", "sl", "bs", "ro", "sq"), "cp1250"),
    **dict.fromkeys(("tr", "az"), "cp1254"),
    **dict.fromkeys(("lt", "lv", "et"), "cp1257"),
    "vi": "cp1258",
}
_ZERO_SAMPLE = 4096


def decode(data: bytes) -> str:
    """Return the decoded text.

    Tries in this order: a byte-order mark, UTF-16 or UTF-32 recognised by their zero bytes, UTF-8, the encoding
    that the file declares (HTML, XML, Python), the guess of charset-normalizer.

    Raises:
        UnreadableError: "damaged" if the bytes are not text in any of them.
    """
    encoding = marked_encoding(data) or _wide_encoding(data)
    if encoding is not None:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            raise UnreadableError(
                "damaged",
                f"The file begins as {encoding}, but byte {error.start:,} is not: it is cut off or mixes encodings. "
                "Save it again as UTF-8.",
            ) from error
    if not _mostly_text(data):
        raise _not_text()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data)


def marked_encoding(data: bytes) -> str | None:
    """Return the codec that the byte-order mark names, None if there is no mark."""
    return next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), None)


def looks_like_text(head: bytes) -> bool:
    """Return whether the head of a file is Unicode text: marked, UTF-16 or UTF-32 by its zeros, or UTF-8."""
    if marked_encoding(head) or _wide_encoding(head):
        return True
    if not _mostly_text(head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character cut at the end is not an error
    except UnicodeDecodeError:
        return False
    return True


def _wide_encoding(data: bytes) -> str | None:
    """Return UTF-16 or UTF-32 if the zeros say so: in Latin text every second byte or three of four are zero."""
    sample = data[:_ZERO_SAMPLE]
    sample = sample[: len(sample) // 4 * 4]
    if len(sample) < 8 or sample.count(0) < len(sample) // 4:
        return None
    share = [sample[at::4].count(0) / (len(sample) // 4) for at in range(4)]
    low, high = 0.1, 0.7
    patterns = (
        ("utf-32-le", share[0] < low and min(share[1:]) > high),
        ("utf-32-be", share[3] < low and min(share[:3]) > high),
        ("utf-16-le", max(share[0], share[2]) < low and min(share[1], share[3]) > high),
        ("utf-16-be", max(share[1], share[3]) < low and min(share[0], share[2]) > high),
    )
    return next((encoding for encoding, fits in patterns if fits), None)


def _decode_legacy(data: bytes) -> str:
    declared = _DECLARATION.search(data, 0, _DECLARED_WITHIN)
    if declared is not None:
        try:
            return data.decode(declared.group(1).decode("ascii"))
        except (LookupError, UnicodeError):
            pass  # an unknown or wrong declaration: the bytes decide
    encoding = _guess(data[:_GUESS_FROM])
    # A byte far into the file that the guessed code page lacks costs one character, not the file.
    return data.decode(encoding, errors="replace")


def _guess(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_CODE_PAGES).best()
    if best is None:
        raise _not_text()
    if best.encoding not in _WINDOWS_LATIN:
        return best.encoding
    language = identify_language(sample.decode("cp1252", errors="replace"))
    return _OF_LANGUAGE.get(language or "", "cp1252")


def _mostly_text(data: bytes) -> bool:
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return controls <= max(1, len(data) * _MAX_CONTROLS)


def _not_text() -> UnreadableError:
    return UnreadableError(
        "damaged", "The file is not text in UTF-8, UTF-16, UTF-32 or a known code page. Save it as UTF-8."
    )
