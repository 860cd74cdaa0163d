"""Multi-record files: JSON Lines, CSV and TSV, Parquet. A record with an id and a text is a document.

A file without such columns is one document: a Markdown table, or plain text for JSON Lines, without the broken ones.
"""

import csv
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from io import StringIO, TextIOWrapper
from itertools import chain, islice
from typing import Any, BinaryIO

from xnai_pipelines.documents.parsers.markup.code import parse_plain
from xnai_pipelines.documents.parsers.markup.markdown import table_row, table_rule
from xnai_pipelines.documents.parsers.parsed import BadRecord, Content, Markup, SourceFile
from xnai_pipelines.documents.parsers.records.fields import (
    DecodedRow,
    Number,
    distinct_keys,
    distinct_names,
    has_columns,
    record_document,
)
from xnai_pipelines.documents.parsers.text.decode import damaged_utf8, decode, is_utf8, marked_encoding
from xnai_pipelines.documents.parsers.text.normalise import normalise
from xnai_pipelines.documents.parsers.text.repair import decode_and_repair
from xnai_pipelines.errors import UnreadableError

_PEEKED = 10
_HEAD = 64 * 1024
_BATCH_ROWS = 256
_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\s*\Z", re.IGNORECASE)


def parse_jsonl(source: SourceFile) -> Iterator[Content | BadRecord]:
    """Yield a document per line that is an object with an id and a text. Memory is bounded.

    Raises:
        UnreadableError: "too_large" if the file has no records and exceeds the limit.
    """
    with source.path.open("rb") as stream:
        head = stream.read(_HEAD)
        stream.seek(0)
        repair: str | None = None
        if (encoding := marked_encoding(head)) not in {None, "utf-8-sig"}:
            wrapped = TextIOWrapper(stream, encoding, errors="replace")
            lines: Iterator[bytes] = (line.encode() for line in wrapped)
            repair = f"damaged bytes of {encoding}"
        elif not is_utf8(head):
            decoded = decode(source.read())
            lines, repair = (line.encode() for line in StringIO(decoded.text)), decoded.repair
        else:
            lines = _bounded_lines(stream, source.limits.max_file_bytes)
        first = list(islice(lines, _PEEKED))
        if any(has_columns(_object(line)) for line in first):
            yield from _documents(_json_records(chain(first, lines), source.limits.max_file_bytes), repair)
            return
    text, repair = decode_and_repair(source.read())
    text, broken = _whole_lines(normalise(text))
    yield from broken
    if text.strip() or not broken:
        yield Content(source.stem, parse_plain(text, source.stem).text, Markup.PLAIN, encoding_repair=repair)


def _whole_lines(text: str) -> tuple[str, list[BadRecord]]:
    """Return the lines that are JSON, and those that are not; text that is not made of JSON lines is returned whole.

    It is made of them if at least half are JSON, or all begin as an object does. One value over several lines is not.
    """
    lines = text.split("\n")
    filled = [line for line in lines if line.strip()]
    wrong = {number: error for number, line in enumerate(lines, 1) if line.strip() and (error := _json_error(line))}
    is_lines = 2 * len(wrong) <= len(filled) or all(line.startswith("{") for line in filled)
    if not wrong or not is_lines or _json_error(text) is None:
        return text, []
    whole = (line for number, line in enumerate(lines, 1) if number not in wrong)
    return "\n".join(whole), [_not_json(f"line {number}", error) for number, error in wrong.items()]


def _json_error(text: str) -> ValueError | None:
    try:
        json.loads(text)
    except ValueError as error:
        return error
    except RecursionError:
        pass  # it is JSON as far as it was read
    return None


def _not_json(place: str, error: ValueError) -> BadRecord:
    return BadRecord(place, "damaged", f"The line is not valid JSON: {error}.")


