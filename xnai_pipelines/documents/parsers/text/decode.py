"""Bytes to text: byte-order marks, UTF-8, declared and legacy encodings. Damaged bytes are replaced and named."""

import codecs
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from xnai_pipelines.documents.parsers.text.legacy_encodings import legacy_encoding
from xnai_pipelines.errors import UnreadableError

_BYTE_ORDER_MARKS = (  # UTF-32 first: its little-endian mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARATION = re.compile(rb"(?:charset|encoding|coding)\s{0,4}[=:]\s{0,4}[\"']?([A-Za-z][\w.:-]{1,40})")
_MARKUP = re.compile(rb"(?:<(?:meta|\?xml)\b[^>]*|#[^\n]*|@)\Z", re.IGNORECASE)
_WESTERN = {"ascii", "iso8859-1", "iso8859-15", "cp1252"}  # what templates declare and programs assume
_DECLARED_WITHIN = 1024
_MEANT = {  # programs name the small standard and write the large one (WHATWG Encoding, section 4.2)
    **dict.fromkeys(("gb2312", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("ks_c_5601-1987", "euc-kr"), "cp949"),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis"), "cp932"),
    **dict.fromkeys(("iso-8859-1", "us-ascii"), "cp1252"),
    **dict.fromkeys(("tis-620", "windows-874", "iso-8859-11"), "cp874"),
    "big5": "big5hkscs",
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso-8859-8",
    "x-mac-cyrillic": "mac-cyrillic",
}
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1b") + b"\x7f"
_MAX_CONTROLS = 0.02  # random bytes have a tenth
_ZERO_SAMPLE = 4096
_ESCAPES = ((b"\x1b$B", "iso2022_jp_2"), (b"\x1b$@", "iso2022_jp_2"), (b"\x1b$)C", "iso2022_kr"))

_GOOD_PER_BAD = 3  # characters of several bytes that prove UTF-8, for each damaged place
_MAX_DAMAGED = 0.1  # of the characters
_PROVED_WITHIN = 64 * 1024
_SURELY_BAD = 100
_CUT_CHARACTER = 2  # bytes of a cut character at the end that no other encoding would have there
_NAMED_PLACES = 5
_ESCAPED = re.compile("([\udc80-\udcff])")  # what "surrogateescape" makes of damaged bytes
_ESCAPES_OF_BYTES = "".join(map(chr, range(0xDC80, 0xDD00)))
_ESCAPED_RUN = re.compile("[\udc80-\udcff]+")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")
_REPLACED = "\ufffd"
_LETTERS_OF_TEXT = 0.6
_SCRIPTS_OF_TEXT = 3


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and what had to be repaired to decode it; None if nothing had to be."""

    text: str
    repair: str | None = None


def decode(data: bytes) -> Decoded:
    """Return the decoded text. Bytes that are damaged become U+FFFD, and the repair names their places.

    Tries in this order: a byte-order mark; UTF-16 or UTF-32 recognised by their zero bytes or their letters; UTF-8; the
    encoding that the file's markup declares; UTF-8 with damaged bytes; the legacy encoding that `legacy_encoding`
    finds; an encoding that the text mentions. Markup that declares a Western encoding is often a template's: it is
    believed unless the bytes are another script. NUL bytes in other text are removed.

    Raises:
        UnreadableError: "damaged" if the bytes are not text in any of them.
    """
    encoding = marked_encoding(data) or _wide_encoding(data)
    if encoding is not None:
        return _repaired(data, encoding)
    if not _mostly_text(data.replace(b"\0", b"")):
        encoding = _wide_letters(data)
        if encoding is None:
            raise _not_text()
        return _repaired(data, encoding)
    if b"\0" not in data:
        return _decode_bytes(data)
    whole = _decode_bytes(data.replace(b"\0", b""))
    if not whole.text.strip():
        raise _not_text()
    removed = f"NUL bytes removed: {data.count(0):,} from byte {data.index(0):,} on"
    return Decoded(whole.text, "; ".join(filter(None, (removed, whole.repair))))


def meant_encoding(declared: str) -> str:
    """Return the codec that a name of an encoding stands for in what programs write."""
    return _MEANT.get(declared.lower(), declared.lower())


def marked_encoding(data: bytes) -> str | None:
    """Return the codec that the byte-order mark names, None if there is no mark."""
    return next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), None)


def looks_like_text(head: bytes) -> bool:
    """Return whether the head of a file is Unicode text: marked, UTF-16 or UTF-32, or UTF-8 with few damaged bytes."""
    if marked_encoding(head) or _wide_encoding(head) or is_utf8(head):
        return True
    return not _mostly_text(head) and _wide_letters(head) is not None


def is_legacy_text(head: bytes) -> bool:
    """Return whether the head of a file is surely text in a legacy encoding, whatever its name promises."""
    return b"\0" not in head and _mostly_text(head) and legacy_encoding(head) is not None


def is_utf8(head: bytes) -> bool:
    """Return whether the head of a file is UTF-8 text, with or without a mark, with few damaged bytes."""
    if marked_encoding(head) not in {None, "utf-8-sig"} or _wide_encoding(head) or not _mostly_text(head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character cut at the end is not an error
    except UnicodeDecodeError:
        return _is_damaged_utf8(head)
    return True


def damaged_utf8(data: bytes) -> Decoded:
    """Return UTF-8 with damaged bytes as U+FFFD, and the repair with their number and places."""
    places: list[int] = []
    at = 0
    for piece in _ESCAPED.split(data.decode("utf-8", errors="surrogateescape")):
        if _ESCAPED.fullmatch(piece):
            places.append(at)
        at += len(piece.encode("utf-8", "surrogateescape"))
    return Decoded(data.decode("utf-8", errors="replace"), _damage(len(places), "utf-8", places) if places else None)


def _damage(count: int, encoding: str, places: list[int]) -> str:
    named = ", ".join(f"{place:,}" for place in places[:_NAMED_PLACES]) + ", …" * (len(places) > _NAMED_PLACES)
    return f"damaged bytes of {encoding}: {count:,}" + (f" at byte {named}" if places else "")


def _repaired(data: bytes, encoding: str) -> Decoded:
    """Return the text in a known encoding.

    Raises:
        UnreadableError: "damaged" if a tenth of the characters is not in the encoding.
    """
    try:
        return Decoded(data.decode(encoding))
    except UnicodeDecodeError as error:
        first = error.start
    if encoding in {"utf-8", "utf-8-sig"}:
        whole = damaged_utf8(data)
        whole = Decoded(whole.text.removeprefix("\ufeff"), whole.repair)
    else:
        text = data.decode(encoding, errors="replace")
        whole = Decoded(text, f"{_damage(text.count(_REPLACED), encoding, [])}, the first at byte {first:,}")
    if whole.text.count(_REPLACED) > _MAX_DAMAGED * len(whole.text):
        raise UnreadableError(
            "damaged",
            f"The file begins as {encoding}, but byte {first:,} is not: it is cut off or mixes encodings. "
            "Save it again as UTF-8.",
        )
    return whole


def _wide_encoding(data: bytes) -> str | None:
    """Return UTF-16 or UTF-32 if the zeros say so: in Latin text every second byte or three of four are zero."""
    sample = data[:_ZERO_SAMPLE]
    sample = sample[: len(sample) // 4 * 4]
    if len(sample) < 8 or sample.count(0) < len(sample) // 4:
        return None
    share = [sample[at::4].count(0) / (len(sample) // 4) for at in range(4)]
    low, high = 0.1, 0.7
    patterns = (
        ("utf-32-le", share[0] < low and min(share[2:]) > high),
        ("utf-32-be", share[3] < low and min(share[:2]) > high),
        ("utf-16-le", max(share[0], share[2]) < low and min(share[1], share[3]) > high),
        ("utf-16-be", max(share[1], share[3]) < low and min(share[0], share[2]) > high),
    )
    return next((encoding for encoding, fits in patterns if fits), None)


def _wide_letters(data: bytes) -> str | None:
    """Return UTF-16 of another script: read as such, nearly all is letters of few scripts, spaces and punctuation."""
    sample = data[: _ZERO_SAMPLE // 2 * 2]
    if len(sample) < 8:
        return None
    fitting: list[tuple[int, str]] = []  # swapped bytes of a script can be letters too, but of more scripts
    for encoding in ("utf-16-le", "utf-16-be"):
        text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(sample)
        letters = [char for char in text if char.isalpha()]
        scripts = {unicodedata.name(char, "?").split("-")[0].split()[0] for char in letters}
        strange = sum(unicodedata.category(char) in {"Cn", "Co", "Cc", "Cs"} and char not in "\t\r\n" for char in text)
        known = len(letters) + sum(char.isascii() or unicodedata.category(char)[0] in "MP" for char in text)
        if (
            len(letters) >= _LETTERS_OF_TEXT * len(text)
            and known >= (1 - _MAX_DAMAGED) * len(text)
            and len(scripts) <= _SCRIPTS_OF_TEXT
            and strange <= _MAX_CONTROLS * len(text)
        ):
            fitting.append((len(scripts), encoding))
    return min(fitting)[1] if fitting else None


def _decode_bytes(data: bytes) -> Decoded:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data)
    if "\x1b$" in text and data.isascii():
        for escape, encoding in _ESCAPES:
            if escape in data:
                return Decoded(data.decode(encoding, errors="replace"))
    return Decoded(text)


def _decode_legacy(data: bytes) -> Decoded:
    declared = _as_declared(data)
    if declared and declared.in_markup and not declared.is_western:
        return Decoded(declared.text)
    if _is_damaged_utf8(data):
        return _repaired(data, "utf-8")
    encoding = legacy_encoding(data)
    if declared and (encoding is None or (declared.in_markup and _is_of_one_script(declared.text, data, encoding))):
        return Decoded(declared.text)
    if encoding is not None:
        return _repaired(data, encoding)
    # Nothing is known of the few bytes beyond ASCII: the rest of the text is worth keeping.
    if sum(byte >= 0x80 for byte in data) > _MAX_DAMAGED * len(data):
        raise _not_text()
    return _repaired(data, "utf-8")


class _Declared(NamedTuple):
    """A text in the encoding that it declares, whether markup declares it, and whether it is a template's default."""

    text: str
    in_markup: bool
    is_western: bool


def _as_declared(data: bytes) -> _Declared | None:
    """Return the text in the encoding that it declares, None if it declares none that fits."""
    declared = _DECLARATION.search(data, 0, _DECLARED_WITHIN)
    if declared is None:
        return None
    try:
        codec = codecs.lookup(meant_encoding(declared.group(1).decode("ascii"))).name
        in_markup = _MARKUP.search(data[: declared.start()]) is not None
        return _Declared(data.decode(codec), in_markup, codec in _WESTERN)
    except (LookupError, UnicodeError):
        return None  # the bytes decide


def of_another_script(data: bytes, declared: str) -> Decoded | None:
    """Return the text of bytes that declare a Western encoding but are surely another script, None if they are not."""
    try:
        text = data.decode(declared, errors="replace")
    except LookupError:
        return None
    encoding = None if _main_script(text) != "LATIN" else legacy_encoding(data)
    if encoding is None or _is_of_one_script(text, data, encoding):
        return None
    return _repaired(data, encoding)


def _is_of_one_script(text: str, data: bytes, encoding: str) -> bool:
    return _main_script(text) == _main_script(data.decode(encoding, "replace"))


def _main_script(text: str) -> str:
    """Return the script of most letters beyond ASCII."""
    letters = islice((char for char in text if char > "\x7f" and char.isalpha()), _ZERO_SAMPLE)
    scripts = Counter(unicodedata.name(char, "?").split()[0] for char in letters)
    return scripts.most_common(1)[0][0] if scripts else ""


def _is_damaged_utf8(data: bytes) -> bool:
    """Return whether characters of several bytes prove UTF-8 although some bytes are damaged."""
    head = data[:_PROVED_WITHIN].decode("utf-8", errors="surrogateescape")
    good, bad = _good_and_bad(head)
    if bad > _SURELY_BAD and good < bad:  # long legacy text is told by its head
        return False
    text = data.decode("utf-8", errors="surrogateescape") if len(data) > _PROVED_WITHIN else head
    good, bad = _good_and_bad(text)
    at_end = len(text) - len(text.rstrip(_ESCAPES_OF_BYTES))
    if bad == 1 and at_end and _is_cut(data[-at_end:]):
        return good > 0 or at_end >= _CUT_CHARACTER
    return good >= _GOOD_PER_BAD * bad


def _good_and_bad(text: str) -> tuple[int, int]:
    """Return how many characters beyond ASCII, and how many runs of damaged bytes, the text has."""
    beyond = sum(map(len, _BEYOND_ASCII.findall(text)))
    runs = _ESCAPED_RUN.findall(text)
    return beyond - sum(map(len, runs)), len(runs)


def _is_cut(end: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(end)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_text(data: bytes) -> bool:
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return controls <= max(1, len(data) * _MAX_CONTROLS)


def _not_text() -> UnreadableError:
    return UnreadableError(
        "damaged",
        "The file is not text in UTF-8, UTF-16, UTF-32 or an encoding that can be told. Save it as UTF-8.",
    )
