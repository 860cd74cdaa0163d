"""Charts of Office files as tables. Runs only in the worker process."""

from typing import Any

from xnai_pipelines.documents.parsers.markup.markdown import table_row, table_rule
from xnai_pipelines.documents.parsers.office.xml_parts import joined, paragraphs, tag_name

_CATEGORIES = {"cat", "xVal", "strDim"}
_VALUES = {"val", "yVal", "bubbleSize", "numDim"}
_MAX_POINTS = 10_000


def chart_text(root: Any) -> str:
    """Return the titles of a chart and its series as a Markdown table, one column per series."""
    titles = [joined(runs) for runs in paragraphs(root)]
    names: list[str] = []
    columns: list[dict[int, str]] = []
    labels: dict[int, str] = {}
    for series in (node for node in root.iter() if tag_name(node) == "ser"):
        parts = {tag_name(part): part for part in series}
        names.append(" ".join(_points(parts["tx"]).values()) if "tx" in parts else "")
        for name, part in parts.items():
            if name in _CATEGORIES:
                labels |= _points(part)
        columns.append(next((_points(part) for name, part in parts.items() if name in _VALUES), {}))
    rows = sorted({*labels, *(at for column in columns for at in column)})[:_MAX_POINTS]
    if not any(columns):
        return "\n".join([*titles, *filter(None, names), *labels.values()])
    table = [table_row(["", *names]), table_rule(len(names) + 1)]
    table += [table_row([labels.get(at, ""), *(column.get(at, "") for column in columns)]) for at in rows]
    return "\n".join([*titles, *([""] if titles else []), *table])


def _points(part: Any) -> dict[int, str]:
    """Return the cached values of a reference by their index. Of several levels of categories, the innermost."""
    found: dict[int, str] = {}
    for node in part.iter():
        if tag_name(node) == "pt":
            words = "".join(node.itertext()).strip()
            found.setdefault(int(node.get("idx") or len(found)), words)
    if not found:
        found = {at: node.text or "" for at, node in enumerate(part.iter()) if tag_name(node) == "v"}
    return found
