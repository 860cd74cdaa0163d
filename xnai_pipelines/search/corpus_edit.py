"""Makes the files of a corpus from the previous ones, and from the rows of the documents that changed since.

Vectors, codes, texts and postings, most of the bytes, stay in the files where they are: the base. What changed since
the base was written is in a piece of its own, until it is so much that a new base is written.

All else that the previous files have of each passage is copied, without the passages of those documents; theirs are
made from the table and merged in, in the order of ids. What depends on all passages is then computed again, as is the
first of passages with one text. Each passage has the same bytes as in files made from all rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.search.array_files import ArrayFile, mapped, part
from xnai_pipelines.search.bits import summed
from xnai_pipelines.search.corpus_files import (
    BY_ROW,
    PASSAGES,
    SUM,
    TITLE,
    arrow_file,
    completed,
    fill_corpus,
    made_of,
    mean_of,
    scratch,
    terms_of,
    write_bits,
)
from xnai_pipelines.search.inverting import Inverter
from xnai_pipelines.search.lexicon import Lexicon
from xnai_pipelines.search.pieces import (
    BASE,
    CHANGED,
    CODES,
    PLACES,
    VECTORS,
    Pieces,
    keep_piece,
    piece_file,
    places_in,
    rows_in,
    texts_in,
)
from xnai_pipelines.search.posting_files import (
    WEIGHTS,
    Numbers,
    frequencies_in,
    gone_in,
    inverted_in,
    mean_length_in,
    merge_postings,
    write_gone,
)
from xnai_pipelines.search.table_rows import TableRows, ids_of, of_any
from xnai_pipelines.state.artefacts import KEPT, is_complete, read_card

LARGEST_SHARE = 0.25  # of the rows that change: merging more takes no less than making all files
JOINED_SHARE = 0.1  # of the rows that are not in the base, or are there but gone: above it a new base is written


def edit_corpus(folder: Path, rows: TableRows, previous: Path, *, joined: bool = False) -> dict[str, Any]:
    """Write the files of the corpus of all rows into an empty folder, as `fill_corpus` does, and return their card.

    Args:
        folder: Empty folder.
        rows: The rows.
        previous: Complete folder of files of the same format and words, of earlier rows.
        joined: Whether to write a new base in any case; the files are then the same bytes as those of `fill_corpus`.
    """
    before = mapped(previous / PASSAGES).select(["chunk_id", "document_id", "revision"])
    documents = _changed_documents(before, rows.listed)
    while True:
        changed, gone = rows.of_documents(documents), of_any(before, documents).to_numpy()
        if len(changed.listed) + np.count_nonzero(gone) > LARGEST_SHARE * len(rows.listed):
            return fill_corpus(folder, rows)
        with (
            scratch(folder, "changes") as changes,
            scratch(folder, "gone") as left,
            made_of(changes, changed) as made,
        ):
            words, leaving = Lexicon.read(previous), _inverter(left, previous, gone, rows.block)
            lexicon = words.plus(Lexicon.of(*leaving.words()), -1).plus(made.lexicon)
            divided = _documents_with(previous, before, words.divided_otherwise(lexicon))
            if divided <= set(documents):
                places = _Places.of(ids_of(before), gone, ids_of(changed.listed))
                pieces = Pieces.read(previous)
                stays = not joined and _base_stays(pieces, places)
                if not stays and not is_complete(previous):
                    return fill_corpus(folder, rows)
                made.write(lexicon)
                _merge(previous, changes, folder, places, rows.block)
                kept = _merge_pieces(previous, pieces, changes, folder, places, rows.block, stays=stays)
                if stays:
                    leaving.write(left, known=words.known)
                    leaving_base = frequencies_in(left, pieces.in_base()[gone])
                    write_gone(folder, gone_in(previous).plus(leaving_base))
                _write_sum(previous, changes, gone, folder, rows.block)
                _merge_bits(previous, changes, folder, places, rows.block)
                lexicon.write(folder)
                return {**completed(folder), KEPT: kept}
        documents = sorted(divided.union(documents))  # new words divide old compounds in other ways: once more


def _changed_documents(before: pa.Table, now: pa.Table) -> list[str]:
    """Return the documents of which a row is new, gone or another one: their vectors depend on all of theirs."""
    places = pc.index_in(now["chunk_id"], before["chunk_id"])
    same = pc.fill_null(pc.equal(now["revision"], before["revision"].take(places)), False)
    gone = pc.invert(pc.is_in(before["chunk_id"], now["chunk_id"]))
    changed = (now["document_id"].filter(pc.invert(same)), before["document_id"].filter(gone))
    return sorted({document for some in changed for document in some.to_pylist()})


def _inverter(waiting: Path, folder: Path, rows: npt.NDArray[np.bool_], block: int) -> Inverter:
    """Return the terms of some passages of a corpus; what waits is in the first folder."""
    inverter, places = Inverter(waiting), np.flatnonzero(rows)
    for begin in range(0, len(places), block):
        block_places = places[begin : begin + block]
        some, texts = _taken(folder / PASSAGES, block_places), texts_in(folder, block_places)
        passages = pc.binary_join_element_wise(texts["context"], texts["text"], "")
        inverter.add(terms_of(some.append_column("passage", passages)))
    return inverter


def _documents_with(folder: Path, passages: pa.Table, terms: Sequence[str]) -> set[str]:
    """Return the documents of a corpus that have one of the terms."""
    places = np.unique(np.concatenate([np.empty(0, np.int32), *inverted_in(folder, places_in(folder)).among(terms)]))
    return set(passages["document_id"].take(places).to_pylist())


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Where the passages of two folders go.

    Attributes:
        kept: Rows of the first that stay, ascending: int64 [m].
        stay: Where these go: int64 [m].
        before: Number of rows of the first; the others of them go nowhere.
        come: Where the rows of the second go: int64 [k].
        passages: Number of places.
    """

    kept: Numbers
    stay: Numbers
    before: int
    come: Numbers
    passages: int

    @classmethod
    def of(cls, before: npt.NDArray[np.bytes_], gone: npt.NDArray[np.bool_], come: npt.NDArray[np.bytes_]) -> Self:
        kept = np.flatnonzero(~gone)
        stay = before[kept]
        return cls(
            kept,
            np.arange(len(stay)) + np.searchsorted(come, stay),
            len(before),
            np.arange(len(come)) + np.searchsorted(stay, come),
            len(stay) + len(come),
        )

    def only(self, some: npt.NDArray[np.bool_]) -> Self:
        """Return them without the others of the first folder's rows that stay."""
        return replace(self, kept=self.kept[some], stay=self.stay[some])

    @property
    def moved(self) -> Numbers:
        """Where each row of the first folder goes, -1 for nowhere."""
        moved = np.full(self.before, -1)
        moved[self.kept] = self.stay
        return moved

    def blocks(self, rows: int) -> Iterator[tuple[Numbers, slice, Numbers]]:
        """Yield the rows of both folders that go to the next so many places in turn, and their order."""
        taken = np.sort(np.concatenate([self.stay, self.come]), kind="stable")  # quick, as it merges two sorted parts
        for begin in range(0, len(taken), rows):
            ends = [taken[begin], taken[min(begin + rows, len(taken)) - 1] + 1]
            stay, come = (slice(*np.searchsorted(places, ends).tolist()) for places in (self.stay, self.come))
            order = np.argsort(np.concatenate([self.stay[stay], self.come[come]]), kind="stable")
            yield self.kept[stay], come, order


