"""What people see of a graph: counts, the largest merges, degrees, and a map of the communities."""

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow.compute as pc

from xnai_pipelines.drawing import BLUE, bare, saved
from xnai_pipelines.graph.merging import Rule
from xnai_pipelines.graph.tables import COMMUNITIES, ENTITIES, RELATIONS
from xnai_pipelines.state.drawn import drawn
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import TableSpec
from xnai_pipelines.state.tables import Tables
from xnai_pipelines.wording import shortened

MERGES = 10
DRAWN = 24  # communities of the map, the largest
DEGREES = (1, 2, 4, 8, 16, 32, 64, 128)


def counts_by(tables: Tables, spec: TableSpec, column: str) -> dict[str, int]:
    """Return the number of rows by the values of a column."""
    counts = pc.value_counts(tables.read(spec, [column])[column])
    return {str(each["values"]): each["counts"] for each in counts.to_pylist()}


def degrees(tables: Tables) -> dict[str, int]:
    """Return how many entities have how many relations, in ranges that double."""
    rows = tables.read(RELATIONS, ["source_id", "target_id"])
    counts: Counter[str] = Counter(rows["source_id"].to_pylist())
    counts.update(rows["target_id"].to_pylist())
    places = np.searchsorted(DEGREES, list(counts.values()), side="right")
    names = [f"{low} to {high - 1}" for low, high in pairwise(DEGREES)]
    names = ["1", *names[1:], f"{DEGREES[-1]} and more"]
    return {name: int(np.sum(places == at + 1)) for at, name in enumerate(names)}


def largest_merges(tables: Tables) -> list[dict[str, Any]]:
    """Return the entities with most forms that a rule merged: entity, forms, rules."""
    rows = tables.read(ENTITIES, ["form", "merges"]).to_pylist()
    merged = [
        (
            row["form"],
            {each["surface"] for each in row["merges"]},
            {each["rule"] for each in row["merges"]} - {Rule.FORM},
        )
        for row in rows
    ]
    largest = sorted(merged, key=lambda each: (-len(each[1]), each[0]))[:MERGES]
    return [
        {"entity": form, "forms": ", ".join(sorted(forms)[:5]), "rules": ", ".join(sorted(rules))}
        for form, forms, rules in largest
        if len(forms) > 1
    ]


def community_map(home: Home, tables: Tables) -> bytes | None:
    """Return a PNG of the largest communities: size, and the share of relations that stay inside; None if empty."""
    rows = tables.read(COMMUNITIES, ["title", "members"], "level = 0").to_pylist()
    largest = sorted(rows, key=lambda row: (-len(row["members"]), row["title"]))[:DRAWN]
    if not largest:
        return None
    inside = _inside(tables, [row["members"] for row in largest])
    bars = [(row["title"], len(row["members"]), share) for row, share in zip(largest, inside, strict=True)]
    return drawn(home, "communities", bars, lambda: _draw(bars))


def _draw(bars: list[tuple[str, int, float]]) -> bytes:
    """Return a PNG of a bar per community: title, size, share inside."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.9 + 0.26 * len(bars)), dpi=100, layout="constrained")
    axes = figure.subplots()
    bare(axes)
    axes.barh(range(len(bars)), [size for _, size, _ in bars], color="#d9e8f5")
    axes.barh(range(len(bars)), [size * share for _, size, share in bars], color=BLUE)
    axes.set_yticks(range(len(bars)), [shortened(title, 48) for title, _, _ in bars], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("entities; dark: share of their relations that stay inside", fontsize=8)
    return saved(figure)


def _inside(tables: Tables, groups: list[list[str]]) -> list[float]:
    """Return the share of each group's relations that have both ends in it."""
    of = {member: at for at, members in enumerate(groups) for member in members}
    rows = tables.read(RELATIONS, ["source_id", "target_id"])
    within, touching = [0] * len(groups), [0] * len(groups)
    for source, target in zip(rows["source_id"].to_pylist(), rows["target_id"].to_pylist(), strict=True):
        ends = {of.get(source), of.get(target)}
        for group in ends - {None}:
            touching[group] += 1  # type: ignore[index]
            within[group] += len(ends) == 1  # type: ignore[index]
    return [one / max(1, other) for one, other in zip(within, touching, strict=True)]
