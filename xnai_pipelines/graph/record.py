"""What the graph was last made of: a part whose input has not changed is not made again."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from xnai_pipelines.graph.rows import digest
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.records import read_record, write_record

PARTS = ("mentions", "entities", "relations", "communities")


_TABLES = {"entity": "entities", "relation": "relations", "community": "communities"}


@dataclass(frozen=True, slots=True)
class MadeTable:
    """A table of the graph as it was last made.

    Attributes:
        input: Hash of what it was made of.
        revision: Hash of its rows.
        rows: Their number.
        run: The run.
        rules: Hash of the rules that its rows were made by; "" while a run is writing them.
    """

    input: str
    revision: str
    rows: int
    run: str = ""
    rules: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """By what a table of the graph was last made, and the release that names the graph; None if none does."""

    run: str
    revision: str | None
    release: int | None


@dataclass(frozen=True, slots=True)
class GraphRecord:
    """The parts by name. One that a killed run was writing has the entry from before, and is made again.

    `extractors` are the recognisers that the graph is made with, beside the rules.
    """

    parts: dict[str, MadeTable] = field(default_factory=dict)
    extractors: tuple[str, ...] = ()

    @property
    def revision(self) -> str | None:
        """Hash of the whole graph; None until every part was made."""
        if any(name not in self.parts for name in PARTS):
            return None
        return digest("graph", *(self.parts[name].revision for name in PARTS), *self.extractors)


def read_graph_record(home: Home) -> GraphRecord:
    """Return the record, an empty one before the first graph.

    Raises:
        RecordError: The record is damaged.
    """
    return read_record(_path(home), GraphRecord) or GraphRecord()


def made_by(home: Home, kind: str) -> Made:
    """Return by what the entities, relations or communities were made; `kind` names one of them."""
    record = read_graph_record(home)
    part = record.parts.get(_TABLES[kind])
    release = Releases(home.releases).current()
    named = release is not None and release.graph == record.revision
    return Made(part.run if part else "", record.revision, release.release if release and named else None)


def record_part(home: Home, name: str, part: MadeTable) -> GraphRecord:
    """Record that a part was made; return the record."""
    before = read_graph_record(home)
    record = replace(before, parts={**before.parts, name: part})
    write_record(_path(home), record)
    return record


def record_extractors(home: Home, extractors: tuple[str, ...]) -> None:
    """Record the recognisers that the graph is made with from here on."""
    before = read_graph_record(home)
    if before.extractors != extractors:
        write_record(_path(home), replace(before, extractors=extractors))


def _path(home: Home) -> Path:
    return home.state / "graph.json"
