"""Tests for what training cannot mend: a changed encoder, an index out of order, documents that are gone."""

from dataclasses import dataclass

from xnai_pipelines.autonomy.drift import thresholds
from xnai_pipelines.autonomy.drift.comparing import wilson
from xnai_pipelines.autonomy.drift.profile import Profile, TextProfile
from xnai_pipelines.autonomy.drift.report import DriftTest, Part
from xnai_pipelines.evaluation.intervals import bootstrap_mean


@dataclass(frozen=True, slots=True)
class IndexCheck:
    """The state of the search index.

    Attributes:
        queries: Queries of which recall was taken.
        recall_at_10: Share of the ten exact neighbours that the approximate search finds; None where search is exact.
        chunks: Chunks of all documents.
        missing_chunks: Chunks without a vector.
        orphan_vectors: Vectors without a chunk.
        keyword_unindexed_rows: Rows that the keyword index does not know yet.
        stored_cosine: Mean cosine of a sample of stored vectors to those that the encoder makes of their texts now;
            None where it was not taken.
    """

    queries: int
    recall_at_10: float | None
    chunks: int
    missing_chunks: int
    orphan_vectors: int
    keyword_unindexed_rows: int
    stored_cosine: float | None = None


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """Whether questions can still be answered.

    Attributes:
        questions_whose_documents_vanished: Questions of which no relevant document is left.
        of: Questions with labels.
        quarantined_documents: Documents that could not be read.
    """

    questions_whose_documents_vanished: int
    of: int
    quarantined_documents: int


def model_tests(reference: Profile, current: Profile) -> list[DriftTest]:
    """Return the tests of the encoder: the canary's vectors, and vectors of questions that hold no numbers."""
    return [_canary(reference, current), _broken(Part.MODEL, "questions", current.questions)]


def index_tests(index: IndexCheck, documents: TextProfile) -> list[DriftTest]:
    """Return the tests of the index: recall, missing, orphaned and broken vectors, rows without keywords."""
    tests = [_recall(index), _stored(index), _broken(Part.INDEX, "documents", documents)]
    for what, number, limit, words in (
        ("missing vectors", index.missing_chunks, thresholds.INDEX_ROWS, "chunks have no vector"),
        ("orphaned vectors", index.orphan_vectors, thresholds.INDEX_ROWS, "vectors are of chunks that are gone"),
        ("keyword index", index.keyword_unindexed_rows, thresholds.KEYWORD_ROWS, "chunks are not in the keyword index"),
    ):
        said = f"{number:,} {words}, of {index.chunks:,} chunks"
        tests.append(_share(Part.INDEX, what, number, index.chunks, limit, said))
    return tests


def label_tests(labels: LabelCheck) -> list[DriftTest]:
    """Return the test of the labels: questions that no document answers any more."""
    number, of = labels.questions_whose_documents_vanished, labels.of
    words = f"the documents that answer {number:,} of {of:,} questions are gone"
    if labels.quarantined_documents:
        words += f" ({_count(labels.quarantined_documents, 'document')} in quarantine)"
    return [_share(Part.LABELS, "documents that answer", number, of, thresholds.VANISHED, words)]


def _canary(reference: Profile, current: Profile) -> DriftTest:
    before, now = reference.canary, current.canary
    threshold = thresholds.CANARY_EXACT if now is not None and now.exact else thresholds.CANARY_QUANTIZED

    def test(value: float | None, ends: tuple[float | None, float | None], drifted: bool, words: str) -> DriftTest:
        name = "mean cosine to the release's"
        return DriftTest(Part.MODEL, "canary vectors", name, value, *ends, None, threshold, drifted, words)

    if before is None or now is None:
        return test(None, (None, None), False, "the canary was not asked at the release and now")
    if before.texts != now.texts:
        return test(None, (None, None), False, "the canary's texts are not those of the release's profile")
    if before.passages.shape != now.passages.shape:
        words = f"the encoder gives {now.passages.shape[1]} dimensions, at the release {before.passages.shape[1]}"
        return test(0.0, (None, None), True, words)
    estimate = bootstrap_mean(now.cosines(before), seed=0)
    # The same texts through the same weights: nothing is drawn by chance, so the value itself is the evidence.
    drifted = estimate.mean < threshold
    words = (
        f"the encoder gives other vectors than at the release (mean cosine {estimate.mean:.3f} on the canary; "
        f"{now.accuracy:.0%} of its questions find their answer, {before.accuracy:.0%} at the release)"
        if drifted
        else f"the encoder gives the vectors that it gave at the release (mean cosine {estimate.mean:.4f})"
    )
    return test(estimate.mean, (estimate.low, estimate.high), drifted, words)


def _recall(index: IndexCheck) -> DriftTest:
    value, threshold = index.recall_at_10, thresholds.INDEX_RECALL
    if value is None or index.queries == 0:
        words = "search is exact" if value is None else "recall was taken of no query"
        return DriftTest(
            Part.INDEX, "search", "recall@10 of exact search", None, None, None, None, threshold, False, words
        )
    low, high = wilson(value, index.queries)
    words = f"approximate search finds {value:.0%} of the ten nearest chunks"
    return DriftTest(
        Part.INDEX, "search", "recall@10 of exact search", value, low, high, None, threshold, high < threshold, words
    )


def _stored(index: IndexCheck) -> DriftTest:
    value, threshold = index.stored_cosine, thresholds.STORED
    words = (
        "stored vectors were not compared" if value is None else f"stored vectors have cosine {value:.3f} to new ones"
    )
    drifted = value is not None and not value >= threshold
    return DriftTest(
        Part.INDEX, "stored vectors", "mean cosine to new ones", value, None, None, None, threshold, drifted, words
    )


def _broken(part: Part, noun: str, profile: TextProfile) -> DriftTest:
    of = profile.broken + profile.number
    words = f"{profile.broken:,} of {_count(of, 'vector')} of {noun} hold no numbers"
    return _share(part, f"broken vectors of {noun}", profile.broken, of, thresholds.INDEX_ROWS, words)


def _share(part: Part, what: str, number: int, of: int, threshold: float, words: str) -> DriftTest:
    """Return the test of a share that is counted, not sampled: it has no interval."""
    value = number / of if of else float(number > 0)
    return DriftTest(part, what, "share", value, None, None, None, threshold, value >= threshold, words)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
