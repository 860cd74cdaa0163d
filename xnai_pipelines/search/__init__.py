"""Search: one table of vectors and texts, kept in line with the chunks, searched by vector, by keyword, or by both.

Chunks go in and files that are mapped into memory come out (`make.py`, `corpus_files.py`); then questions go in and
passages come out. Read `index.py` first, a release open for questions: `query.py` reads the question, `scoring.py`
weighs its parts (`keyword.py`, `vector_index.py`, `ranking.py`), and `best.py` picks, with the graph (`by_graph.py`)
and the re-ranker (`reranking.py`).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xnai_pipelines.errors import QueryError, VectorSpaceError
    from xnai_pipelines.search.hits import Hit
    from xnai_pipelines.search.index import SearchIndex
    from xnai_pipelines.search.query import Filters, Mode

__all__ = ["Filters", "Hit", "Mode", "QueryError", "SearchIndex", "VectorSpaceError"]

_MODULES = {"Filters": "query", "Hit": "hits", "Mode": "query", "SearchIndex": "index"}


def __getattr__(name: str) -> Any:
    """Import a name as it is asked for: settings take a mode of this package, and no index."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = f"{__name__}.{_MODULES[name]}" if name in _MODULES else "xnai_pipelines.errors"
    return getattr(import_module(module), name)