def parse_csv(source: SourceFile) -> Iterator[Content | BadRecord]:
    """Yield a document per row if the header names an id and a text, else the table as one document.

    Raises:
        UnreadableError: "too_large"; "damaged" if the bytes are not text.
    """
    with source.path.open("rb") as stream:
        head = stream.read(_HEAD)
        stream.seek(0)
        # UTF-8 is streamed and decoded line by line, so that a bad row does not cost the others.
        repair: str | None = None
        if is_utf8(head) and (b"\n" in head or b"\r" not in head):
            lines: Iterator[str] = (line.decode("utf-8-sig", errors="surrogateescape") for line in stream)
        else:
            decoded = decode(source.read())
            lines, repair = iter(StringIO(decoded.text, newline="")), decoded.repair
        first = list(islice(lines, _PEEKED))
        csv.field_size_limit(source.limits.max_text_chars)
        skipped, delimiter = _start(first, is_tsv=source.media_type == "text/tab-separated-values")
        header = distinct_names(next(_rows(first[skipped:], delimiter), []))
        if has_columns(header):
            rows = _csv_records(chain(first[skipped:], lines), delimiter, header, skipped + 1)
            yield from _documents(rows, repair)
            return
    text, repair = decode_and_repair(source.read())
    table = islice(StringIO(normalise(text)), skipped, None)
    yield _table(_rows(table, delimiter), source, repair)


def _start(lines: list[str], *, is_tsv: bool) -> tuple[int, str]:
    """Return the number of lines before the header, and the delimiter. A line "sep=;" names it, as Excel writes it."""
    skipped = next((at for at, line in enumerate(lines) if line.strip("\ufeff \r\n")), 0)
    if lines and (named := _SEPARATOR_LINE.match(lines[skipped])):
        return skipped + 1, named.group(1)
    return skipped, "\t" if is_tsv and any("\t" in line for line in lines) else _delimiter(lines[skipped:])


