"""Chunks to a graph: reads the documents that changed, makes each table of what was read, writes what differs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow.compute as pc

from xnai_pipelines.graph.counts import keep_counts, kept_counts
from xnai_pipelines.graph.documents import chunks_read, chunks_wanted, code_as_text, read_changed
from xnai_pipelines.graph.overrides import Overrides, read_overrides
from xnai_pipelines.graph.recognised import RecogniserReport, bring_recognised, drop_recognised
from xnai_pipelines.graph.recogniser import Recogniser
from xnai_pipelines.graph.record import MadeTable, read_graph_record, record_extractors, record_part
from xnai_pipelines.graph.rows import digest, revision_of
from xnai_pipelines.graph.tables import COMMUNITIES, ENTITIES, MENTIONS, RELATIONS
from xnai_pipelines.graph.touched import (
    MOST,
    DocumentEdits,
    TableChange,
    extractions_of,
    touched_mentions,
)
from xnai_pipelines.graph.whole import DERIVED, SOURCES, TOUCHED, WHOLE, whole_mentions
from xnai_pipelines.state.claim import recorded_inputs
from xnai_pipelines.state.context import StageContext, stage, write_report
from xnai_pipelines.state.diff import Diff, diff
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import TableSpec

VERSION = 9  # raised when the same extractions give other tables


@dataclass(frozen=True, slots=True)
class GraphReport:
    """What a run did to one table: rows written, removed and unchanged; documents read again for it.

    `code_as_text`, of the mentions, is the number of stored code passages by language that no grammar here reads;
    `recognisers` is what each recogniser did.
    """

    table: str
    documents_read: int
    documents_removed: int
    written: int
    removed: int
    unchanged: int
    rows: int
    revision: str
    seconds: float
    code_as_text: dict[str, int] | None = None
    recognisers: tuple[RecogniserReport, ...] = ()


def make_mentions(context: StageContext, recognisers: Sequence[Recogniser] = ()) -> GraphReport:
    """Read the documents that changed and resolve all mentions; nothing if no chunk changed.

    What recognisers find in the chunks is kept by chunk; without them the mentions are those of the rules.
    """
    with stage(context, MENTIONS.name) as watch:
        recognised = tuple(bring_recognised(context, one) for one in recognisers)
        record_extractors(context.home, tuple(one.extractor for one in recognised))
        report = replace(_bring_mentions(context), code_as_text=code_as_text(context.tables), recognisers=recognised)
        watch.items = report.documents_read
    return _reported(context, report, watch.seconds)


def make_entities(context: StageContext) -> GraphReport:
    """Make the entities of the mentions; nothing if no mention changed."""
    return _make(context, ENTITIES)


def make_relations(context: StageContext) -> GraphReport:
    """Make the relations between the entities; nothing if no mention changed."""
    return _make(context, RELATIONS)


def make_communities(context: StageContext) -> GraphReport:
    """Divide the entities into communities by their relations; nothing if no entity or relation changed.

    The graph is complete then, and the current release's manifest names its revision.
    """
    with stage(context, COMMUNITIES.name) as watch:
        report = _bring_derived(context, COMMUNITIES)
        name_graph(context)
        watch.items = report.written
    return _reported(context, report, watch.seconds)


def bring_graph(context: StageContext) -> list[GraphReport]:
    """Bring all tables of the graph in line with the chunks; the caller is the sole writer.

    No recogniser reads anything: what those that the graph was last made with have found so far is used.
    """
    reports = [_bring_mentions(context), *(_bring_derived(context, spec) for spec in DERIVED)]
    name_graph(context)
    return reports


def name_graph(context: StageContext) -> None:
    """Record the revision of the graph in the current release's manifest; the caller is the sole writer."""
    releases = Releases(context.home.releases)
    release, revision = releases.current(), read_graph_record(context.home).revision
    if release is not None and release.graph != revision:
        releases.set_graph(release.release, revision)


def _make(context: StageContext, spec: TableSpec) -> GraphReport:
    with stage(context, spec.name) as watch:
        report = _bring_derived(context, spec)
        watch.items = report.written
    return _reported(context, report, watch.seconds)


def _bring_mentions(context: StageContext) -> GraphReport:
    home, tables, user = context.home, context.tables, overrides_of(context.home)
    extractors = read_graph_record(home).extractors
    wanted = chunks_wanted(tables, extractors)
    of = _input(wanted, user)
    made = _as_made(context, MENTIONS, user)
    if made is not None and made.input == of:
        return _report(MENTIONS, made)
    read = chunks_read(tables)
    work = diff(wanted, read)
    edits = _edits(context, work) if made is not None and made.input == _input(read, user) else None
    _begin(context, MENTIONS)  # what was read is of another state from here on
    read_changed(context, wanted, work, extractors)
    drop_recognised(tables)
    touched = touched_mentions(tables, user, edits) if edits and not user.apart else None
    change, counts = touched or whole_mentions(tables, user)
    keep_counts(home, counts, of)
    return _make_table(context, MENTIONS, of, [change], work)


