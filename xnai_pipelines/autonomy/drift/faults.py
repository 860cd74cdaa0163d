"""Tests for faults that training cannot fix: a changed encoder, a faulty index, missing documents."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from xnai_pipelines.autonomy.drift import thresholds
from xnai_pipelines.autonomy.drift.comparing import wilson
from xnai_pipelines.autonomy.drift.profile import Profile, TextProfile
from xnai_pipelines.autonomy.drift.report import Area, DriftTest
from xnai_pipelines.evaluation.intervals import bootstrap_mean
from xnai_pipelines.wording import counted

MISSING, ORPHANED = "missing vectors", "orphaned vectors"


@dataclass(frozen=True, slots=True)
class IndexCheck:
    """The state of the search index.

    Attributes:
        queries: Number of queries that recall was measured on.
        recall_at_10: Share of the ten exact neighbours that approximate search finds, None if search is exact.
        chunks: Number of chunks of all documents.
        missing_chunks: Number of chunks without a vector.
        orphan_vectors: Number of vectors without a chunk.
        stored_cosine: Mean cosine of a sample of stored vectors to those that the encoder computes now, None if not
            measured.
    """

    queries: int
    recall_at_10: float | None
    chunks: int
    missing_chunks: int
    orphan_vectors: int
    stored_cosine: float | None = None


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """Whether questions can still be answered.

    Attributes:
        questions_whose_documents_vanished: Number of questions without any relevant document left.
        of: Number of questions with labels.
        quarantined_documents: Number of documents that could not be read.
    """

    questions_whose_documents_vanished: int
    of: int
    quarantined_documents: int


def model_tests(reference: Profile, current: Profile) -> list[DriftTest]:
    """Return the tests of the encoder: the canary's vectors, and zero or non-finite vectors of questions."""
    return [_canary(reference, current), _broken(Area.MODEL, "questions", current.questions)]


def index_tests(index: IndexCheck, documents: TextProfile) -> list[DriftTest]:
    """Return the tests of the index: recall, missing, orphaned and broken vectors."""
    missing, orphaned, of = index.missing_chunks, index.orphan_vectors, index.chunks
    return [
        _recall(index),
        _stored(index),
        _broken(Area.INDEX, "documents", documents),
        _share(
            (missing, of),
            part=Area.INDEX,
            what=MISSING,
            threshold=thresholds.INDEX_ROWS,
            words=f"{missing:,} of {of:,} chunks have no vector",
        ),
        _share(
            (orphaned, of),
            part=Area.INDEX,
            what=ORPHANED,
            threshold=thresholds.INDEX_ROWS,
            words=f"{counted(orphaned, 'vector')} belong to deleted chunks, beside {counted(of, 'chunk')}",
        ),
    ]


def ingest_mends(tests: Iterable[DriftTest]) -> bool:
    """Return whether an ingest repairs every fault of the index: it adds and removes rows, and keeps the others."""
    return all(test.what in (MISSING, ORPHANED) for test in tests if test.part == Area.INDEX and test.drifted)


def label_tests(labels: LabelCheck) -> list[DriftTest]:
    """Return the test of the labels: questions whose answering documents are all gone."""
    number, of = labels.questions_whose_documents_vanished, labels.of
    words = f"the documents that answer {number:,} of {of:,} questions are gone"
    if labels.quarantined_documents:
        words += f" ({counted(labels.quarantined_documents, 'document')} in quarantine)"
    return [
        _share((number, of), part=Area.LABELS, what="answering documents", threshold=thresholds.VANISHED, words=words)
    ]


def _canary(reference: Profile, current: Profile) -> DriftTest:
    before, now = reference.canary, current.canary
    threshold = thresholds.CANARY_EXACT if now is not None and now.exact else thresholds.CANARY_QUANTIZED

    def test(words: str, value: float | None = None, drifted: bool = False) -> DriftTest:
        return DriftTest(
            part=Area.MODEL,
            what="canary vectors",
            statistic="mean cosine to the release",
            value=value,
            threshold=threshold,
            drifted=drifted,
            words=words,
        )

    if before is None or now is None:
        return test("the canary was not encoded at the release or now")
    if before.texts != now.texts:
        return test("the canary's texts differ from those of the release's profile")
    if before.passages.shape != now.passages.shape:
        words = f"the encoder returns {now.passages.shape[1]} dimensions, {before.passages.shape[1]} at the release"
        return test(words, 0.0, drifted=True)
    estimate = bootstrap_mean(now.cosines(before), seed=0)
    # The same texts through the same weights: nothing is drawn by chance, so the value itself is the evidence.
    drifted = estimate.mean < threshold
    words = (
        f"the encoder returns other vectors than at the release (mean cosine {estimate.mean:.3f} on the canary; "
        f"{now.accuracy:.0%} of its questions find their answer, {before.accuracy:.0%} at the release)"
        if drifted
        else f"the encoder returns the same vectors as at the release (mean cosine {estimate.mean:.4f})"
    )
    return replace(test(words, estimate.mean, drifted), low=estimate.low, high=estimate.high)


def _recall(index: IndexCheck) -> DriftTest:
    value, threshold = index.recall_at_10, thresholds.INDEX_RECALL
    measured = value is not None and index.queries > 0
    low, high = wilson(value, index.queries) if value is not None and measured else (None, None)
    if value is None:
        words = "search is exact"
    elif not measured:
        words = "recall was not measured: there was no query"
    else:
        words = f"approximate search finds {value:.0%} of the ten nearest chunks"
    return DriftTest(
        part=Area.INDEX,
        what="search",
        statistic="recall@10 against exact search",
        value=value if measured else None,
        low=low,
        high=high,
        threshold=threshold,
        drifted=high is not None and high < threshold,
        words=words,
    )


def _stored(index: IndexCheck) -> DriftTest:
    value, threshold = index.stored_cosine, thresholds.STORED
    words = (
        "stored vectors were not compared"
        if value is None
        else f"stored vectors have a mean cosine of {value:.3f} to recomputed ones"
    )
    return DriftTest(
        part=Area.INDEX,
        what="stored vectors",
        statistic="mean cosine to recomputed vectors",
        value=value,
        threshold=threshold,
        drifted=value is not None and not value >= threshold,
        words=words,
    )


def _broken(part: Area, noun: str, profile: TextProfile) -> DriftTest:
    of = profile.broken + profile.number
    words = f"{profile.broken:,} of {counted(of, 'vector')} of {noun} are zero or not finite"
    what = f"broken vectors of {noun}"
    return _share((profile.broken, of), part=part, what=what, threshold=thresholds.INDEX_ROWS, words=words)


def _share(counted: tuple[int, int], *, part: Area, what: str, threshold: float, words: str) -> DriftTest:
    """Return the test of a share, given as (number, total). It is counted, not sampled, so it has no interval."""
    number, of = counted
    value = number / of if of else float(number > 0)
    return DriftTest(
        part=part,
        what=what,
        statistic="share",
        value=value,
        threshold=threshold,
        drifted=value >= threshold,
        words=words,
    )
