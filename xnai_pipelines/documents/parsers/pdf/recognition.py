"""Text recognition (OCR) of pages that are pictures, by the program `tesseract`. Pages are sent to it one at a time."""

import csv
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from xnai_pipelines.documents.parsers.text.normalise import normalise
from xnai_pipelines.errors import SettingsError

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_DPI = 300  # what its models were trained for
_MAX_PIXELS = 50_000_000  # of a page: A1 in 200 DPI; larger ones are drawn smaller
_SHARE_OF_TIME = 0.8  # of a document's limit, so that what was recognised is kept
_MIN_CONFIDENCE = 50.0  # below it a picture has no writing, or none in these languages
_WORD = "5"  # level of a word in tesseract's table
_LANGUAGES = re.compile(r"[A-Za-z_/]+(\+[A-Za-z_/]+)*")


@dataclass(frozen=True, slots=True)
class RecognisedPage:
    """The text of a page and how sure its words are, 0 to 100."""

    text: str
    confidence: float


class PageRecogniser:
    """Recognises the pages of one document, as long as its time lasts.

    Args:
        languages: Languages as tesseract names them, "eng+rus".
        seconds: Limit of the document.
    """

    def __init__(self, languages: str, seconds: float) -> None:
        self._languages = languages
        self._ends = time.monotonic() + _SHARE_OF_TIME * seconds

    def page(self, page: "PdfPage") -> RecognisedPage | None:
        """Return the text of a page; None if it has no writing, or no time is left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            return None
        command = ["tesseract", "stdin", "stdout", "-l", self._languages, "--dpi", str(_DPI), "tsv"]
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        try:
            done = subprocess.run(
                command, input=_picture(page), capture_output=True, timeout=left, env=environment, check=True
            )
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
            return None
        return _read(done.stdout.decode("utf-8", "replace"))


def check_languages(languages: str) -> None:
    """Check that pages can be recognised in these languages.

    Raises:
        SettingsError: The program or a language is not installed; the message names it.
    """
    wanted = f"XNAI_OCR_LANGUAGES is {languages!r}"
    if not _LANGUAGES.fullmatch(languages):
        raise SettingsError(f"{wanted}; it must be languages as tesseract names them, such as eng+deu.")
    try:
        listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise SettingsError(
            f"{wanted}, but the program tesseract is not installed. On Debian: apt-get install tesseract-ocr."
        ) from None
    installed = listed.stdout.split("\n")[1:]
    missing = [one for one in languages.split("+") if one not in installed]
    if missing:
        raise SettingsError(
            f"{wanted}, but tesseract lacks {', '.join(missing)}. It has {', '.join(filter(None, installed))}. "
            f"On Debian: apt-get install tesseract-ocr-{missing[0].replace('_', '-').lower()}."
        )


def _picture(page: "PdfPage") -> bytes:
    """Return the page as a grey picture in the PGM format."""
    width, height = page.get_size()
    scale = min(_DPI / 72, (_MAX_PIXELS / max(width * height, 1)) ** 0.5)
    drawn = page.render(scale=scale, grayscale=True)
    pixels = drawn.to_numpy().reshape(drawn.height, drawn.width)  # copied without the padding of its lines
    return b"P5 %d %d 255\n" % (drawn.width, drawn.height) + bytes(pixels.tobytes())


def _read(table: str) -> RecognisedPage | None:
    words = [
        row
        for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        if row["level"] == _WORD and row["text"].strip()
    ]
    letters = sum(len(row["text"]) for row in words)
    if not letters:
        return None
    confidence = sum(float(row["conf"]) * len(row["text"]) for row in words) / letters
    if confidence < _MIN_CONFIDENCE:
        return None
    return RecognisedPage(normalise("\n\n".join(_paragraphs(words))), confidence)


def _paragraphs(words: Sequence[Mapping[str, str]]) -> Iterator[str]:
    for _, paragraph in groupby(words, key=lambda row: (row["block_num"], row["par_num"])):
        lines = groupby(paragraph, key=lambda row: row["line_num"])
        yield "\n".join(" ".join(row["text"] for row in line) for _, line in lines)
