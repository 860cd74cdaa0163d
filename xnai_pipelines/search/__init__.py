"""Search over the current release of a home.

>>> from xnai_pipelines.search import SearchIndex  # doctest: +SKIP
>>> SearchIndex.open(".xnai").search("How do I copy a folder?")[0].source  # doctest: +SKIP
'shutil.md'
"""

from xnai_pipelines.search.index import RANKING_VERSION, Hit, SearchIndex, VectorSpaceError
from xnai_pipelines.search.keyword_index import ensure_keyword_index, remake_keyword_index, unindexed_rows
from xnai_pipelines.search.query import Filters, Mode, QueryError
from xnai_pipelines.search.ranking import Candidate
from xnai_pipelines.search.vector_index import VectorIndex, maintain_vector_index, measured_recall, read_vector_index

__all__ = [
    "RANKING_VERSION",
    "Candidate",
    "Filters",
    "Hit",
    "Mode",
    "QueryError",
    "SearchIndex",
    "VectorIndex",
    "VectorSpaceError",
    "ensure_keyword_index",
    "maintain_vector_index",
    "measured_recall",
    "read_vector_index",
    "remake_keyword_index",
    "unindexed_rows",
]