def _base_stays(pieces: Pieces, places: _Places) -> bool:
    """Return whether what is not in the base, and what is gone of it, is a small share of all."""
    based = int(np.count_nonzero(pieces.in_base()[places.kept]))
    return places.passages - based + pieces.base - based <= JOINED_SHARE * places.passages


def _merge_pieces(
    previous: Path, pieces: Pieces, changes: Path, folder: Path, places: _Places, block: int, *, stays: bool
) -> dict[str, Any]:
    """Keep the base if it stays, and write what is not in it; else write all. Return what the card says of the kept."""
    kept = {}
    based = pieces.in_base()[places.kept] & stays
    if stays:
        same = mean_length_in(previous) == mean_length_in(folder)
        names = keep_piece(previous / BASE, folder / BASE, but=() if same else (WEIGHTS,))
        files = read_card(previous, unread=BASE)["files"]
        kept = {f"{BASE}/{name}": files[f"{BASE}/{name}"] for name in names}
    found = np.full(places.passages, -1, np.int32)
    found[places.stay[based]] = pieces.places.of_rows[places.kept[based]]
    found[found < 0] = (pieces.base if stays else 0) + np.arange(np.count_nonzero(found < 0))
    np.save(folder / PLACES, found)
    if stays and np.count_nonzero(based) == places.passages:
        return kept
    piece = folder / (CHANGED if stays else BASE)
    with piece_file(piece, pieces.dimension) as file, ArrayFile(piece / CODES, np.int8, [pieces.dimension]) as codes:
        for stay, come, order in places.only(~based).blocks(block):
            coming = np.arange(come.start, come.stop)
            parts = [texts_in(previous, stay), texts_in(changes, coming)]
            texts = pa.concat_tables(parts).combine_chunks().take(order).combine_chunks()
            vectors, coded = (
                np.concatenate([rows_in(previous, name, stay), rows_in(changes, name, coming)])[order]
                for name in (VECTORS, CODES)
            )
            file.append(vectors, texts)
            codes.append(coded)
    moved = np.full(pieces.places.number, -1)
    moved[pieces.places.of_rows[places.kept]] = found[places.stay]
    merged = [(previous / name, moved) for name in ((CHANGED,) if stays else (BASE, CHANGED))]
    sources = [source for source in merged if source[0].exists()]
    for prefix in ("", TITLE):
        merge_postings([*sources, (changes / BASE, found[places.come].astype(np.int64))], piece, prefix)
    return kept


