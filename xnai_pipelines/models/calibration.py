"""The calibration set: chunks that represent the corpus for the quantizers, apart from what is evaluated."""

import hashlib
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import chain, pairwise, zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from xnai_pipelines.errors import CalibrationError
from xnai_pipelines.models.quantization.calibration_texts import texts_sha256
from xnai_pipelines.questions.make import read_questions
from xnai_pipelines.questions.question import Question, Split
from xnai_pipelines.state.context import StageContext, stage, write_report
from xnai_pipelines.state.layout import Home, write_parquet
from xnai_pipelines.state.schemas import CHUNKS
from xnai_pipelines.state.tables import Tables

TEXTS = 256
MIN_TEXTS = 32
CHANGED_SHARE = 0.2  # of the chunks: above it the set no longer represents the corpus
LENGTH_CLASSES = 3
EVERY_NTH_DOCUMENT = 5  # kept from calibration, so that there is held-out text even if there are few questions


@dataclass(frozen=True, slots=True)
class CalibrationPassage:
    """What is known of a chunk when a set is drawn."""

    chunk_id: str
    document_id: str
    source: str
    token_count: int


@dataclass(frozen=True, slots=True)
class CalibrationSet:
    """The chosen chunks, in order, and all there were; only ids, so a deleted document leaves no text."""

    chosen: tuple[str, ...]
    corpus: frozenset[str]


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """The set in use: its hash, whether and why this run drew it, its composition, and what is held out."""

    sha256: str
    texts: int
    documents: int
    tokens: int
    drawn: bool
    reason: str
    changed_share: float
    folders: dict[str, int]
    held_out_documents: int
    held_out_chunks: int
    seconds: float


def draw_calibration(context: StageContext, *, redraw: bool) -> CalibrationReport:
    """Keep the calibration set while it represents the corpus, else draw another.

    Raises:
        CalibrationError: Fewer than 32 chunks can be used.
    """
    with stage(context, "calibration") as watch:
        passages = corpus_passages(context.tables)
        apart = held_out(passages, read_questions(context.tables))
        known = read_set(context.home)
        reason = "asked for" if redraw else reason_to_draw(known, passages, apart)
        if known is None or reason:
            known = CalibrationSet(_draw_enough(passages, apart), frozenset(p.chunk_id for p in passages))
            _write_set(context.home, known)
            watch.items = len(known.chosen)
        texts = _texts(context.tables, known.chosen)
    chosen = set(known.chosen)
    used = [passage for passage in passages if passage.chunk_id in chosen]
    report = CalibrationReport(
        sha256=texts_sha256(texts),
        texts=len(texts),
        documents=len({passage.document_id for passage in used}),
        tokens=sum(passage.token_count for passage in used),
        drawn=bool(reason),
        reason=reason or "the set still represents the corpus",
        changed_share=round(changed_share(known, passages), 4),
        folders=dict(Counter(passage.source.rpartition("/")[0] or "." for passage in used).most_common(20)),
        held_out_documents=len(apart),
        held_out_chunks=sum(passage.document_id in apart for passage in passages),
        seconds=watch.seconds,
    )
    write_report(context.home, "calibration", report)
    return report


def read_calibration(context: StageContext) -> list[str]:
    """Return the texts of the set.

    Raises:
        CalibrationError: No set was drawn, or one of its chunks is gone.
    """
    known = read_set(context.home)
    texts = _texts(context.tables, known.chosen) if known else []
    if known is None or len(texts) != len(known.chosen):
        raise CalibrationError(
            "The calibration set has not been drawn yet, or a document in it was edited or deleted. `xnai quantize` "
            "draws it; in the UI materialize calibration_texts."
        )
    return texts


def held_out_texts(context: StageContext, wanted: int) -> list[str]:
    """Return up to `wanted` passages of documents that calibration never takes, drawn like the set."""
    passages = corpus_passages(context.tables)
    apart = held_out(passages, read_questions(context.tables))
    return _texts(context.tables, draw([passage for passage in passages if passage.document_id in apart], wanted))


def calibration_overlap(tables: Tables, home: Home) -> list[str]:
    """Return the documents of the set that answer a question of the validation or test split; none if all is well."""
    known = read_set(home)
    asked = frozenset(chain.from_iterable(q.document_ids for q in read_questions(tables) if q.split is not Split.TRAIN))
    chosen = frozenset(known.chosen) if known else frozenset()
    return sorted({p.source for p in corpus_passages(tables) if p.chunk_id in chosen and p.document_id in asked})


def reason_to_draw(known: CalibrationSet | None, passages: Sequence[CalibrationPassage], apart: Set[str]) -> str | None:
    """Return why a set has to be drawn, None while the known one still represents the corpus."""
    if known is None:
        return "no set was drawn before"
    documents = {passage.chunk_id: passage.document_id for passage in passages}
    if any(chunk not in documents for chunk in known.chosen):
        return "documents of the set were edited or deleted"
    if any(documents[chunk] in apart for chunk in known.chosen):
        return "documents of the set now answer questions of the evaluation"
    share = changed_share(known, passages)
    return f"{share:.0%} of the chunks were added or removed" if share > CHANGED_SHARE else None


