"""An overview of the documents: the opening sentence of the document that leads each of the largest communities."""

from collections.abc import Iterator

import numpy as np

from xnai_pipelines.answers.belonging import is_code
from xnai_pipelines.answers.evidence import Evidence, Row, evidence_of
from xnai_pipelines.answers.extractive import MOST_OF_A_LIST
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.answers.scoring import Unit
from xnai_pipelines.answers.units import units
from xnai_pipelines.graph.summaries import LONGEST, SHORTEST
from xnai_pipelines.search.leading import leading_documents
from xnai_pipelines.search.query import Asked

OPENING = 3  # passages of a document, in which its first sentence is looked for

_ENDS = (".", "!", "?", "。", "！", "？", "।", "؟")


def overview(passages: Passages, what: Asked) -> tuple[list[Unit], list[Evidence]]:
    """Return one sentence for each theme of the passages that may be found, the largest theme first, and its passage.

    Nothing if there is no graph, or no community in it.

    Args:
        passages: The release, as the reader sees it.
        what: The question, for its filters.
    """
    index = passages.index
    if index.division is None:
        return [], []
    allowed = index.keyword.allowed(what)
    allowed = np.ones(len(index.corpus.passages), bool) if allowed is None else allowed
    documents = passages.document_codes
    found: list[Unit] = []
    evidence: list[Evidence] = []
    for document in leading_documents(index.division, documents.astype(np.int64), allowed):
        rows = np.flatnonzero(allowed & (documents == document))
        opening = next(_opening(passages, sorted(rows.tolist(), key=passages.place)[:OPENING]), None)
        if opening:
            place, (start, end) = opening
            evidence.append(place)
            found.append(Unit(len(evidence) - 1, start, end, 0.0))
        if len(found) == MOST_OF_A_LIST:
            break
    return found, evidence


def _opening(passages: Passages, rows: list[int]) -> Iterator[tuple[Evidence, tuple[int, int]]]:
    """Yield the sentences of passages that can stand alone, in order: no heading, row, code or line of names."""
    for row, shown in zip(rows, passages.index.corpus.shown(rows), strict=True):
        one = evidence_of(passages, [Row(row, shown, 0.0)], shown["text"])
        for part in units(one.text):
            said = one.text[part.start : part.end]
            fits = SHORTEST <= len(said) <= LONGEST and said.endswith(_ENDS) and part.names is None
            unit = Unit(0, one.start + part.start, one.start + part.end, 0.0)
            if fits and not is_code(unit, [one]):
                yield one, (unit.start, unit.end)
