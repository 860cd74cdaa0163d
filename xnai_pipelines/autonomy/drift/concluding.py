"""From what changed to the cause: faults first, since nothing else can be judged while one lasts."""

from collections.abc import Sequence

from xnai_pipelines.autonomy.drift.content import content_tests, growth_test
from xnai_pipelines.autonomy.drift.faults import IndexCheck, LabelCheck, index_tests, label_tests, model_tests
from xnai_pipelines.autonomy.drift.profile import Profile
from xnai_pipelines.autonomy.drift.report import Cause, DriftReport, DriftTest, Part
from xnai_pipelines.errors import DriftError

_FAULTS = {
    Part.MODEL: Cause.MODEL_FAULT,
    Part.INDEX: Cause.INDEX_FAULT,
    Part.LABELS: Cause.MISSING_DOCUMENTS,
}
# More clauses than these are a list, and the tests are one.
_CLAUSES = 3


def drift_report(
    reference: Profile, current: Profile, index: IndexCheck, labels: LabelCheck, accuracy_words: str | None = None
) -> DriftReport:
    """Return what changed since a release, and which cause that names.

    Args:
        reference: Taken when the release was first evaluated.
        current: Taken now, against the reference.
        index: The state of the index now.
        labels: The state of the labels now.
        accuracy_words: How accuracy fell, as a clause that the conclusion begins with.

    Raises:
        DriftError: The profiles are of two releases, or their vectors of two dimensions.
    """
    _comparable(reference, current)
    tests = (
        *model_tests(reference, current),
        *index_tests(index, current.documents),
        *label_tests(labels),
        *content_tests(reference.documents, current.documents, Part.DOCUMENTS),
        growth_test(reference, current),
        *content_tests(reference.questions, current.questions, Part.QUESTIONS),
    )
    cause = _cause({test.part for test in tests if test.drifted})
    return DriftReport(
        release=reference.release,
        reference_at=reference.taken_at,
        current_at=current.taken_at,
        tests=tests,
        cause=cause,
        trainable=cause.trainable,
        conclusion=_conclusion(tests, cause, reference.release, accuracy_words),
    )


def _comparable(reference: Profile, current: Profile) -> None:
    if reference.release != current.release:
        raise DriftError(
            f"The profiles are of releases {reference.release} and {current.release}; compare two of one release."
        )
    for before, now in ((reference.documents, current.documents), (reference.questions, current.questions)):
        if before.number and now.number and before.dimension != now.dimension:
            raise DriftError(
                f"The profiles of release {reference.release} hold vectors of {before.dimension} and of "
                f"{now.dimension} dimensions; delete the reference profile, the next evaluation takes it again."
            )


def _cause(drifted: set[Part]) -> Cause:
    for part, fault in _FAULTS.items():
        if part in drifted:
            return fault
    if {Part.DOCUMENTS, Part.QUESTIONS} <= drifted:
        return Cause.DOCUMENTS_AND_QUESTIONS
    if Part.DOCUMENTS in drifted:
        return Cause.NEW_DOCUMENTS
    return Cause.NEW_QUESTIONS if Part.QUESTIONS in drifted else Cause.NONE


def _conclusion(tests: Sequence[DriftTest], cause: Cause, release: int, accuracy_words: str | None) -> str:
    # The questions first: they are what accuracy is measured on.
    order = [*_FAULTS, Part.QUESTIONS, Part.DOCUMENTS]
    found = sorted((test for test in tests if test.drifted), key=lambda test: order.index(test.part))
    if cause == Cause.NONE:
        clauses = [
            f"no change of documents, questions, index or model was found since release {release}",
            *_untold(tests),
        ]
    elif cause == Cause.DOCUMENTS_AND_QUESTIONS:
        # The plainest of each.
        clauses = [next(test.words for test in found if test.part == part) for part in (Part.QUESTIONS, Part.DOCUMENTS)]
    else:
        clauses = [test.words for test in found if test.part == found[0].part][:_CLAUSES]
        others = [test.words for test in found if test.part != found[0].part][:1]
        clauses += [f"besides, {words}" for words in others]
    said = "; ".join(clauses)
    return f"{accuracy_words.rstrip('.')}; {said}." if accuracy_words else f"{said[:1].upper()}{said[1:]}."


def _untold(tests: Sequence[DriftTest]) -> list[str]:
    """Return in words what could not be judged, so that nothing found is not read as nothing there."""
    few = [
        part
        for part in (Part.DOCUMENTS, Part.QUESTIONS)
        if any(test.what == "centroid" and test.p is None for test in tests if test.part == part)
    ]
    words = [f"there are too few {' and '.join(few)} to tell small changes from chance"] if few else []
    canary = next(test for test in tests if test.part == Part.MODEL)
    return words if canary.value is not None else [*words, f"the model was not judged, since {canary.words}"]
