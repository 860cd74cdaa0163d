"""Multi-record files: JSON Lines, CSV and TSV, Parquet. A record with an id and a text is a document.

A file without such columns is one document: a Markdown table, or plain text for JSON Lines.
"""

import csv
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO, TextIOWrapper
from itertools import chain, islice
from typing import Any, BinaryIO

from xnai_pipelines.documents.parsers.code import parse_plain
from xnai_pipelines.documents.parsers.decode import decode, looks_like_text, marked_encoding
from xnai_pipelines.documents.parsers.markdown import table_row, table_rule
from xnai_pipelines.documents.parsers.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.parsed import BadRecord, Content, Heading, Markup, Source
from xnai_pipelines.documents.parsers.repair import decode_and_repair, repair_mojibake
from xnai_pipelines.errors import UnreadableError

_IDS = ("_id", "id")
_PEEKED = 10
_HEAD = 64 * 1024
_BATCH_ROWS = 256
_DELIMITERS = ",;\t|"


def parse_jsonl(source: Source) -> Iterator[Content | BadRecord]:
    """Yield a document per line that is an object with an id and a text. Memory is bounded.

    Raises:
        UnreadableError: "too_large" if the file has no records and exceeds the limit.
    """
    with source.path.open("rb") as stream:
        head = stream.read(4)
        stream.seek(0)
        if (encoding := marked_encoding(head)) not in {None, "utf-8-sig"}:
            lines: Iterator[bytes] = (line.encode() for line in TextIOWrapper(stream, encoding))
        else:
            lines = _bounded_lines(stream, source.limits.max_file_bytes)
        first = list(islice(lines, _PEEKED))
        if any(_has_columns(_object(line)) for line in first):
            yield from _documents(_json_records(chain(first, lines), source.limits.max_file_bytes))
            return
    text, repair = decode_and_repair(source.read())
    whole = parse_plain(normalise(text), source.stem)
    yield Content(source.stem, whole.text, Markup.PLAIN, encoding_repair=repair)


def parse_csv(source: Source) -> Iterator[Content | BadRecord]:
    """Yield a document per row if the header names an id and a text, else the table as one document.

    Raises:
        UnreadableError: "too_large"; "damaged" if the bytes are not text.
    """
    with source.path.open("rb") as stream:
        head = stream.read(_HEAD)
        stream.seek(0)
        # UTF-8 is streamed and decoded line by line, so that a bad row does not cost the others.
        if looks_like_text(head) and marked_encoding(head) in {None, "utf-8-sig"}:
            lines: Iterator[str] = (line.decode("utf-8-sig", errors="surrogateescape") for line in stream)
        else:
            lines = iter(StringIO(decode(source.read()).text, newline=""))
        first = list(islice(lines, _PEEKED))
        delimiter = "\t" if source.media_type == "text/tab-separated-values" else _delimiter(first)
        csv.field_size_limit(source.limits.max_text_chars)
        header = next(_rows(first[:1], delimiter), [])
        if _has_columns(dict.fromkeys(header, "")):
            yield from _documents(_csv_records(chain(first, lines), delimiter, header))
            return
    text, repair = decode_and_repair(source.read())
    yield _table(_rows(StringIO(normalise(text)), delimiter), source, repair)


def parse_parquet(source: Source) -> Iterator[Content | BadRecord]:
    """Yield the documents of a Parquet file as `parse_csv` does, in batches. Runs only in the worker process.

    Raises:
        UnreadableError: "damaged", raised after the rows before the damage.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(source.path) as file:
            names: list[str] = file.schema_arrow.names
            has_columns = _has_columns(dict.fromkeys(names, ""))
            columns = [name for name in (*_IDS, "title", "text") if name in names] if has_columns else names
            batches = file.iter_batches(batch_size=_BATCH_ROWS, columns=columns)
            rows: Iterator[dict[str, Any]] = (row for batch in batches for row in batch.to_pylist())
            if has_columns:
                yield from _documents((f"row {number}", row) for number, row in enumerate(rows, 1))
            else:
                cells = (["" if cell is None else str(cell) for cell in row.values()] for row in rows)
                yield _table(chain([names], cells), source, None)
    except (ArrowException, OSError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise UnreadableError("damaged", f"The Parquet file is damaged: {reason} Write it again.") from error


def _bounded_lines(stream: BinaryIO, max_bytes: int) -> Iterator[bytes]:
    """Yield the lines. Of a line longer than `max_bytes`, yield the first `max_bytes + 1` bytes."""
    while line := stream.readline(max_bytes + 1):
        yield line
        while len(line) > max_bytes and not line.endswith(b"\n"):
            line = stream.readline(max_bytes + 1)


Row = Mapping[str, Any] | BadRecord
"""A record's columns, or what is wrong with the record."""


def _documents(rows: Iterable[tuple[str, Row]]) -> Iterator[Content | BadRecord]:
    seen: set[str] = set()
    for place, row in rows:
        content = row if isinstance(row, BadRecord) else _document(place, row)
        if isinstance(content, Content) and (record_id := content.record_id or place) in seen:
            message = f"An earlier record has the same id {record_id!r}. Rename one of them."
            content = BadRecord(place, "duplicate_id", message)
        elif isinstance(content, Content):
            seen.add(record_id)
        yield content


