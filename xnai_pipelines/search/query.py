"""What can be asked: the mode, the filters, and valid questions."""

from dataclasses import dataclass
from enum import StrEnum

from xnai_pipelines.errors import QueryError
from xnai_pipelines.state.tables import quoted

LONGEST_QUESTION = 4_000  # characters; the encoder reads far fewer, and keyword search over more takes seconds


class Mode(StrEnum):
    """How passages are found: nearest vectors, BM25 over stemmed words, or both fused."""

    HYBRID = "hybrid"
    VECTOR = "vector"
    KEYWORD = "keyword"


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on the passages searched; None: no condition."""

    source_prefix: str | None = None
    media_type: str | None = None
    language: str | None = None

    def sql(self) -> str | None:
        """Return the filters as an SQL condition, None if there is none."""
        conditions = []
        if self.source_prefix:
            conditions.append(f"starts_with(source, {quoted(self.source_prefix)})")
        if self.media_type:
            conditions.append(f"media_type = {quoted(self.media_type)}")
        if self.language:
            conditions.append(f"language = {quoted(self.language)}")
        return " AND ".join(conditions) or None


NO_FILTERS = Filters()


def checked_question(question: str) -> str:
    """Return the question without surrounding white space.

    Raises:
        QueryError: It is empty, not valid Unicode, too long, or has no letter or digit.
    """
    stripped = question.strip()
    if not stripped:
        raise QueryError("The question is empty. Ask in words, for example: xnai search 'copy a folder'.")
    try:
        stripped.encode()
    except UnicodeEncodeError as error:
        raise QueryError(
            f"The question is not valid text: character {error.start + 1} is half of one. Ask in UTF-8."
        ) from None
    if len(stripped) > LONGEST_QUESTION:
        raise QueryError(
            f"The question has {len(stripped):,} characters; the max is {LONGEST_QUESTION:,}. Ask a shorter question."
        )
    if not any(character.isalnum() for character in stripped):
        raise QueryError(f"The question {stripped[:40]!r} has no letter or digit to search for.")
    return stripped
