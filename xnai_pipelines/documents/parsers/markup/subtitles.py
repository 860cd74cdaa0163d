"""Subtitles (SubRip and WebVTT) as text: cues joined into paragraphs, each a page with the time it begins at."""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from xnai_pipelines.documents.parsers.markup.code import parse_plain
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content, Markup, Page
from xnai_pipelines.documents.parsers.text.normalise import single_line

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMES = re.compile(rf"{_TIME}[ \t]*-->[ \t]*{_TIME}[^\n]*")
_BLOCKS = re.compile(r"\n[ \t]*\n+")
_SPEAKER = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]+([^<>]+)>")
_TAG = re.compile(r"</?[a-zA-Z0-9.:_-][^<>]*>|\{\\[^{}]*\}")
_NOT_SHOWN = re.compile(r"(?:STYLE|REGION)\b")
_HEAD = re.compile(r"WEBVTT[ \t]+(?:-[ \t]*)?(\S.*)")
_PAUSE_SECONDS = 3.0
_ROLLS_WITHIN = 0.1  # seconds
_LONGEST = 600  # characters of a paragraph, after which it ends with its sentence
_SENTENCE_END = re.compile(r"""[.!?…。？！]["'»”)]?$""")


class _Cue(NamedTuple):
    """A cue: when it begins and ends in seconds, who speaks, the lines of what is said."""

    start: float
    end: float
    speaker: str
    lines: tuple[str, ...]


def parse_subtitles(text: str, stem: str) -> Content:
    """Return what is said. A paragraph ends at a pause, at another speaker, or after a sentence if it is long.

    Pages carry the times ("at 0:12:30"). Text without cues is returned as it is.
    """
    omitted = Omitted()
    parts: list[str] = []
    pages: list[Page] = []
    at = 0
    for start, paragraph in _paragraphs(_cues(text, omitted)):
        pages.append(Page(at, f"at {_clock(start)}"))
        parts.append(paragraph)
        at += len(paragraph) + len("\n\n")
    if not parts:
        return parse_plain(text, stem)
    head = _HEAD.match(text)
    title = single_line(head.group(1)) if head else stem
    return Content(title, "\n\n".join(parts), Markup.PLAIN, pages=tuple(pages), omissions=omitted.listed())


def _cues(text: str, omitted: Omitted) -> Iterator[_Cue]:
    times: re.Match[str] | None = None
    body: list[str] = []
    for block in _BLOCKS.split(text):
        if block.startswith("NOTE"):
            omitted.add("note", block.removeprefix("NOTE"))
        if _NOT_SHOWN.match(block) or block.startswith("NOTE"):
            continue
        found = list(_TIMES.finditer(block))
        ends = [*(one.start() for one in found), len(block)]
        body.append(_without_name(block[: ends[0]]) if found else block)  # a blank line within the cue before
        for one, end in zip(found, ends[1:], strict=True):
            if times is not None:
                yield from _spoken(times, "\n".join(body))
            said = block[one.end() : end]
            times, body = one, [said if end == len(block) else _without_name(said)]
    if times is not None:
        yield from _spoken(times, "\n".join(body))


def _without_name(text: str) -> str:
    """Return the lines before the times of a cue without the last, which is its number or name."""
    return text.rstrip("\n").rpartition("\n")[0]


def _spoken(times: re.Match[str], body: str) -> Iterator[_Cue]:
    """Yield a cue, or one per speaker."""
    values = times.groups()
    start, end = _seconds(values[:4]), _seconds(values[4:])
    pieces = _SPEAKER.split(body)
    for speaker, said in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        lines = (" ".join(unescape(line).split()) for line in _TAG.sub("", said).split("\n"))
        if shown := tuple(filter(None, lines)):
            yield _Cue(start, end, " ".join(unescape(speaker).split()), shown)


def _paragraphs(cues: Iterator[_Cue]) -> Iterator[tuple[float, str]]:
    begun, said, before = 0.0, "", None
    for cue in cues:
        words = " ".join(cue.lines[_repeated(before, cue) :] if before is not None else cue.lines)
        if not words:
            before = cue
            continue
        is_new = before is None or (
            cue.start - before.end > _PAUSE_SECONDS
            or (cue.speaker != before.speaker)
            or (len(said) > _LONGEST and _SENTENCE_END.search(said) is not None)
        )
        if is_new:
            if said:
                yield begun, said
            begun, said = cue.start, f"{cue.speaker}: {words}" if cue.speaker else words
        else:
            said = f"{said} {words}"
        before = cue
    if said:
        yield begun, said


def _repeated(before: _Cue, cue: _Cue) -> int:
    """Return how many lines of a cue are those that the cue before ends with: captions that roll up show them again."""
    if cue.lines == before.lines:
        return len(cue.lines)
    most = min(len(before.lines), len(cue.lines)) if cue.start - before.end < _ROLLS_WITHIN else 0
    return next((count for count in range(most, 0, -1) if before.lines[-count:] == cue.lines[:count]), 0)


def _seconds(values: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (int(value or 0) for value in values)
    return hours * 3600 + minutes * 60 + seconds + fraction / 1000


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
