"""What assets show: the schema of a table, a preview, counts as tables, pictures."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from xnai_pipelines.evaluation.markdown import markdown_table as as_markdown
from xnai_pipelines.state.columns import COLUMNS
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.tables import Tables

PREVIEW_ROWS = 5
PREVIEW_CHARACTERS = 80


def column_schema(spec: TableSpec) -> dg.TableSchema:
    """Return the table's columns with their Arrow types and what they mean."""
    return dg.TableSchema(
        columns=[dg.TableColumn(field.name, str(field.type), COLUMNS[field.name]) for field in spec.schema]
    )


def table_facts(tables: Tables, spec: TableSpec, columns: Sequence[str]) -> dict[str, Any]:
    """Return what the UI shows of a table: rows, place, name, schema, and a preview of some columns."""
    table = tables.open(spec.name)
    rows = table.search().select(list(columns)).limit(PREVIEW_ROWS).to_arrow().select(list(columns)).to_pylist()
    return {
        "dagster/row_count": int(table.count_rows()),
        "dagster/table_name": spec.name,
        "dagster/uri": str(table.uri),
        "dagster/column_schema": column_schema(spec),
        "preview": dg.MetadataValue.md(markdown_table(rows, columns)),
    }


def counts_table(counts: Mapping[str, int], label: str) -> dg.MarkdownMetadataValue:
    """Return counts as a table, largest first."""
    rows = [{label: name, "count": n} for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return dg.MetadataValue.md(markdown_table(rows, [label, "count"]))


def image(name: str, png: bytes) -> dg.MarkdownMetadataValue:
    """Return a picture that lies in the event log itself; `name` is what is read in its place."""
    return dg.MetadataValue.md(f"![{name}](data:image/png;base64,{base64.b64encode(png).decode()})")


def markdown_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as a Markdown table, long values cut."""
    if not rows:
        return "none"
    return as_markdown(columns, [[_cell(row[column]) for column in columns] for row in rows])


def _cell(value: Any) -> str:
    text = " ".join(str("" if value is None else value).split()).replace("`", "'")
    return text if len(text) <= PREVIEW_CHARACTERS else text[: PREVIEW_CHARACTERS - 3] + "..."
