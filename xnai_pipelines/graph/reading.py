"""All that was read, as columns: a million mentions take arrays of numbers and each distinct surface once. Pure."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xnai_pipelines.graph.arrays import Bools, Ints, encoded, flat, ints
from xnai_pipelines.graph.found import Kind

ORDER = [("document_id", "ascending"), ("ordinal", "ascending"), ("chunk_id", "ascending")]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Columns of c chunks, m mentions and s statements, in the order of documents and chunks.

    Attributes:
        chunk_ids: Ids of the chunks, c.
        document_ids: Ids of the documents, in order.
        languages: Language of each document, "" if unknown.
        document_of: Document of each chunk, int64 [c].
        chunk: Chunk of each mention, int64 [m].
        start, end: Range of each mention, int64 [m].
        sentence_start, sentence_end: Range of its sentence, int64 [m].
        surface: Index into `surfaces`, int64 [m].
        surfaces: Distinct surfaces.
        kind: Index into `kinds`, int64 [m].
        kinds: The kinds.
        extractor: Index into `extractors`, int64 [m].
        extractors: Distinct names of extractors.
        initial: Whether the mention opens its sentence, [m].
        subject, object: Mentions of each statement, int64 [s]; -1 for the document's subject.
        relation: Index into `relations`, int64 [s].
        relations: Distinct relation types.
        fact_document: Document of each of f facts, int64 [f].
        fact_subject: Mention that each is of, int64 [f]; -1 for what the document's title names.
        facts: The facts, f.
        words: Number of documents that write a word in lower case, and with a capital letter of uses of nouns.
    """

    chunk_ids: list[str]
    document_ids: list[str]
    languages: list[str]
    document_of: Ints
    chunk: Ints
    start: Ints
    end: Ints
    sentence_start: Ints
    sentence_end: Ints
    surface: Ints
    surfaces: list[str]
    kind: Ints
    kinds: list[Kind]
    extractor: Ints
    extractors: list[str]
    initial: Bools
    subject: Ints
    object: Ints
    relation: Ints
    relations: list[str]
    fact_document: Ints
    fact_subject: Ints
    facts: list[str]
    words: dict[str, int]

    @property
    def document(self) -> Ints:
        """Document of each mention, int64 [m]."""
        return self.document_of[self.chunk]


def reading_of(extractions: pa.Table) -> Reading:
    """Return the columns of the table `extractions`, whose rows may come in any order."""
    rows = extractions.sort_by(ORDER).combine_chunks()
    chunk_ids = rows["chunk_id"].to_pylist()
    documents = rows["document_id"].to_pylist()
    first = [at for at, document in enumerate(documents) if not at or documents[at - 1] != document]
    document_ids = [documents[at] for at in first]
    languages = rows["language"].to_pylist()
    opened = np.zeros(len(documents), dtype=np.int64)
    opened[first] = 1
    mentions, chunk = flat(rows["mentions"])
    surface, surfaces = encoded(mentions.field("surface"))
    kind, kinds = encoded(mentions.field("type"))
    extractor, extractors = encoded(mentions.field("extractor"))
    stated, stated_chunk = flat(rows["statements"])
    before = np.searchsorted(chunk, np.arange(len(chunk_ids)))  # mentions before each chunk
    relation, relations = encoded(stated.field("type"))
    subject, objects = ints(stated.field("subject")), ints(stated.field("object"))
    offset = before[stated_chunk] if len(stated_chunk) else stated_chunk
    facts, fact_chunk = flat(rows["facts"])
    of_fact = ints(facts.field("subject"))
    document_of = np.cumsum(opened) - 1
    words = pc.value_counts(flat(rows["words"])[0])
    return Reading(
        chunk_ids=chunk_ids,
        document_ids=document_ids,
        languages=[languages[at] or "" for at in first],
        document_of=document_of,
        chunk=chunk,
        start=ints(mentions.field("start")),
        end=ints(mentions.field("end")),
        sentence_start=ints(mentions.field("sentence_start")),
        sentence_end=ints(mentions.field("sentence_end")),
        surface=surface,
        surfaces=surfaces,
        kind=kind,
        kinds=[Kind(name) for name in kinds],
        extractor=extractor,
        extractors=extractors,
        initial=mentions.field("initial").to_numpy(zero_copy_only=False).astype(bool),
        subject=np.where(subject < 0, -1, subject + offset),
        object=objects + offset,
        relation=relation,
        relations=relations,
        fact_document=document_of[fact_chunk] if len(fact_chunk) else fact_chunk,
        fact_subject=np.where(of_fact < 0, -1, of_fact + before[fact_chunk]) if len(fact_chunk) else of_fact,
        facts=facts.field("fact").to_pylist(),
        words=dict(zip(words.field("values").to_pylist(), words.field("counts").to_pylist(), strict=True)),
    )
