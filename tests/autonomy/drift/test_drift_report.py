"""The drift report names what changed since the release, and chance alone is no drift."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.drift_corpora import (
    DIMENSION,
    HEALTHY_INDEX,
    HEALTHY_LABELS,
    canary,
    corpus,
    joined,
    profile,
    with_canary,
)
from xnai_pipelines.autonomy.drift.concluding import drift_report
from xnai_pipelines.autonomy.drift.faults import IndexCheck, LabelCheck
from xnai_pipelines.autonomy.drift.plots import drift_plot
from xnai_pipelines.autonomy.drift.profile import Profile, TextBlock, TextKind, text_profile
from xnai_pipelines.autonomy.drift.report import Area, Cause, DriftReport, report_markdown
from xnai_pipelines.errors import DriftError
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.policy_fit import PolicyFit
from xnai_pipelines.state.records import read_record, write_record


@pytest.fixture(scope="module")
def release():
    return profile(corpus(1), canary=canary())


def read_back(found, folder):
    write_record(folder / "report.json", found)
    return read_record(folder / "report.json", DriftReport)


def report(reference, current, index=HEALTHY_INDEX, labels=HEALTHY_LABELS):
    return drift_report(reference, current, index, labels)


def drifted(found):
    return {(test.part, test.what) for test in found.tests if test.drifted}


def now(release, *more):
    """The release's documents with more of them, and its canary."""
    return profile(joined(corpus(1), *more), release, canary())


def test_the_same_corpus_has_not_drifted(release):
    found = report(release, now(release))
    assert found.cause == Cause.NONE
    assert found.trainable
    assert found.conclusion == "No change in documents, questions, index or model since release 3."


@pytest.mark.slow
def test_other_samples_of_one_corpus_rarely_count_as_drift():
    causes = []
    before = corpus(100, documents=90)
    for seed in range(101, 126):
        after = corpus(seed, documents=90)
        reference = profile(before)
        causes.append(report(reference, profile(after, reference)).cause)
        before = after
    assert causes.count(Cause.NONE) >= 24


def test_a_new_language_is_named_with_the_number_of_questions(release):
    russian = corpus(2, documents=60, language="ru")
    found = report(release, now(release, russian))
    asked, before = len(russian.asked), len(corpus(1).asked)
    assert found.cause == Cause.DOCUMENTS_AND_QUESTIONS
    assert found.trainable
    assert found.conclusion == (
        f"{asked} of {asked + before} questions are in a language that the release did not have (ru); "
        "60 of 180 documents are in a language that the release did not have (ru)."
    )
    test = next(test for test in found.tests if (test.part, test.what) == (Area.QUESTIONS, "languages"))
    assert test.value == pytest.approx(asked / (asked + before), abs=0.01)
    assert test.low < test.value < test.high
    assert {(Area.QUESTIONS, "centroid"), (Area.DOCUMENTS, "centroid")} <= drifted(found)


def test_several_new_languages_are_named_together(release):
    found = report(release, now(release, corpus(2, 30, "ru"), corpus(3, 20, "fr"), corpus(4, 10, "de")))
    assert "documents are in languages that the release did not have (ru, fr, de)" in found.conclusion


def test_a_language_that_grew_is_named_with_its_shares():
    mixed = joined(corpus(1), corpus(2, 30, "ru"))
    reference = profile(mixed)
    found = report(reference, profile(joined(mixed, corpus(3, 150, "ru")), reference))
    assert "the share of ru among the documents rose from 20% to 60%" in found.conclusion


def test_new_documents_alone_leave_the_questions_undrifted(release):
    later = joined(corpus(1), corpus(2, 100, "ru"))
    same_questions = replace(later, questions=corpus(1).questions, asked=corpus(1).asked)
    found = report(release, profile(same_questions, release, canary()))
    assert found.cause == Cause.NEW_DOCUMENTS


@pytest.mark.slow
def test_new_questions_alone_leave_the_documents_undrifted(release):
    later = joined(corpus(1), corpus(2, 100, "ru"))
    same_documents = replace(later, passages=corpus(1).passages, documents=corpus(1).documents)
    found = report(release, profile(same_documents, release, canary()))
    assert found.cause == Cause.NEW_QUESTIONS


