"""Rankings as they are returned: passages with their texts, or ids and scores alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xnai_pipelines.search.best import Ranking
from xnai_pipelines.search.by_graph import GraphSource
from xnai_pipelines.search.corpus import Corpus
from xnai_pipelines.search.hits import Hit
from xnai_pipelines.search.query import Asked
from xnai_pipelines.search.ranking import Candidate, Scores
from xnai_pipelines.search.scoring import Scoring
from xnai_pipelines.search.snippet import best_part, snippet


def hits(ranking: Ranking, what: Asked, scoring: Scoring, source: GraphSource) -> list[Hit]:
    """Return the passages of a ranking as people see them: with text, snippet, copies, and the graph's way to each."""
    corpus, rows = scoring.corpus, ranking.rows.tolist()
    marked = tuple(dict.fromkeys(word.text for word in scoring.keyword.telling(what.text)))
    return [
        Hit(
            rank=place + 1,
            score=float(ranking.scores[place]),
            vector=_number(ranking.vector, place),
            keyword=_number(ranking.keyword, place),
            copies=int(np.count_nonzero(ranking.totals[others] > -np.inf)) if len(others) else 0,
            path=source.graph.path(ranking.walked, row) if ranking.walked else (),
            **_with_snippet(shown, marked),
        )
        for place, (row, shown, others) in enumerate(
            zip(rows, corpus.shown(rows), corpus.others(ranking.rows), strict=True)
        )
    ]


def _with_snippet(shown: Mapping[str, Any], marked: Sequence[str]) -> dict[str, Any]:
    """Return what is shown of a passage, with headings and snippet of the section with most words of the question."""
    sections = [{"start": shown["start"], "heading_path": shown["heading_path"]}, *(shown["sections"] or ())]
    text, language = shown["text"], shown["language"]
    starts = [section["start"] - shown["start"] for section in sections]
    at = best_part(text, starts, marked, language)
    return {
        **{name: value for name, value in shown.items() if name != "sections"},
        "heading_path": tuple(sections[at]["heading_path"] or ()),
        "snippet": snippet(text[starts[at] :], marked, language),
    }


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
