"""Rankings as they are returned: passages with their texts, or ids and scores alone."""

import numpy as np

from xnai_pipelines.search.best import Ranking
from xnai_pipelines.search.by_graph import GraphSource
from xnai_pipelines.search.corpus import Corpus
from xnai_pipelines.search.hits import Hit
from xnai_pipelines.search.query import Asked
from xnai_pipelines.search.ranking import Candidate, Scores
from xnai_pipelines.search.scoring import Scoring
from xnai_pipelines.search.snippet import snippet


def hits(ranking: Ranking, what: Asked, scoring: Scoring, source: GraphSource) -> list[Hit]:
    """Return the passages of a ranking as people see them: with text, snippet, copies, and the graph's way to each."""
    corpus, rows = scoring.corpus, ranking.rows.tolist()
    marked = list(dict.fromkeys(word.text for word in scoring.keyword.telling(what.text)))
    return [
        Hit(
            rank=place + 1,
            score=float(ranking.scores[place]),
            snippet=snippet(shown["text"], marked, shown["language"]),
            vector=_number(ranking.vector, place),
            keyword=_number(ranking.keyword, place),
            copies=int(np.count_nonzero(ranking.totals[corpus.copies(row)] > -np.inf)) - 1,
            path=source.graph.path(ranking.walked, row) if ranking.walked else (),
            **{**shown, "heading_path": tuple(shown["heading_path"] or ())},
        )
        for place, (row, shown) in enumerate(zip(rows, corpus.shown(rows), strict=True))
    ]


def candidates(ranking: Ranking, corpus: Corpus) -> list[Candidate]:
    """Return the ids and scores of a ranking; no text is read."""
    rows = ranking.rows.tolist()
    chunks, documents = (corpus.values(name, rows) for name in ("chunk_id", "document_id"))
    return [
        Candidate(
            chunk_id=chunk_id,
            document_id=document_id,
            score=float(ranking.scores[place]),
            row=row,
            vector=_number(ranking.vector, place),
            keyword=_number(ranking.keyword, place),
        )
        for place, (row, chunk_id, document_id) in enumerate(zip(rows, chunks, documents, strict=True))
    ]


def _number(scores: Scores | None, place: int) -> float | None:
    return None if scores is None else float(scores[place])