def _merge(previous: Path, changes: Path, folder: Path, places: _Places, block: int) -> None:
    """Write the files of the passages that stay and of those that come."""
    schema = mapped(previous / PASSAGES).schema
    with arrow_file(folder / PASSAGES, schema) as file:
        for kept, come, order in places.blocks(block):
            new = mapped(changes / PASSAGES).slice(come.start, come.stop - come.start)
            both = pa.concat_tables([_taken(previous / PASSAGES, kept), new])
            file.write_table(both.combine_chunks().take(order).combine_chunks())
    for name in BY_ROW:
        _merge_array(previous, changes, folder, name, places, block)


def _write_sum(previous: Path, changes: Path, gone: npt.NDArray[np.bool_], folder: Path, block: int) -> None:
    """Write the sum of the vectors: the previous one, less those that are gone, and those that come."""
    total, rows = np.load(previous / SUM) + np.load(changes / SUM), np.flatnonzero(gone)
    for begin in range(0, len(rows), block):
        total -= summed(rows_in(previous, VECTORS, rows[begin : begin + block]))
    np.save(folder / SUM, total)


def _merge_bits(previous: Path, changes: Path, folder: Path, places: _Places, block: int) -> None:
    mean = mean_of(folder)
    if np.array_equal(mean, np.load(previous / "mean.npy")):
        write_bits(changes, mean)
        _merge_array(previous, changes, folder, "bits.npy", places, block)
        np.save(folder / "mean.npy", mean)
    else:
        write_bits(folder, mean)


def _merge_array(previous: Path, changes: Path, folder: Path, name: str, places: _Places, block: int) -> None:
    old, new = previous / name, changes / name
    like = np.load(old, mmap_mode="r")
    with ArrayFile(folder / name, like.dtype, like.shape[1:]) as file:
        for kept, come, order in places.blocks(block):
            file.append(np.concatenate([part(old, kept), part(new, come)])[order])


def _taken(path: Path, rows: Numbers) -> pa.Table:
    """Return rows of a table in a file, ascending; nothing of the file stays mapped."""
    if not len(rows):
        return mapped(path).slice(0, 0)
    first, last = int(rows[0]), int(rows[-1]) + 1
    wanted = np.zeros(last - first, bool)
    wanted[rows - first] = True
    return mapped(path).slice(first, last - first).combine_chunks().filter(pa.array(wanted))