def parse_parquet(source: SourceFile) -> Iterator[Content | BadRecord]:
    """Yield the documents of a Parquet file as `parse_csv` does, in batches. Runs only in the worker process.

    Raises:
        UnreadableError: "damaged", raised after the rows before the damage.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(source.path) as file:
            names: list[str] = file.schema_arrow.names
            batches = file.iter_batches(batch_size=_BATCH_ROWS)
            rows: Iterator[dict[str, Any]] = (row for batch in batches for row in batch.to_pylist())
            if has_columns(names):
                yield from _documents((f"row {number}", DecodedRow(row)) for number, row in enumerate(rows, 1))
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


def _documents(
    rows: Iterable[tuple[str, DecodedRow | BadRecord]], repair: str | None = None
) -> Iterator[Content | BadRecord]:
    """Yield the documents of rows. What was repaired in the file is said of those in which a character is lost."""
    seen: set[str] = set()
    for place, row in rows:
        content = row if isinstance(row, BadRecord) else record_document(place, row)
        if isinstance(content, Content) and (record_id := content.record_id or place) in seen:
            message = f"An earlier record has the same id {record_id!r}. Rename one of them."
            content = BadRecord(place, "duplicate_id", message)
        elif isinstance(content, Content):
            seen.add(record_id)
            if repair and "\ufffd" in content.text:
                content = replace(content, encoding_repair=content.encoding_repair or repair)
        yield content


def _json_records(lines: Iterable[bytes], max_bytes: int) -> Iterator[tuple[str, DecodedRow | BadRecord]]:
    for number, line in enumerate(lines, 1):
        place = f"line {number}"
        if not line.strip():
            continue
        if len(line) > max_bytes:
            yield place, BadRecord(place, "too_large", f"The line is longer than {max_bytes:,} bytes.")
            continue
        decoded = damaged_utf8(line)
        text = decoded.text.removeprefix("\ufeff") if number == 1 else decoded.text
        try:
            row = json.loads(text, parse_float=Number, object_pairs_hook=distinct_keys)
        except ValueError as error:
            yield place, _not_json(place, error)
        except RecursionError:
            yield place, BadRecord(place, "too_deep", "The line's JSON is nested too deeply to read.")
        else:
            wrong = BadRecord(place, "damaged", "The line is not a JSON object with an id and a text.")
            yield place, DecodedRow(row, _of_place(decoded.repair, place)) if isinstance(row, dict) else wrong


def _of_place(repair: str | None, place: str) -> str | None:
    return f"{repair} of {place}" if repair else None


def _csv_records(
    lines: Iterator[str], delimiter: str, header: list[str], start: int
) -> Iterator[tuple[str, DecodedRow | BadRecord]]:
    """Yield the rows after the header. If a quote never closes, the row is bad and the next starts a line later."""
    pending: deque[str] = deque()
    taken: list[str] = []

    def feed() -> Iterator[str]:
        while (line := pending.popleft() if pending else next(lines, None)) is not None:
            taken.append(line)
            yield line

    reader = csv.reader(feed(), delimiter=delimiter, strict=True)
    number = start  # of the line where the row starts
    while True:
        place = f"line {number}"
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if other := _cells_otherwise(taken[0], delimiter, len(header)):
                yield place, _row(place, header, other)
            else:
                yield place, BadRecord(place, "damaged", f"The row is not valid CSV: {error}.")
            pending.extendleft(reversed(taken[1:]))
            del taken[1:]
            reader = csv.reader(feed(), delimiter=delimiter, strict=True)
        else:
            if number > start and cells:
                yield place, _row(place, header, cells)
        number += len(taken)
        taken.clear()


def _cells_otherwise(line: str, delimiter: str, width: int) -> list[str]:
    """Return the cells of a row that has quotes after a backslash, or in a TSV file quotes that mean nothing.

    Databases write the former, other programs the latter. Without as many cells as the header has, [] is returned.
    """
    for way in ({"escapechar": "\\", "doublequote": False}, {"quoting": csv.QUOTE_NONE} if delimiter == "\t" else {}):
        with suppress(csv.Error):
            cells = next(csv.reader([line], delimiter=delimiter, strict=True, **way))
            if len(cells) == width:
                return cells
    return []


def _row(place: str, header: list[str], cells: list[str]) -> DecodedRow | BadRecord:
    """Return the row. Cells beyond the header are columns without a name.

    Spreadsheets leave out empty cells at the end of a row. A row that lacks its id or text is damaged.
    """
    if not has_columns(header[: len(cells)]):
        return BadRecord(
            place, "damaged", f"The row has {len(cells)} columns, the header {len(header)}. Quote or correct it."
        )
    repairs: list[str] = []
    for at, cell in enumerate(cells):
        if not cell.isascii():
            decoded = damaged_utf8(cell.encode("utf-8", "surrogateescape"))
            cells[at] = decoded.text
            repairs += [decoded.repair] if decoded.repair else []
    names = distinct_names([*header, *[""] * (len(cells) - len(header))])
    return DecodedRow(dict(zip(names, cells, strict=False)), _of_place(repairs[0], place) if repairs else None)


def _rows(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Yield the rows up to the first damaged one. A carriage return within a line becomes a space."""
    try:
        yield from csv.reader((line.replace("\r\n", "\n").replace("\r", " ") for line in lines), delimiter=delimiter)
    except csv.Error as error:
        raise UnreadableError("damaged", f"The table is not valid CSV: {error}. Write it again.") from error


def _delimiter(lines: list[str]) -> str:
    """Return the delimiter that gives an id and a text, else the one that gives the most equal columns."""

    def columns(delimiter: str) -> int:
        counts = [len(row) for row in _rows(lines, delimiter)]
        return sum(count - 1 for count in counts if count == counts[0])

    def named(delimiter: str) -> bool:
        return has_columns(next(_rows(lines, delimiter), []))

    return max(_DELIMITERS, key=lambda delimiter: (named(delimiter), columns(delimiter)))


def _table(rows: Iterable[list[str]], source: SourceFile, repair: str | None) -> Content:
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
