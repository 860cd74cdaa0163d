"""The calibration set: chunks that represent the corpus for the quantizers, apart from what is evaluated."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import chain, pairwise, zip_longest
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
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


PASSAGES = ["chunk_id", "document_id", "source", "token_count"]  # what is known of a chunk when a set is drawn


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationSet:
    """The chosen chunks, in order, and all there were; only ids, so a deleted document leaves no text."""

    chosen: tuple[str, ...]
    corpus: pa.ChunkedArray


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
            known = CalibrationSet(_draw_enough(passages, apart), passages["chunk_id"])
            _write_set(context.home, known)
            watch.items = len(known.chosen)
        texts = _texts(context.tables, known.chosen)
    used = passages.filter(_in(passages["chunk_id"], known.chosen)).to_pylist()
    report = CalibrationReport(
        sha256=texts_sha256(texts),
        texts=len(texts),
        documents=len({passage["document_id"] for passage in used}),
        tokens=sum(passage["token_count"] for passage in used),
        drawn=bool(reason),
        reason=reason or "the set still represents the corpus",
        changed_share=round(changed_share(known, passages), 4),
        folders=dict(Counter(passage["source"].rpartition("/")[0] or "." for passage in used).most_common(20)),
        held_out_documents=len(apart),
        held_out_chunks=pc.sum(_in(passages["document_id"], apart)).as_py() or 0,
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
    return _texts(context.tables, draw(passages.filter(_in(passages["document_id"], apart)), wanted))


def calibration_overlap(tables: Tables, home: Home) -> list[str]:
    """Return the documents of the set that answer a question of the validation or test split; none if all is well."""
    known = read_set(home)
    asked = frozenset(chain.from_iterable(q.document_ids for q in read_questions(tables) if q.split is not Split.TRAIN))
    chosen = tables.having(CHUNKS, ["document_id", "source"], "chunk_id", known.chosen) if known else pa.table({})
    return sorted({passage["source"] for passage in chosen.to_pylist() if passage["document_id"] in asked})


def reason_to_draw(known: CalibrationSet | None, passages: pa.Table, apart: Set[str]) -> str | None:
    """Return why a set has to be drawn, None while the known one still represents the corpus."""
    if known is None:
        return "no set was drawn before"
    documents = passages.filter(_in(passages["chunk_id"], known.chosen))["document_id"].to_pylist()
    if len(documents) < len(known.chosen):
        return "documents of the set were edited or deleted"
    if not apart.isdisjoint(documents):
        return "documents of the set now answer questions of the evaluation"
    share = changed_share(known, passages)
    return f"{share:.0%} of the chunks were added or removed" if share > CHANGED_SHARE else None


def changed_share(known: CalibrationSet, passages: pa.Table) -> float:
    """Return the number of chunks added or removed since the set was drawn, as a share of all old and new ones."""
    kept = pc.sum(pc.is_in(passages["chunk_id"], known.corpus.combine_chunks())).as_py() or 0
    either = len(passages) + len(known.corpus) - kept
    return (either - kept) / max(1, either)


def held_out(passages: pa.Table, questions: Sequence[Question]) -> frozenset[str]:
    """Return the documents that calibration never takes: those of evaluation questions, and every fifth by id."""
    asked = (question.document_ids for question in questions if question.split is not Split.TRAIN)
    documents = passages["document_id"].unique().to_pylist()
    every_fifth = (document for document in documents if _rank(document) % EVERY_NTH_DOCUMENT == 0)
    return frozenset(chain.from_iterable(asked)) | frozenset(every_fifth)


def draw(passages: pa.Table, wanted: int) -> tuple[str, ...]:
    """Return up to `wanted` chunks: equally many short, medium and long ones, of as many documents as possible.

    Hashes of ids decide the choice: the same chunks give the same set in any order.

    Args:
        passages: The columns `PASSAGES`.
        wanted: Max number of chunks.
    """
    ranks = _ranks(passages["chunk_id"])
    documents = passages["document_id"].combine_chunks().dictionary_encode()
    of, documents_ranks = documents.indices.to_numpy(), _ranks(documents.dictionary)
    ordered = np.lexsort((ranks, passages["token_count"].to_numpy()))
    edges = [round(len(ordered) * n / LENGTH_CLASSES) for n in range(LENGTH_CLASSES + 1)]
    classes = []
    for low, high in pairwise(edges):
        some = ordered[low:high][np.argsort(ranks[ordered[low:high]])]
        turns = _turns(of[some])  # one of each document first, then a second one of each, and so on
        classes.append(some[np.lexsort((documents_ranks[of[some]], turns))][:wanted].tolist())
    mixed = [row for one_of_each in zip_longest(*classes) for row in one_of_each if row is not None]
    return tuple(passages["chunk_id"].take(pa.array(mixed[:wanted], pa.int64())).to_pylist())


def _turns(of: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Return how many of the same value are before each."""
    order = np.argsort(of, kind="stable")
    begins = np.searchsorted(of[order], of[order])
    turns = np.empty(len(of), np.int64)
    turns[order] = np.arange(len(of)) - begins
    return turns


def _draw_enough(passages: pa.Table, apart: Set[str]) -> tuple[str, ...]:
    usable = passages.filter(pc.invert(_in(passages["document_id"], apart)))
    if len(usable) < MIN_TEXTS:
        raise CalibrationError(
            f"Calibration needs at least {MIN_TEXTS} chunks, but only {len(usable)} of {len(passages)} can be used: "
            "documents that answer evaluation questions, and every fifth document, are held out. Ingest more documents."
        )
    return draw(usable, TEXTS)


def _rank(identity: str) -> int:
    return int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest())


def _ranks(identities: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    return np.fromiter((_rank(one.as_py()) for one in identities), np.uint64, len(identities))


def _in(values: pa.ChunkedArray, some: Iterable[str]) -> pa.ChunkedArray:
    return pc.is_in(values, pa.array(list(some), pa.string()))


def corpus_passages(tables: Tables) -> pa.Table:
    """Return the columns `PASSAGES` of every chunk: about 0.1 KB of each, as they grow with the corpus."""
    return tables.read(CHUNKS, PASSAGES)


def _texts(tables: Tables, chosen: Sequence[str]) -> list[str]:
    """Return the passages of the chunks that still exist, in the given order."""
    rows = tables.having(CHUNKS, ["chunk_id", "passage"], "chunk_id", chosen)
    found = dict(zip(rows["chunk_id"].to_pylist(), rows["passage"].to_pylist(), strict=True))
    return [found[chunk_id] for chunk_id in chosen if chunk_id in found]


def read_set(home: Home) -> CalibrationSet | None:
    """Return the last drawn set, None before the first."""
    path = _set_path(home)
    if not path.exists():
        return None
    table = pq.read_table(path)
    chosen = table.filter(pc.is_valid(table["place"])).sort_by("place")
    return CalibrationSet(tuple(chosen["chunk_id"].to_pylist()), table["chunk_id"])


def _write_set(home: Home, drawn: CalibrationSet) -> None:
    corpus = drawn.corpus.take(pc.sort_indices(drawn.corpus))
    places = pc.index_in(corpus, pa.array(drawn.chosen, pa.string()))
    write_parquet(_set_path(home), pa.table({"chunk_id": corpus, "place": places}))


def _set_path(home: Home) -> Path:
    return home.state / "calibration.parquet"
