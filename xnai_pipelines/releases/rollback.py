"""Roll back to an earlier release, or forward again: table, model and ranking policy together.

The questions that the release was measured with come back as well, until the next evaluation makes them again from
today's labels, feedback and documents.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from xnai_pipelines.errors import DamagedArtefactError, ReleaseError, TableError
from xnai_pipelines.graph.make import name_graph
from xnai_pipelines.questions.make import question_of, question_row
from xnai_pipelines.questions.question import Question
from xnai_pipelines.search.corpus import publish_corpus
from xnai_pipelines.search.make import forget_deleted, pending
from xnai_pipelines.state.artefacts import read_card
from xnai_pipelines.state.context import StageContext, stage, write_report
from xnai_pipelines.state.layout import write_bytes
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.schemas import DOCUMENTS, QUESTIONS, embeddings_spec


@dataclass(frozen=True, slots=True)
class RollbackReport:
    """The move of the pointer.

    Attributes:
        from_release: Release that was current before.
        to_release: Release that is current now.
        deleted: Documents deleted since that were removed from the release's table before the move.
        behind: Chunks that the next ingest brings in line with today's documents.
        questions: Number of questions restored until the next evaluation; None: the release kept none, today's stay.
        pointer_seconds: Duration of the move itself in seconds.
        seconds: Duration of the whole rollback in seconds.
    """

    from_release: int
    to_release: int
    deleted: int
    behind: int
    questions: int | None
    pointer_seconds: float
    seconds: float


def roll_back(context: StageContext, number: int | None) -> RollbackReport:
    """Make an earlier or later release the current one; None: the one before the current release.

    Raises:
        ReleaseError: There is no such release, it is the current one, or its table or model is gone.
    """
    releases = Releases(context.home.releases)
    with stage(context, "rollback") as watch:
        current = releases.require()
        target = releases.read(number) if number is not None else _before(releases, current)
        if target.release == current.release:
            raise ReleaseError(f"Release {target.release} is already the current one.")
        _require_parts(context, target)
        spec = embeddings_spec(target.embeddings_table, target.dimension)
        deleted = forget_deleted(context, releases, embeddings_spec(current.embeddings_table, current.dimension))
        behind = pending(context, spec)
        publish_corpus(context.home, context.tables, target.embeddings_table)
        started = time.perf_counter()
        releases.roll_back(target.release, f"rolled back from release {current.release}")
        moved = time.perf_counter() - started
        restored = restore_questions(context, releases, target)
        name_graph(context)  # the graph is today's, whatever release is searched
        watch.items = 1
    report = RollbackReport(
        from_release=current.release,
        to_release=target.release,
        deleted=deleted.get(target.embeddings_table, 0),
        behind=len(behind.to_write) + len(behind.removed),
        questions=restored,
        pointer_seconds=moved,
        seconds=watch.seconds,
    )
    write_report(context.home, "rollback", report)
    return report


def keep_questions(releases: Releases, number: int, questions: Sequence[Question]) -> None:
    """Keep questions beside a release, for a rollback to it."""
    lines = [json.dumps(question_row(question), ensure_ascii=False) for question in questions]
    write_bytes(releases.questions_path(number), "\n".join(lines).encode())


def kept_questions(releases: Releases, number: int) -> list[Question] | None:
    """Return the questions kept beside a release, None if it kept none."""
    path = releases.questions_path(number)
    if not path.exists():
        return None
    return [question_of(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def restore_questions(context: StageContext, releases: Releases, target: Release) -> int | None:
    """Restore a release's questions, without those about deleted documents, and return their number."""
    kept = kept_questions(releases, target.release)
    if kept is None:
        return None
    stored = context.tables.ids(DOCUMENTS)
    known = [question for question in kept if question.document_ids <= stored]
    context.tables.replace(QUESTIONS, [question_row(question) for question in known])
    return len(known)


def _before(releases: Releases, current: Release) -> Release:
    earlier = [release for release in releases.all() if release.release < current.release]
    if not earlier:
        raise ReleaseError(f"There is no release before {current.release}. `xnai releases` lists the kept ones.")
    return earlier[-1]


def _require_parts(context: StageContext, target: Release) -> None:
    """Raise if a part of the release is gone."""
    try:
        context.tables.open(target.embeddings_table)
    except TableError as error:
        raise ReleaseError(
            f"The table {target.embeddings_table} of release {target.release} is gone, so it cannot be searched. "
            "Choose another from `xnai releases`."
        ) from error
    try:
        read_card(context.home.models / target.vector_space)
    except DamagedArtefactError as error:
        raise ReleaseError(f"The encoder of release {target.release} cannot be used. {error}") from error
