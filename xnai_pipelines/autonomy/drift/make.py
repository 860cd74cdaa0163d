"""Reports what changed since the release was first evaluated: compares its profile then with the profile now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from xnai_pipelines.autonomy.drift.canary import canary_vectors
from xnai_pipelines.autonomy.drift.concluding import drift_report
from xnai_pipelines.autonomy.drift.faults import IndexCheck, LabelCheck
from xnai_pipelines.autonomy.drift.files import load_profile, save_profile
from xnai_pipelines.autonomy.drift.plots import drift_plot
from xnai_pipelines.autonomy.drift.profile import Profile, TextBlock, TextKind, text_profile
from xnai_pipelines.autonomy.drift.report import DriftReport
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.evaluation.policy_fit import policy_fit
from xnai_pipelines.extras import missing
from xnai_pipelines.questions.make import lost_labels, read_questions
from xnai_pipelines.questions.question import Question
from xnai_pipelines.search.corpus import open_corpus
from xnai_pipelines.search.vector_index import measured_recall, read_vector_index
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.diff import not_in
from xnai_pipelines.state.drawn import drawn
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release, Releases
from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, QUARANTINE, TableSpec, embeddings_spec
from xnai_pipelines.state.table_reading import vectors_of
from xnai_pipelines.state.tables import Tables

SPOT_CHECKED = 32  # stored vectors that are recomputed and compared


@dataclass(frozen=True, slots=True)
class DriftOutcome:
    """The report and its plot as PNG. `first` means that this run took the release's profile, so nothing changed.

    `plot` is None if the extra `plots` is not installed.
    """

    report: DriftReport
    plot: bytes | None
    first: bool
    seconds: float


def report_drift(context: StageContext, encoder: Encoder) -> DriftOutcome:
    """Return what changed since the release's profile was taken. The first call for a release takes the profile.

    Raises:
        ReleaseError: Nothing is released yet.
        DriftError: The release's profile is damaged. The message says what to do.
    """
    release = Releases(context.home.releases).require()
    folder = _folder(context.home)
    kept = folder / f"release_{release.release}.npz"
    with stage(context, "drift_report") as watch:
        questions = read_questions(context.tables)
        reference = load_profile(kept) if kept.exists() else None
        current = _profile(context, release, encoder, questions=questions, reference=reference)
        lost_at_release = folder / f"release_{release.release}.lost_labels.json"
        if reference is None:
            write_record(lost_at_release, lost_labels(context.home))  # before the profile: if that exists, both do
            save_profile(current, kept)
        lost = lost_labels(context.home) - (read_record(lost_at_release, int) or 0)
        labels = LabelCheck(max(0, lost), len(questions) + max(0, lost), context.tables.count(QUARANTINE))
        fit = policy_fit(context, release, threads=encoder.threads)
        index = _index(context, release, encoder)
        report = drift_report(reference or current, current, index, labels, policy=fit)
        write_record(folder / "report.json", report)
        plot = None if missing("plots") else _plot(context.home, reference or current, current)
        watch.items = current.documents.number
    return DriftOutcome(report, plot, reference is None, watch.seconds)


def _plot(home: Home, reference: Profile, current: Profile) -> bytes:
    """Return the plot; without a change, that of the first run that found the profile as it is now."""
    parts = [part for profile in (reference, current) for part in (profile.documents, profile.questions)]
    shown = [(part.distances.tolist(), part.languages.total) for part in parts]
    return drawn(home, "drift", (reference.taken_at, shown), lambda: drift_plot(reference, current))


def last_drift_report(home: Home) -> DriftReport | None:
    """Return the report of the last call, None before the first."""
    return read_record(_folder(home) / "report.json", DriftReport)


def profiles(home: Home) -> list[Path]:
    """Return the files of the profiles of all releases."""
    return sorted(_folder(home).glob("release_*.npz"))


def _folder(home: Home) -> Path:
    return home.state / "drift"


def _profile(
    context: StageContext, release: Release, encoder: Encoder, *, questions: list[Question], reference: Profile | None
) -> Profile:
    spec = embeddings_spec(release.embeddings_table, release.dimension)
    documents = context.tables.read(DOCUMENTS, ["document_id", "language", "media_type"]).to_pylist()
    kinds = {row["document_id"]: TextKind(row["document_id"], row["language"], row["media_type"]) for row in documents}
    owners = [min(question.document_ids) for question in questions]
    vectors = np.array([encoder.encode_query(question.question) for question in questions], dtype=np.float32)
    asked = TextBlock(owners, [question.question for question in questions], vectors.reshape(-1, release.dimension))
    return Profile(
        release=release.release,
        taken_at=datetime.now(UTC),
        documents=text_profile(
            _blocks(context.tables, spec),
            kinds.values(),
            reference.documents if reference else None,
        ),
        questions=text_profile(
            [asked],
            [kinds[owner] for owner in owners if owner in kinds],
            reference.questions if reference else None,
        ),
        document_count=len(documents),
        canary=canary_vectors(
            lambda texts: encoder.encode_passages(texts).vectors,
            encoder.encode_query,
            exact=encoder.spec.variant == Runtime.FP32,
        ),
    )


def _blocks(tables: Tables, spec: TableSpec) -> Iterator[TextBlock]:
    for batch in tables.stream(spec, ["document_id", "text", "vector"]):
        yield TextBlock(batch["document_id"].to_pylist(), batch["text"].to_pylist(), vectors_of(batch))


def _index(context: StageContext, release: Release, encoder: Encoder) -> IndexCheck:
    spec = embeddings_spec(release.embeddings_table, release.dimension)
    measured = read_vector_index(Releases(context.home.releases).vector_index_path(release.release))
    candidates = measured.candidates if measured else None
    # not what an ingest would embed again: after an update that may be every passage, and search still has them
    chunks, stored = (context.tables.read(one, ["chunk_id"])["chunk_id"] for one in (CHUNKS, spec))
    recall = None
    if candidates:
        corpus = open_corpus(context.home, context.tables, spec.name)
        recall = measured_recall(corpus, candidates, encoder.encode_query)
    return IndexCheck(
        queries=recall.queries if recall else 0,
        recall_at_10=recall.recall_at_10 if recall else None,
        chunks=len(chunks),
        missing_chunks=len(not_in(chunks, stored)),
        orphan_vectors=len(not_in(stored, chunks)),
        stored_cosine=_stored_cosine(context.tables, spec, encoder),
    )


def _stored_cosine(tables: Tables, spec: TableSpec, encoder: Encoder) -> float | None:
    """Return the mean cosine of some stored vectors to those that the encoder computes of their passages now."""
    first = next(tables.stream(spec, ["passage", "vector"], rows=SPOT_CHECKED), None)
    if first is None or not first.num_rows:
        return None
    stored = vectors_of(first)
    return float(np.mean(np.sum(stored * encoder.encode_passages(first["passage"].to_pylist()).vectors, axis=1)))
