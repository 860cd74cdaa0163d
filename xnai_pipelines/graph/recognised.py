"""What recognisers found, kept by chunk: the graph is made of these rows, so that no text is read by a model twice.

A row stays while its chunk is stored, even if its recogniser is switched off: switching it on again costs nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from xnai_pipelines.graph.recogniser import Recognised, Recogniser, extractor_of
from xnai_pipelines.graph.rows import digest
from xnai_pipelines.graph.tables import RECOGNISED
from xnai_pipelines.state.context import Advance, StageContext
from xnai_pipelines.state.schemas import CHUNKS
from xnai_pipelines.state.table_reading import is_in, quoted
from xnai_pipelines.state.tables import Tables

AT_ONCE = 512  # chunks whose texts are read together

GROUNDS = ("chunk_id", "extractor", "revision")  # what else is made of a row depends on

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecogniserReport:
    """What a recogniser did in a run.

    Attributes:
        extractor: Its name and version.
        read: Passages that it read.
        reused: Passages whose text it had read in another place.
        waiting: Passages that it has not read: in them only the rules find names.
        why: Why they wait, with numbers.
        names, relations: What it found in the passages that it read.
        dropped: What it proposed that the passages do not have.
        tokens: Tokens of a language model that it cost.
    """

    extractor: str
    read: int = 0
    reused: int = 0
    waiting: int = 0
    why: str = ""
    names: int = 0
    relations: int = 0
    dropped: int = 0
    tokens: int = 0


def bring_recognised(context: StageContext, recogniser: Recogniser) -> RecogniserReport:
    """Let a recogniser read the chunks that it has not read; the caller is the sole writer."""
    tables, extractor = context.tables, extractor_of(recogniser)
    known = set(tables.read(RECOGNISED, ["chunk_id"], f"extractor = {quoted(extractor)}")["chunk_id"].to_pylist())
    rows = tables.read(CHUNKS, ["document_id", "ordinal", "chunk_id"])
    rows = rows.sort_by([("document_id", "ascending"), ("ordinal", "ascending")])
    missing = [chunk for chunk in rows["chunk_id"].to_pylist() if chunk not in known]
    with context.progress.work(recogniser.name, len(missing), "passages") as advance:
        reading = _Reading(tables, recogniser, advance)
        for start in range(0, len(missing), AT_ONCE):
            reading.bring(missing[start : start + AT_ONCE])
    counts = reading.counts
    waiting = len(missing) - counts["read"] - counts["reused"]
    why = [f"{failure} ({number:,})" for failure, number in sorted(reading.failures.items())]
    return RecogniserReport(extractor, waiting=waiting, why="; ".join(filter(None, [*why, reading.stopped])), **counts)


@dataclass(slots=True)
class _Reading:
    """A recogniser at work: what it did so far, and why it reads no more, "" if it does."""

    tables: Tables
    recogniser: Recogniser
    advance: Advance
    counts: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    stopped: str = ""

    def bring(self, chunks: Sequence[str]) -> None:
        """Write the rows of chunks: what is known of their texts, else what is found in them now."""
        rows = self.tables.read(CHUNKS, ["chunk_id", "document_id", "text"], is_in("chunk_id", chunks))
        of_chunk = {row["chunk_id"]: row for row in rows.to_pylist()}
        of_text: dict[str, list[Row]] = defaultdict(list)  # the same text may stand in several chunks
        for chunk in chunks:
            of_text[of_chunk[chunk]["text"]].append(of_chunk[chunk])
        self._reuse(of_text)
        texts = list(of_text)
        for start in range(0, len(texts), self.recogniser.at_once):
            if not self.stopped:
                self._read({text: of_text[text] for text in texts[start : start + self.recogniser.at_once]})

    def _reuse(self, of_text: dict[str, list[Row]]) -> None:
        """Write the rows of the texts that were read before, and leave these out."""
        content = {digest(text): text for text in of_text}
        where = f"extractor = {quoted(extractor_of(self.recogniser))} AND {is_in('content', sorted(content))}"
        rows = self.tables.read(RECOGNISED, RECOGNISED.schema.names, where).to_pylist()
        known = {row["content"]: row for row in rows}
        copied = [
            {**row, **_of(self.recogniser, chunk)} for at, row in known.items() for chunk in of_text.pop(content[at])
        ]
        self._write(copied)
        self.counts["reused"] += len(copied)

    def _read(self, of_text: Mapping[str, list[Row]]) -> None:
        texts, found = list(of_text), list[Row]()
        reading = self.recogniser.read(texts)
        while True:
            try:
                place, what = next(reading)
            except StopIteration as end:
                self.stopped = end.value
                break
            chunks = of_text[texts[place]]
            if isinstance(what, str):
                self.failures[what] += len(chunks)
                continue
            row = _row(extractor_of(self.recogniser), texts[place], what)
            found += [{**row, **_of(self.recogniser, chunk)} for chunk in chunks]
            self.counts.update(
                read=len(chunks),
                names=len(what.names),
                relations=len(what.relations),
                dropped=what.dropped,
                tokens=what.tokens,
            )
        self._write(found)

    def _write(self, rows: Sequence[Row]) -> None:
        self.tables.merge_rows(RECOGNISED, rows)
        self.advance(len(rows))


def _row(extractor: str, text: str, what: Recognised) -> Row:
    found = {name: [asdict(one) for one in getattr(what, name)] for name in ("names", "relations")}
    return {
        "extractor": extractor,
        "content": digest(text),
        **found,
        "dropped": what.dropped,
        "tokens": what.tokens,
        "revision": digest(extractor, found),
    }


def _of(recogniser: Recogniser, chunk: Row) -> Row:
    """Return what a row says of its chunk; that of another version of the recogniser has the same id."""
    chunk_id = chunk["chunk_id"]
    return {
        "recognised_id": digest(chunk_id, recogniser.name),
        "chunk_id": chunk_id,
        "document_id": chunk["document_id"],
    }


def drop_recognised(tables: Tables) -> None:
    """Delete what was found in chunks that are gone; the caller is the sole writer."""
    if tables.version(RECOGNISED) is not None:
        tables.delete(RECOGNISED, "chunk_id", sorted(tables.ids(RECOGNISED, "chunk_id") - tables.ids(CHUNKS)))


def recognised_by(
    tables: Tables, extractors: Sequence[str], documents: Iterable[str] | None = None, columns: Sequence[str] = GROUNDS
) -> dict[str, list[Row]]:
    """Return what these extractors found, by chunk, in their order.

    Args:
        tables: Tables of the home.
        extractors: Recognisers that the graph is made with.
        documents: Ids of the documents; None for all.
        columns: Columns of the rows.
    """
    found: dict[str, list[Row]] = defaultdict(list)
    if extractors:
        among = "" if documents is None else f" AND {is_in('document_id', documents)}"
        rows = tables.read(RECOGNISED, columns, is_in("extractor", extractors) + among).to_pylist()
        for row in sorted(rows, key=lambda row: extractors.index(row["extractor"])):
            found[row["chunk_id"]].append(row)
    return found