def test_other_topics_in_the_same_language_are_found_by_vectors_and_words():
    reference = profile(corpus(1, topics=range(10)))
    found = report(reference, profile(corpus(2, topics=range(10, 20)), reference))
    assert found.cause == Cause.DOCUMENTS_AND_QUESTIONS
    assert {(Area.DOCUMENTS, "centroid"), (Area.DOCUMENTS, "vocabulary")} <= drifted(found)
    assert (Area.DOCUMENTS, "languages") not in drifted(found)
    assert found.conclusion.startswith("The questions are about other topics")


def test_a_new_media_type_is_named(release):
    found = report(release, now(release, corpus(2, 40, media_type="text/html")))
    assert "40 of 160 documents are of a media type that the release did not have (text/html)" in found.conclusion


def test_many_more_documents_of_the_same_kind_are_new_documents(release):
    current = replace(now(release), document_count=200)
    found = report(release, current)
    assert found.cause == Cause.NEW_DOCUMENTS
    assert found.conclusion == "There are 200 documents, and there were 120 at the release."


@pytest.mark.slow
@pytest.mark.parametrize(("exact", "noise"), [(False, 0.3), (True, 0.03)])
def test_an_encoder_that_gives_other_vectors_is_a_model_fault(release, exact, noise):
    reference = with_canary(release, canary(exact=exact))
    current = with_canary(now(release, corpus(2, 60, "ru")), canary(noise=noise, exact=exact))
    found = report(reference, current)
    assert found.cause == Cause.MODEL_FAULT
    assert not found.trainable
    assert "the encoder returns other vectors than at the release" in found.conclusion.lower()
    assert "also, " in found.conclusion


def test_small_differences_between_processors_are_no_fault_of_an_8_bit_encoder(release):
    assert report(release, with_canary(now(release), canary(noise=0.05))).cause == Cause.NONE


def test_weights_with_flipped_signs_are_a_model_fault(release):
    flipped = canary()
    for vectors in (flipped.passages, flipped.questions):
        vectors[:, :4] *= -1
    assert report(release, with_canary(now(release), flipped)).cause == Cause.MODEL_FAULT


def test_an_encoder_that_gives_no_numbers_is_a_model_fault(release, tmp_path):
    broken = canary()
    broken.passages[:] = np.nan
    found = report(release, with_canary(now(release), broken))
    assert found.cause == Cause.MODEL_FAULT
    assert read_back(found, tmp_path) == found


def test_questions_whose_vectors_are_no_numbers_are_a_model_fault(release):
    same = corpus(1)
    same.questions.vectors[:5] = np.nan
    current = profile(same, release, canary())
    assert current.questions.broken == 5
    assert report(release, current).cause == Cause.MODEL_FAULT


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (IndexCheck(100, 0.6, 1000, 0, 0), "Approximate search finds 60% of the ten nearest chunks"),
        (IndexCheck(100, None, 1000, 200, 0), "200 of 1,000 chunks have no vector"),
        (IndexCheck(100, None, 1000, 0, 90), "90 vectors belong to deleted chunks, beside 1,000 chunks"),
        (IndexCheck(100, None, 1000, 0, 0, 0.4), "Stored vectors have a mean cosine of 0.400 to recomputed ones"),
    ],
)
def test_an_index_out_of_order_is_an_index_fault(release, index, words):
    found = report(release, now(release), index)
    assert found.cause == Cause.INDEX_FAULT
    assert not found.trainable
    assert found.conclusion == f"{words}."


def test_recall_of_few_queries_is_no_evidence(release):
    assert report(release, now(release), IndexCheck(5, 0.8, 1000, 0, 0)).cause == Cause.NONE


def test_labelled_questions_without_documents_are_missing_documents(release):
    found = report(release, now(release), labels=LabelCheck(40, 150, 2))
    assert found.cause == Cause.MISSING_DOCUMENTS
    assert not found.trainable
    words = "The documents that answer 40 of 150 questions are gone (2 documents in quarantine)."
    assert found.conclusion == words


def test_a_model_fault_is_named_before_all_other_causes(release):
    current = with_canary(now(release, corpus(2, 60, "ru")), canary(noise=1))
    found = report(release, current, IndexCheck(100, 0.6, 1000, 0, 0), LabelCheck(40, 150, 2))
    assert found.cause == Cause.MODEL_FAULT


