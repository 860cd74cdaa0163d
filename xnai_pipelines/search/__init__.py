"""Search: one table of vectors and texts, kept in line with the chunks, searched by vector, by keyword, or by both."""

from xnai_pipelines.errors import QueryError, VectorSpaceError
from xnai_pipelines.search.hits import Hit
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Filters, Mode

__all__ = ["Filters", "Hit", "Mode", "QueryError", "SearchIndex", "VectorSpaceError"]
