"""What assets show: the facts of their report, the schema and a preview of a table, counts as tables, pictures."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import dagster as dg

from xnai_pipelines.compute.engine import Engine
from xnai_pipelines.evaluation.markdown import markdown_table
from xnai_pipelines.state.columns import COLUMNS
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.tables import Tables

PREVIEW_ROWS = 5
PREVIEW_CHARACTERS = 80


def result(
    report: object, revision: str, named: Mapping[str, str] | None = None, /, **more: Any
) -> dg.MaterializeResult[None]:
    """Return what an asset shows: the fields of its report, and what else is given.

    Args:
        report: A dataclass. Counts by name become a table; a field that is None is left out, and so is one that needs
            a form of its own, such as another dataclass.
        revision: Says what is stored: the same revision, the same content. What reads the asset is out of date once
            this differs from what it read.
        named: What fields are called in the UI, if not by their name.
        more: Other entries; one that has a field's name stands in its place. None is left out.
    """
    shown: dict[str, Any] = {}
    for field in fields(report):  # type: ignore[arg-type]
        name = (named or {}).get(field.name, field.name)
        shown[name] = _entry(name, getattr(report, field.name))
    entries = {name: _rounded(value) for name, value in {**shown, **more}.items() if value is not None}
    return dg.MaterializeResult(metadata=entries, data_version=dg.DataVersion(revision))


def not_measured(reason: str) -> dg.MaterializeResult[None]:
    """Return what an evaluation shows that had nothing to measure."""
    return dg.MaterializeResult(metadata={"figures": f"not measured. {reason}"})


def rate(items: int, seconds: float) -> float:
    """Return items per second, 0 if no time was taken."""
    return round(items / seconds, 1) if seconds else 0.0


def revision_of(*parts: object) -> str:
    """Return a revision that differs if one of the parts does."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def rows_revision(tables: Tables, spec: TableSpec, columns: Sequence[str], *parts: object) -> str:
    """Return a revision that differs if a row does, in these columns, or a part; in any order."""
    total, rows = 0, 0
    for batch in tables.stream(spec, columns, rows=4_096):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            total += int.from_bytes(hashlib.blake2b(repr(row).encode(), digest_size=16).digest())
            rows += 1
    return revision_of(total % 2**128, rows, *parts)


def column_schema(spec: TableSpec) -> dg.TableSchema:
    """Return the table's columns with their Arrow types and what they mean."""
    return dg.TableSchema(
        columns=[dg.TableColumn(field.name, str(field.type), COLUMNS[field.name]) for field in spec.schema]
    )


def column_lineage(upstream: dg.AssetKey, origins: Mapping[str, Sequence[str]]) -> dg.TableColumnLineage:
    """Return which columns of an asset that is read each column is made of."""
    return dg.TableColumnLineage(
        {column: [dg.TableColumnDep(upstream, name) for name in names] for column, names in origins.items()}
    )


def table_facts(tables: Tables, spec: TableSpec, columns: Sequence[str]) -> dict[str, Any]:
    """Return what the UI shows of a table: rows, place, name, schema, and a preview of some columns."""
    opened = tables.open(spec.name)
    rows = opened.search().select(list(columns)).limit(PREVIEW_ROWS).to_arrow().select(list(columns)).to_pylist()
    return {
        "dagster/row_count": int(opened.count_rows()),
        "dagster/table_name": spec.name,
        "dagster/uri": str(opened.uri),
        "dagster/column_schema": column_schema(spec),
        "preview": table(rows, columns),
    }


def counts_table(counts: Mapping[str, int], label: str) -> dg.MarkdownMetadataValue:
    """Return counts as a table, largest first."""
    rows = [{label: name, "count": n} for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return table(rows, [label, "count"])


def workers_table(engine: Engine) -> dg.MarkdownMetadataValue | None:
    """Return what each worker did, None if this process did everything."""
    columns = ["worker", "shards", "processor seconds", "peak MB"]
    rows = [
        [name, one.shards, round(one.seconds, 1), round(one.peak_bytes / 2**20)]
        for name, one in sorted(engine.figures.items())
    ]
    return table([dict(zip(columns, row, strict=True)) for row in rows], columns) if rows else None


def image(name: str, png: bytes | None) -> dg.MarkdownMetadataValue:
    """Return a picture that lies in the event log itself; `name` is what is read in its place, None was not drawn."""
    if png is None:
        return dg.MetadataValue.md("Not drawn: `pip install 'xnai-pipelines[plots]'`")
    return dg.MetadataValue.md(f"![{name}](data:image/png;base64,{base64.b64encode(png).decode()})")


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> dg.MarkdownMetadataValue:
    """Return rows as a table, long values cut."""
    cells = [[_cell(row[column]) for column in columns] for row in rows]
    return dg.MetadataValue.md(markdown_table(columns, cells) if rows else "none")


def _cell(value: Any) -> str:
    text = " ".join(str("" if value is None else value).split()).replace("`", "'")
    return text if len(text) <= PREVIEW_CHARACTERS else text[: PREVIEW_CHARACTERS - 3] + "..."


def _rounded(value: Any) -> Any:
    """Return a float with 4 decimals, or 4 significant digits if it is small; anything else as it is."""
    if not isinstance(value, float):
        return value
    return round(value, 4) if abs(value) >= 0.001 else float(f"{value:.4g}")


def _entry(name: str, value: Any) -> Any:
    """Return a field's value as Dagster takes it; None for what needs a form of its own."""
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, float):
        return round(value, 2) if name.startswith("seconds") else value
    if isinstance(value, Mapping):
        return counts_table(value, name) if all(isinstance(n, int) for n in value.values()) else None
    if isinstance(value, tuple):
        return None if any(is_dataclass(item) for item in value) else list(value)
    return value if isinstance(value, str | int) else None