@pytest.mark.slow
@pytest.mark.parametrize("documents", [0, 1, 2])
def test_tiny_corpora_are_said_to_be_too_small(documents, tmp_path):
    reference = profile(corpus(1, documents))
    current = profile(corpus(2, documents), reference)
    found = report(reference, current, IndexCheck(0, None, 0, 0, 0), LabelCheck(0, 0, 0))
    assert found.cause == Cause.NONE
    assert "too few documents and questions" in found.conclusion
    assert "the model was not tested" in found.conclusion
    assert read_back(found, tmp_path) == found
    assert "Cause: none. " in report_markdown(found)  # nothing to fix: no word about training
    assert drift_plot(reference, current).startswith(b"\x89PNG")


def test_first_questions_after_a_release_without_any_are_no_drift(tmp_path):
    reference = profile(corpus(1, 0), canary=canary())
    current = profile(corpus(1), reference, canary())
    found = report(reference, current)
    assert not {test for test in drifted(found) if test[0] == Area.QUESTIONS}
    assert read_back(found, tmp_path) == found
    assert drift_plot(reference, current).startswith(b"\x89PNG")


def test_unknown_languages_are_not_counted():
    same = corpus(1)
    nameless = replace(same, documents=[TextKind(kind.owner, None) for kind in same.documents], asked=[])
    reference = profile(nameless)
    assert reference.documents.languages.total == {}
    found = report(reference, profile(nameless, reference))
    assert found.cause == Cause.NONE
    words = [test.words for test in found.tests if test.what == "languages"]
    assert words == [
        "the languages of the documents are unknown at the release or now",
        "the languages of the questions are unknown at the release or now",
    ]


def test_profiles_of_two_releases_are_not_compared(release):
    with pytest.raises(DriftError, match="releases 3 and 4"):
        report(release, replace(now(release), release=4))


def test_profiles_of_two_dimensions_are_not_compared(release):
    other = text_profile([TextBlock(["a"], ["text"], np.ones((1, DIMENSION + 1), dtype=np.float32))])
    current = Profile(3, release.taken_at, other, release.questions, 1, None)
    with pytest.raises(DriftError, match="64 and 65 dimensions"):
        report(release, current)


def test_the_report_reads_back_and_its_table_marks_what_drifted(release, tmp_path):
    found = report(release, now(release, corpus(2, 60, "ru")))
    assert read_back(found, tmp_path) == found
    text = report_markdown(found)
    assert text.startswith(f"**{found.conclusion}**")
    assert "| questions | **languages** | total variation distance |" in text
    assert "| questions | media types |" in text


def test_the_plot_is_a_small_png(release):
    picture = drift_plot(release, now(release, corpus(2, 60, "ru")))
    assert picture.startswith(b"\x89PNG\r\n")
    assert len(picture) < 60_000


def fit(gain: float, low: float) -> PolicyFit:
    return PolicyFit(questions=120, weight=0.7, better=0.4, gain=Estimate(gain, low, 2 * gain - low))


def test_a_ranking_policy_that_no_longer_fits_is_named(release):
    found = drift_report(release, now(release), HEALTHY_INDEX, HEALTHY_LABELS, policy=fit(0.03, 0.01))
    assert (found.cause, found.trainable) == (Cause.RANKING_POLICY, True)
    assert found.conclusion.startswith(
        "The ranking policy no longer fits: a share of the vectors of 0.40 instead of 0.70"
    )


@pytest.mark.parametrize("policy", [None, fit(0.03, -0.01), fit(0.004, 0.001)], ids=["few", "chance", "small"])
def test_a_ranking_policy_fits_unless_another_gains_beyond_chance(release, policy):
    found = drift_report(release, now(release), HEALTHY_INDEX, HEALTHY_LABELS, policy=policy)
    assert found.cause is Cause.NONE
    assert {test.part for test in found.tests} == set(Area)


def test_a_fault_comes_before_the_ranking_policy(release):
    index = replace(HEALTHY_INDEX, missing_chunks=HEALTHY_INDEX.chunks)
    found = drift_report(release, now(release), index, HEALTHY_LABELS, policy=fit(0.03, 0.01))
    assert found.cause is Cause.INDEX_FAULT
    assert "also, the ranking policy no longer fits" in found.conclusion
