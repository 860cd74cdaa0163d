"""The main language of a corpus: the keyword index stems by it."""

from collections import Counter

from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.schemas import DOCUMENTS


def main_language(context: StageContext) -> str | None:
    """Return the most frequent language of the documents, None if none is known."""
    languages = Counter(context.tables.read(DOCUMENTS, ["language"], "language IS NOT NULL")["language"].to_pylist())
    # on a tie, the same language in every run, whatever the order of rows
    return min(languages, key=lambda language: (-languages[language], language), default=None)