def _document(place: str, row: Mapping[str, Any]) -> Content | BadRecord:
    value = next((row[key] for key in _IDS if row.get(key) is not None), None)
    if isinstance(value, bool) or not isinstance(value, str | int) or not (name := normalise(str(value)).strip()):
        return BadRecord(place, "damaged", "The record has no id: _id or id must be a string or an integer.")
    title, text = row.get("title") or "", row.get("text") or ""
    if not isinstance(title, str) or not isinstance(text, str):
        return BadRecord(name, "damaged", f"{place}: title and text must be strings, not lists or numbers.")
    title = single_line(normalise(title), longest=max(len(title), 1))
    text, repair = repair_mojibake(text)
    text = normalise(text).strip()
    if not title and not text:
        return BadRecord(name, "empty", f"{place}: the record has neither a title nor a text.")
    headings = (Heading(0, 1, single_line(title)),) if title else ()
    whole = "\n\n".join(part for part in (title, text) if part)
    return Content(
        title=single_line(title) or name,
        text=whole,
        markup=Markup.PLAIN,
        headings=headings,
        record_id=name,
        encoding_repair=repair,
    )


def _json_records(lines: Iterable[bytes], max_bytes: int) -> Iterator[tuple[str, Row]]:
    for number, line in enumerate(lines, 1):
        place = f"line {number}"
        if not line.strip():
            continue
        if len(line) > max_bytes:
            yield place, BadRecord(place, "too_large", f"The line is longer than {max_bytes:,} bytes.")
            continue
        try:
            row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except UnicodeDecodeError as error:
            yield place, BadRecord(place, "damaged", f"Byte {error.start:,} of the line is not UTF-8.")
        except ValueError as error:
            yield place, BadRecord(place, "damaged", f"The line is not valid JSON: {error}.")
        except RecursionError:
            yield place, BadRecord(place, "too_deep", "The line's JSON is nested too deeply to read.")
        else:
            wrong = BadRecord(place, "damaged", "The line is not a JSON object with an id and a text.")
            yield place, row if isinstance(row, dict) else wrong


def _csv_records(lines: Iterator[str], delimiter: str, header: list[str]) -> Iterator[tuple[str, Row]]:
    """Yield the rows after the header. If a quote never closes, the row is bad and the next starts a line later."""
    pending: deque[str] = deque()
    taken: list[str] = []

    def feed() -> Iterator[str]:
        while (line := pending.popleft() if pending else next(lines, None)) is not None:
            taken.append(line)
            yield line

    reader = csv.reader(feed(), delimiter=delimiter, strict=True)
    number = 1  # of the line where the row starts
    while True:
        place = f"line {number}"
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield place, BadRecord(place, "damaged", f"The row is not valid CSV: {error}.")
            pending.extendleft(reversed(taken[1:]))
            del taken[1:]
            reader = csv.reader(feed(), delimiter=delimiter, strict=True)
        else:
            if number > 1 and cells:
                yield place, _row(place, header, cells)
        number += len(taken)
        taken.clear()


def _row(place: str, header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        return BadRecord(
            place, "damaged", f"The row has {len(cells)} columns, the header {len(header)}. Quote or correct it."
        )
    if not all(map(_is_unicode, cells)):
        return BadRecord(place, "damaged", "The row is not UTF-8, unlike the rows before it.")
    return dict(zip(header, cells, strict=True))


def _rows(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Yield the rows up to the first damaged one. A carriage return within a line becomes a space."""
    try:
        yield from csv.reader((line.replace("\r\n", "\n").replace("\r", " ") for line in lines), delimiter=delimiter)
    except csv.Error as error:
        raise UnreadableError("damaged", f"The table is not valid CSV: {error}. Write it again.") from error


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\udc80" <= char <= "\udcff" for char in text)


def _delimiter(lines: list[str]) -> str:
    """Return the delimiter that splits the lines into the most equal columns."""

    def columns(delimiter: str) -> int:
        counts = [len(row) for row in _rows(lines, delimiter)]
        return sum(count - 1 for count in counts if count == counts[0])

    return max(_DELIMITERS, key=columns)


def _table(rows: Iterable[list[str]], source: Source, repair: str | None) -> Content:
    lines: list[str] = []
    total = 0
    for row in rows:
        if not row:
            continue
        if not lines:
            width = len(row)
            lines = [table_row(row), table_rule(width)]
        else:
            lines.append(table_row([*row, *[""] * (width - len(row))]))
        total += len(lines[-1])
        if total > source.limits.max_text_chars:
            raise UnreadableError(
                "too_large",
                f"The table has more than {source.limits.max_text_chars:,} characters. Split it, or name its "
                "columns id and text, so that every row becomes a document.",
            )
    text = normalise("\n".join(lines))
    return Content(source.stem, text, Markup.MARKDOWN, encoding_repair=repair)


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _has_columns(row: Mapping[str, Any]) -> bool:
    return "text" in row and any(key in row for key in _IDS)
