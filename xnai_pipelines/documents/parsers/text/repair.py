"""Repairs mojibake: UTF-8 that was read in another encoding. A repair needs proof by a round trip.

The proof has two halves. First, the whole text can be encoded in the wrong encoding and decoded as UTF-8 without
loss. In natural text every accented letter would have to stand before one of a few symbols. Second, the result is
writing and the input is not. Single coincidences pass the first half: "l’île" in Mac Roman is valid UTF-8 and
reads "lՔle". So every word of the result must be in one script. If only a few signs change, `ftfy.badness` decides,
a list of sequences that no language writes.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from xnai_pipelines.documents.parsers.text.decode import decode

# Python's own cp125x refuse the bytes that Windows leaves undefined; readers pass them through as controls.
_READ_AS = {
    "latin-1": "latin-1",
    "cp1252": "sloppy-windows-1252",
    "cp1251": "sloppy-windows-1251",
    "mac_roman": "mac_roman",
    "cp437": "cp437",
    "koi8-r": "koi8-r",
}
_TIMES = 3
_ENOUGH_WEIGHT = 4
_SAMPLE_CHARS = 20_000
_NON_ASCII = re.compile("[^\x00-\x7f]+")
_WORDS = re.compile(r"[^\W\d_]+")
_EMOJI = re.compile("[\U0001f300-\U0001faff]")
_CAPITALS = re.compile("[A-Z]{2}[\u00c2-\u00de][^A-Z]")
_LATIN = re.compile("[A-Za-zªº\u00c0-\u024f\u1e00-\u1eff\ufb00-\ufb06]")
_RARE = re.compile(
    "[\x80-\x84\x86-\x9f\u013f\u0140\u017f\u01c0-\u01c3\u0221\u0234-\u02af\u0305\u030d-\u0322\u0529-\u052f\ue000-\uf8ff\ufffe\uffff]"
)


def decode_and_repair(data: bytes) -> tuple[str, str | None]:
    """Return the text of a file before normalisation and all that was repaired in it, None if nothing was.

    Raises:
        UnreadableError: "damaged" if the bytes are not text.
    """
    decoded = decode(data)
    text, mojibake = repair_mojibake(decoded.text)
    return text, all_repairs((decoded.repair, mojibake))


def all_repairs(repairs: Iterable[str | None]) -> str | None:
    """Return what was repaired in the parts of a file, None if nothing was."""
    return "; ".join(dict.fromkeys(filter(None, repairs))) or None


def kinds_of_repair(repair: str) -> list[str]:
    """Return the repairs without counts and places: "damaged bytes of utf-8", "utf-8 read as cp1252"."""
    return [one.partition(":")[0] for one in repair.split("; ")]


def repair_mojibake(text: str) -> tuple[str, str | None]:
    """Return the text as it was written and what was repaired ("utf-8 read as mac_roman"), None if nothing was.

    Expects text before normalisation, which loses signs of the round trip. Repeats up to three times for text that
    was misread more than once: "utf-8 read as cp1252, 2 times".
    """
    undone = _undo(text, _TIMES)
    if undone is None:
        return text, None
    repaired, encodings = undone
    if len(set(encodings)) == 1:
        times = f", {len(encodings)} times" if len(encodings) > 1 else ""
        return repaired, f"utf-8 read as {encodings[0]}{times}"
    return repaired, "utf-8 read as " + ", that as ".join(reversed(encodings))


def _undo(text: str, times: int) -> tuple[str, tuple[str, ...]] | None:
    """Return the text before it was misread, and the wrong encodings, the last one first."""
    if text.isascii() or times == 0:
        return None
    _know_codecs()
    for name, codec in _READ_AS.items():
        try:
            data = text.encode(codec)
            if "\ufffd" in text and "\x1a" not in text:  # the sloppy codecs write a lost sign as a control
                data = data.replace(b"\x1a", "\ufffd".encode())
            repaired = data.decode("utf-8")
        except UnicodeError:
            continue
        if further := _undo(repaired, times - 1):
            return further[0], (name, *further[1])
        if _is_writing(repaired) and _is_evident(text, repaired):
            return repaired, (name,)
    return None


@cache
def _know_codecs() -> None:
    from ftfy import bad_codecs  # only texts that are not ASCII pay for its tables

    codecs.register(bad_codecs.search_function)


def _is_evident(text: str, repaired: str) -> bool:
    """Return whether the repair is certain. Many right signs are not chance; few must also look wrong before."""
    signs = "".join(_NON_ASCII.findall(repaired[:_SAMPLE_CHARS]))
    weight = sum(len(sign.encode()) - 1 for sign in signs)  # bytes that had to fit the byte before them
    if (weight >= _ENOUGH_WEIGHT and len(set(signs)) > 1) or _EMOJI.search(signs):
        return True
    if _CAPITALS.search(text):  # "MISUTÂ\xa0" and "CAFÉ’" may be a name in capitals before a space or a quote
        return False
    from ftfy import badness

    return badness.badness(text) > badness.badness(repaired)


def _is_writing(text: str) -> bool:
    """Return whether no sign is rare, unassigned or private and every word is in one script."""
    if _RARE.search(text) or any(unicodedata.category(sign) in {"Cn", "Co"} for sign in set(text)):
        return False
    return all(word.isascii() or len({_script(sign) for sign in word}) == 1 for word in set(_WORDS.findall(text)))


def _script(letter: str) -> str:
    if letter.isascii() or _LATIN.match(letter):
        return "LATIN"
    script = unicodedata.name(letter, "UNKNOWN").split(maxsplit=1)[0].split("-")[0]
    return "CJK" if script in {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"} else script