def changed_share(known: CalibrationSet, passages: Sequence[CalibrationPassage]) -> float:
    """Return the number of chunks added or removed since the set was drawn, as a share of all old and new ones."""
    present = {passage.chunk_id for passage in passages}
    return len(present ^ known.corpus) / max(1, len(present | known.corpus))


def held_out(passages: Sequence[CalibrationPassage], questions: Sequence[Question]) -> frozenset[str]:
    """Return the documents that calibration never takes: those of evaluation questions, and every fifth by id."""
    asked = (question.document_ids for question in questions if question.split is not Split.TRAIN)
    every_fifth = (p.document_id for p in passages if _rank(p.document_id) % EVERY_NTH_DOCUMENT == 0)
    return frozenset(chain.from_iterable(asked)) | frozenset(every_fifth)


def draw(passages: Sequence[CalibrationPassage], wanted: int) -> tuple[str, ...]:
    """Return up to `wanted` chunks: equally many short, medium and long ones, of as many documents as possible.

    Hashes of ids decide the choice: the same chunks give the same set in any order.
    """
    ordered = sorted(passages, key=lambda passage: (passage.token_count, _rank(passage.chunk_id)))
    edges = [round(len(ordered) * n / LENGTH_CLASSES) for n in range(LENGTH_CLASSES + 1)]
    classes = [_in_turns(ordered[low:high]) for low, high in pairwise(edges)]
    mixed = [passage for one_of_each in zip_longest(*classes) for passage in one_of_each if passage is not None]
    return tuple(passage.chunk_id for passage in mixed[:wanted])


def _in_turns(passages: Sequence[CalibrationPassage]) -> list[CalibrationPassage]:
    """Return the passages with one of each document first, then a second one of each, and so on."""
    by_document: dict[str, list[CalibrationPassage]] = {}
    for passage in sorted(passages, key=lambda passage: _rank(passage.chunk_id)):
        by_document.setdefault(passage.document_id, []).append(passage)
    documents = sorted(by_document.values(), key=lambda of_document: _rank(of_document[0].document_id))
    return [passage for turn in zip_longest(*documents) for passage in turn if passage is not None]


def _draw_enough(passages: Sequence[CalibrationPassage], apart: Set[str]) -> tuple[str, ...]:
    usable = [passage for passage in passages if passage.document_id not in apart]
    if len(usable) < MIN_TEXTS:
        raise CalibrationError(
            f"Calibration needs at least {MIN_TEXTS} chunks, but only {len(usable)} of {len(passages)} can be used: "
            "documents that answer evaluation questions, and every fifth document, are held out. Ingest more documents."
        )
    return draw(usable, TEXTS)


def _rank(identity: str) -> int:
    return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest())


def corpus_passages(tables: Tables) -> list[CalibrationPassage]:
    """Return every chunk, without its text."""
    columns = ["chunk_id", "document_id", "source", "token_count"]
    rows = tables.read(CHUNKS, columns)
    return [CalibrationPassage(*row) for row in zip(*(rows[name].to_pylist() for name in columns), strict=True)]


def _texts(tables: Tables, chosen: Sequence[str]) -> list[str]:
    """Return the passages of the chunks that still exist, in the given order."""
    wanted, found = frozenset(chosen), {}
    for batch in tables.stream(CHUNKS, ["chunk_id", "passage"]):
        rows = zip(batch["chunk_id"].to_pylist(), batch["passage"].to_pylist(), strict=True)
        found.update({chunk_id: passage for chunk_id, passage in rows if chunk_id in wanted})
    return [found[chunk_id] for chunk_id in chosen if chunk_id in found]


def read_set(home: Home) -> CalibrationSet | None:
    """Return the last drawn set, None before the first."""
    path = _set_path(home)
    if not path.exists():
        return None
    table = pq.read_table(path)
    places = zip(table["place"].to_pylist(), table["chunk_id"].to_pylist(), strict=True)
    chosen = sorted((place, chunk_id) for place, chunk_id in places if place is not None)
    return CalibrationSet(tuple(chunk_id for _, chunk_id in chosen), frozenset(table["chunk_id"].to_pylist()))


def _write_set(home: Home, drawn: CalibrationSet) -> None:
    place = {chunk_id: n for n, chunk_id in enumerate(drawn.chosen)}
    corpus = sorted(drawn.corpus)
    table = pa.table({"chunk_id": corpus, "place": pa.array([place.get(c) for c in corpus], pa.int32())})
    write_parquet(_set_path(home), table)


def _set_path(home: Home) -> Path:
    return home.state / "calibration.parquet"