def _input(documents: Mapping[str, str], user: Overrides) -> str:
    """Return a hash of all that the mentions are made of, by a hash of what was read of each document."""
    of = digest(VERSION, *(f"{document} {of}" for document, of in sorted(documents.items())))
    return digest(of, user.revision)


def _edits(context: StageContext, work: Diff) -> DocumentEdits | None:
    """Return what was read of the documents that change, and the counts; None if too many do, or none are kept."""
    documents = frozenset([*work.to_write, *work.removed])
    made = read_graph_record(context.home).parts[MENTIONS.name]
    counts = kept_counts(context.home, made.input) if len(documents) <= MOST else None
    return DocumentEdits(documents, extractions_of(context.tables, documents), counts) if counts else None


def _bring_derived(context: StageContext, spec: TableSpec) -> GraphReport:
    """Bring a table in line with the rows that it should have, unless it was made of the same input.

    The rows that did not change stay if all were made by the same rules; else, and if too much changed, all are made.
    """
    tables, user = context.tables, overrides_of(context.home)
    of = input_of(spec, read_graph_record(context.home).parts, user)
    made = _as_made(context, spec, user)
    if made is not None and made.input == of:
        return _report(spec, made)
    touched = TOUCHED[spec.name](tables, user) if made is not None else None
    changes = WHOLE[spec.name](tables, user) if touched is None else touched
    _begin(context, spec)
    return _make_table(context, spec, of, changes)


def input_of(spec: TableSpec, parts: Mapping[str, MadeTable], user: Overrides) -> str:
    """Return a hash of all that a table is made of; what was read of a text may differ where the mentions do not."""
    sources = (parts.get(source) for source in SOURCES[spec.name])
    made_of = (f"{part.revision} {part.input}" if part else "" for part in sources)
    return digest(VERSION, user.revision, *made_of)


def overrides_of(home: Home) -> Overrides:
    """Return what the `graph.yaml` of the home's documents folder says.

    Raises:
        GraphRulesError: The file is not acceptable.
    """
    inputs = recorded_inputs(home)
    return read_overrides(inputs.documents if inputs else None)


def _reported(context: StageContext, report: GraphReport, seconds: float) -> GraphReport:
    timed = replace(report, seconds=seconds)
    write_report(context.home, timed.table, timed)
    return timed


def _rules(user: Overrides) -> str:
    return digest(VERSION, user.revision)


def _as_made(context: StageContext, spec: TableSpec, user: Overrides) -> MadeTable | None:
    """Return how a table was last made; None if by other rules, not to the end, or with another number of rows."""
    made = read_graph_record(context.home).parts.get(spec.name)
    whole = made is not None and made.rules == _rules(user) and context.tables.count(spec) == made.rows
    return made if whole else None


def _begin(context: StageContext, spec: TableSpec) -> None:
    """Record that a table is as it was last made no longer."""
    made = read_graph_record(context.home).parts.get(spec.name)
    if made is not None:
        record_part(context.home, spec.name, replace(made, rules=""))


def _make_table(
    context: StageContext, spec: TableSpec, of: str, changes: Iterable[TableChange], work: Diff | None = None
) -> GraphReport:
    """Write the changes of a table and of what is kept for it, and record that it is made."""
    written = removed = 0
    for change in changes:
        counts = _write(context, change)
        if change.spec is spec:
            written, removed = counts
    rows = context.tables.read(spec, ["revision"])
    rules = _rules(overrides_of(context.home))
    made = MadeTable(input=of, revision=revision_of(rows), rows=len(rows), run=context.run_id, rules=rules)
    record_part(context.home, spec.name, made)
    return _report(spec, made, written, removed, work)


def _report(
    spec: TableSpec, made: MadeTable, written: int = 0, removed: int = 0, work: Diff | None = None
) -> GraphReport:
    return GraphReport(
        table=spec.name,
        documents_read=len(work.to_write) if work else 0,
        documents_removed=len(work.removed) if work else 0,
        written=written,
        removed=removed,
        unchanged=made.rows - written,
        rows=made.rows,
        revision=made.revision,
        seconds=0.0,
    )


def _write(context: StageContext, change: TableChange) -> tuple[int, int]:
    """Write the rows that are new or differ in revision, delete those that are gone; return the numbers of both."""
    spec, wanted, stored = change.spec, change.wanted, change.stored
    context.tables.ensure(spec)
    before = pc.take(stored["revision"], pc.index_in(wanted[spec.key], stored[spec.key].combine_chunks()))
    changed = wanted.filter(pc.fill_null(pc.not_equal(wanted["revision"], before), True))
    gone = stored[spec.key].filter(pc.invert(pc.is_in(stored[spec.key], wanted[spec.key].combine_chunks())))
    if len(changed):
        context.tables.merge(spec, changed)
    context.tables.delete(spec, spec.key, sorted(gone.to_pylist()))
    return len(changed), len(gone)
