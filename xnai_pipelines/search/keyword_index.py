"""The full-text index: BM25 over words stemmed in the corpus' main language."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from xnai_pipelines.state.context import StageContext
from xnai_pipelines.state.schemas import DOCUMENTS

if TYPE_CHECKING:
    from lancedb.index import FTS


INDEX_NAME = "passage_keywords"

# The languages that LanceDB stems, by ISO 639-1 code.
STEMMED = {
    "ar": "Arabic", "da": "Danish", "nl": "Dutch", "en": "English", "fi": "Finnish", "fr": "French", "de": "German",
    "el": "Greek", "hu": "Hungarian", "it": "Italian", "no": "Norwegian", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "es": "Spanish", "sv": "Swedish", "ta": "Tamil", "tr": "Turkish",
}  # fmt: skip


def index_config(language: str | None) -> "FTS":
    """Return the index configuration for a corpus whose main language has this ISO 639-1 code.

    Languages that LanceDB does not stem (such as Chinese, Japanese and Thai, also those written without spaces) are
    split into words by ICU and not stemmed.
    """
    from lancedb.index import FTS

    if language is None or language in STEMMED:
        return FTS(language=STEMMED[language or "en"], stem=True, remove_stop_words=True, ascii_folding=True)
    return FTS(base_tokenizer="icu", stem=False, remove_stop_words=False, ascii_folding=True)


def unindexed_rows(table: Any) -> int:
    """Return the number of rows written since the last `optimize`, for example by a killed run; 0 without an index."""
    names = {index.name for index in table.list_indices()}
    return int(table.index_stats(INDEX_NAME).num_unindexed_rows) if INDEX_NAME in names else 0


def ensure_keyword_index(table: Any, language: str | None) -> bool:
    """Build the index if there is none or the corpus' main language changed; return whether it was built."""
    config = index_config(language)
    existing = [index for index in table.list_indices() if index.name == INDEX_NAME]
    if existing:
        details = existing[0].index_details or {}
        same = (details.get("base_tokenizer"), details.get("stem")) == (config.base_tokenizer, config.stem)
        if same and (not config.stem or details.get("language") == config.language):
            return False
    table.create_index("passage", config=config, name=INDEX_NAME, replace=True)
    return True


def remake_keyword_index(table: Any, language: str | None) -> tuple[str, ...]:
    """Build the index again in place of the previous one and return its name; nothing for an empty table."""
    if not table.count_rows():
        return ()
    table.create_index("passage", config=index_config(language), name=INDEX_NAME, replace=True)
    return (INDEX_NAME,)


def main_language(context: StageContext) -> str | None:
    """Return the most frequent language of the documents, None if none is known."""
    languages = Counter(context.tables.read(DOCUMENTS, ["language"], "language IS NOT NULL")["language"].to_pylist())
    # on a tie, the same language in every run, whatever the order of rows
    return min(languages, key=lambda language: (-languages[language], language), default=None)
