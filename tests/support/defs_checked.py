"""Helpers of the tests of checks: a home that a run left whole, and faults put into it."""

import dagster as dg

from tests.support.workplace import Workplace
from xnai_pipelines.state.schemas import TableSpec


def first(work: Workplace, spec: TableSpec) -> str:
    return min(work.rows(spec))


def update(work: Workplace, spec: TableSpec, **values: object) -> str:
    """Change a row as nothing but a fault would; return its key."""
    key = first(work, spec)
    work.tables.open(spec.name).update(where=f"{spec.key} = '{key}'", values=values)
    return key


def delete(work: Workplace, spec: TableSpec) -> str:
    key = first(work, spec)
    work.tables.open(spec.name).delete(f"{spec.key} = '{key}'")
    return key


def shown(result: dg.AssetCheckResult, name: str) -> object:
    return result.metadata[name].value
