"""Golden questions: what a home found when it was backed up, which its restored copy must find to the last bit."""

from collections.abc import Mapping
from pathlib import Path

from xnai_pipelines.backups.backup import Golden
from xnai_pipelines.errors import HomeMovedError
from xnai_pipelines.search.corpus import corpus_is_current
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.state.lance_files import newest_version, table_folders
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release
from xnai_pipelines.state.schemas import DOCUMENTS, QUESTIONS
from xnai_pipelines.state.tables import Tables

QUESTIONS_ASKED = 20
DEPTH = 10


def golden_questions(home: Home) -> list[str]:
    """Return questions spread over those of the home; without any, titles of documents."""
    tables = Tables.of(home)
    asked = tables.read(QUESTIONS, [QUESTIONS.key, "question"]).sort_by(QUESTIONS.key)["question"].to_pylist()
    if not asked:
        titles = tables.read(DOCUMENTS, [DOCUMENTS.key, "title"]).sort_by(DOCUMENTS.key)["title"].to_pylist()
        asked = [title for title in titles if title and any(letter.isalnum() for letter in title)]
    step = max(1, len(asked) // QUESTIONS_ASKED)
    chosen: list[str] = asked[::step][:QUESTIONS_ASKED]
    return chosen


def ask(home: Path, questions: list[str], release: Release | None = None) -> tuple[Golden, ...]:
    """Return what a release finds, by default the current one, scores to the last bit.

    Raises:
        ReleaseError: There is no release, or its encoder or table is missing.
    """
    if not questions:
        return ()
    index = SearchIndex.open(home, release=release)
    return tuple(
        Golden(question, tuple((one.chunk_id, float(one.score).hex()) for one in index.rank(question, DEPTH)))
        for question in questions
    )


def answers_of(home: Home, release: Release, versions: Mapping[str, int]) -> tuple[Golden, ...]:
    """Return the golden questions with what a release finds in these versions of the tables.

    Raises:
        HomeMovedError: A run changes what search reads, so the answers could be of other versions.
    """
    _check_is_current(home, release, versions)
    found = ask(home.root, golden_questions(home), release)
    _check_is_current(home, release, versions)
    return found


def _check_is_current(home: Home, release: Release, versions: Mapping[str, int]) -> None:
    try:
        now = {folder.stem: newest_version(folder).version for folder in table_folders(home.lancedb)}
    except FileNotFoundError:  # dropped meanwhile
        now = {}
    if now != versions or not corpus_is_current(home, Tables.of(home), release.embeddings_table):
        raise HomeMovedError("A run was changing what search reads, or was killed while it did.")
