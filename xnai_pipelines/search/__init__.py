"""Search: one table of vectors and texts, kept in line with the chunks, searched by vector, by keyword, or by both.

Chunks go in and files that are mapped into memory come out (`make.py`, `corpus_files.py`); then questions go in and
passages come out. Read `index.py` first, a release open for questions: `query.py` reads the question, `scoring.py`
weighs its parts (`keyword.py`, `vector_index.py`, `ranking.py`), and `best.py` picks, with the graph (`by_graph.py`)
and the re-ranker (`reranking.py`).
"""

from xnai_pipelines.errors import QueryError, VectorSpaceError
from xnai_pipelines.search.hits import Hit
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Filters, Mode

__all__ = ["Filters", "Hit", "Mode", "QueryError", "SearchIndex", "VectorSpaceError"]
