"""One record to one document: id, title and text, then every other field by its name."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xnai_pipelines.documents.parsers.parsed import BadRecord, Content, Heading, Markup
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.text.repair import all_repairs, repair_mojibake

IDS = ("_id", "id")
_MAIN = {"title", "text"}
_MAX_DEPTH = 20
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class DecodedRow:
    """The columns of a record, and what was repaired to decode it."""

    columns: Mapping[str, Any]
    repair: str | None = None


class Number(str):
    """A number as it is written: 12.50 stays 12.50."""

    __slots__ = ()


def has_columns(names: Iterable[str]) -> bool:
    """Return whether a record with these columns is a document: it has an id and a text."""
    given = set(names)
    return "text" in given and not given.isdisjoint(IDS)


def distinct_names(names: Iterable[str]) -> list[str]:
    """Return column names that differ: "text", "text (2)". One without a name is "column 3"."""
    used: Counter[str] = Counter()
    found: list[str] = []
    for place, name in enumerate(names, 1):
        named = " ".join(name.split()) or f"column {place}"
        used[named] += 1
        found.append(named if used[named] == 1 else f"{named} ({used[named]})")
    return found


def distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object that keeps the values of repeated keys, for `object_pairs_hook`."""
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    return dict(zip(distinct_names(key for key, _ in pairs), (value for _, value in pairs), strict=True))


def record_document(place: str, row: DecodedRow) -> Content | BadRecord:
    """Return the document of a record: title, text, and a line "name: value" for every other field that has a value."""
    columns = row.columns
    id_key = next((key for key in IDS if columns.get(key) is not None), "")
    value = columns.get(id_key)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not (name := _id(value)):
        return BadRecord(place, "damaged", "The record has no id: _id or id must be a string or a number.")
    title = single_line(normalise(title := "; ".join(_values(columns.get("title")))), longest=max(len(title), 1))
    text, mojibake = repair_mojibake("\n".join(_values(columns.get("text"))))
    text = normalise(text).strip()
    if text and not text.strip("\ufffd"):
        return BadRecord(place, "damaged", "The text of the record is not UTF-8, unlike the rows before it.")
    others = [
        f"{single_line(normalise(path))}: {words}"
        for key, field in columns.items()
        if key not in _MAIN and not (key in IDS and (key == id_key or field == value))
        for path, item in _flat(key, field)
        if (words := normalise(item).strip())
    ]
    if not title and not text and not any(_LETTER.search(line.partition(": ")[2]) for line in others):
        return BadRecord(name, "empty", f"{place}: the record has neither a title nor a text.")
    return Content(
        title=single_line(title) or name,
        text="\n\n".join(part for part in (title, text, "\n".join(others)) if part),
        markup=Markup.PLAIN,
        headings=(Heading(0, 1, single_line(title)),) if title else (),
        record_id=name,
        encoding_repair=all_repairs((row.repair, mojibake)),
    )


def _id(value: str | float) -> str:
    return normalise(str(value)).strip()


def _values(value: Any) -> list[str]:
    """Return the texts of a value; those of an object follow their names."""
    return [words if path == "" else f"{path}: {words}" for path, words in _flat("", value)]


def _flat(path: str, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every value in a value. A list of plain values is one text."""
    if value is None:
        return
    if isinstance(value, Mapping) and depth < _MAX_DEPTH:
        for key, item in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), item, depth + 1)
    elif isinstance(value, list | tuple) and depth < _MAX_DEPTH:
        if any(isinstance(item, Mapping | list | tuple) for item in value):
            for place, item in enumerate(value, 1):
                yield from _flat(f"{path}.{place}" if path else str(place), item, depth + 1)
        elif value:
            yield path, ("\n" if path == "" else ", ").join(_plain(item) for item in value if item is not None)
    else:
        yield path, _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"({len(value):,} bytes)" if isinstance(value, bytes) else str(value)
