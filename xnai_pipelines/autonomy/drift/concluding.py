"""From changes to the cause. Faults come first, because nothing else can be judged while one lasts."""

from collections.abc import Sequence

from xnai_pipelines.autonomy.drift.content import CENTROID, content_tests, growth_test
from xnai_pipelines.autonomy.drift.faults import IndexCheck, LabelCheck, index_tests, label_tests, model_tests
from xnai_pipelines.autonomy.drift.profile import Profile
from xnai_pipelines.autonomy.drift.ranking import policy_test
from xnai_pipelines.autonomy.drift.report import Area, Cause, DriftReport, DriftTest
from xnai_pipelines.errors import DriftError
from xnai_pipelines.evaluation.policy_fit import PolicyFit

_FAULTS = {
    Area.MODEL: Cause.MODEL_FAULT,
    Area.INDEX: Cause.INDEX_FAULT,
    Area.LABELS: Cause.MISSING_DOCUMENTS,
}
# More clauses would be a list, which the table of tests already is.
_CLAUSES = 3


def drift_report(
    reference: Profile, current: Profile, index: IndexCheck, labels: LabelCheck, *, policy: PolicyFit | None = None
) -> DriftReport:
    """Return what changed since a release, and the cause that follows from it.

    Args:
        reference: Profile from the first evaluation of the release.
        current: Profile of now, taken against the reference.
        index: State of the index now.
        labels: State of the labels now.
        policy: How well the ranking policy fits now, None without enough questions.

    Raises:
        DriftError: The profiles are of different releases, or their vectors have different dimensions.
    """
    _comparable(reference, current)
    tests = (
        *model_tests(reference, current),
        *index_tests(index, current.documents),
        *label_tests(labels),
        *content_tests(reference.documents, current.documents, Area.DOCUMENTS),
        growth_test(reference, current),
        *content_tests(reference.questions, current.questions, Area.QUESTIONS),
        policy_test(policy),
    )
    cause = _cause({test.part for test in tests if test.drifted})
    return DriftReport(
        release=reference.release,
        reference_at=reference.taken_at,
        current_at=current.taken_at,
        tests=tests,
        cause=cause,
        trainable=cause.trainable,
        conclusion=_conclusion(tests, cause, reference.release),
    )


def _comparable(reference: Profile, current: Profile) -> None:
    if reference.release != current.release:
        raise DriftError(
            f"The profiles are of releases {reference.release} and {current.release}. Compare two of the same release."
        )
    for before, now in ((reference.documents, current.documents), (reference.questions, current.questions)):
        if before.number and now.number and before.dimension != now.dimension:
            raise DriftError(
                f"The profiles of release {reference.release} have vectors of {before.dimension} and "
                f"{now.dimension} dimensions. Delete the reference profile: the next evaluation takes it again."
            )


def _cause(drifted: set[Area]) -> Cause:
    for part, fault in _FAULTS.items():
        if part in drifted:
            return fault
    if {Area.DOCUMENTS, Area.QUESTIONS} <= drifted:
        return Cause.DOCUMENTS_AND_QUESTIONS
    if Area.DOCUMENTS in drifted:
        return Cause.NEW_DOCUMENTS
    if Area.QUESTIONS in drifted:
        return Cause.NEW_QUESTIONS
    return Cause.RANKING_POLICY if drifted else Cause.NONE


def _conclusion(tests: Sequence[DriftTest], cause: Cause, release: int) -> str:
    # Questions come before documents, because accuracy is measured on them.
    order = [*_FAULTS, Area.QUESTIONS, Area.DOCUMENTS, Area.RANKING]
    found = sorted((test for test in tests if test.drifted), key=lambda test: order.index(test.part))
    if cause == Cause.NONE:
        clauses = [f"no change in documents, questions, index or model since release {release}", *_untold(tests)]
    elif cause == Cause.DOCUMENTS_AND_QUESTIONS:
        # The first test of each is the easiest to understand.
        clauses = [next(test.words for test in found if test.part == part) for part in (Area.QUESTIONS, Area.DOCUMENTS)]
    else:
        clauses = [test.words for test in found if test.part == found[0].part][:_CLAUSES]
        others = [test.words for test in found if test.part != found[0].part][:1]
        clauses += [f"also, {words}" for words in others]
    sentence = "; ".join(clauses)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _untold(tests: Sequence[DriftTest]) -> list[str]:
    """Return clauses on what could not be tested, so that a missing finding is not read as no change."""
    few = [
        part
        for part in (Area.DOCUMENTS, Area.QUESTIONS)
        if any(test.what == CENTROID and test.p is None for test in tests if test.part == part)
    ]
    words = [f"there are too few {' and '.join(few)} to tell small changes from chance"] if few else []
    canary = next(test for test in tests if test.part == Area.MODEL)
    return words if canary.value is not None else [*words, f"the model was not tested: {canary.words}"]
