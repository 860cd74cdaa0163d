"""The ranking policy is chosen on questions that are not tested on, only for a gain, and written into the manifest."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.support.backed_up import copy_home
from tests.support.workplace import Workplace
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.writing import Writing
from xnai_pipelines.evaluation.knowledge import known_languages
from xnai_pipelines.evaluation.parts import hybrid_losses
from xnai_pipelines.evaluation.per_question import PER_QUESTION
from xnai_pipelines.evaluation.policy import (
    MIN_QUESTIONS,
    WEIGHTS,
    PolicyOptions,
    PolicyReport,
    choose_weight,
    make_policy,
    policy_for,
    questions_to_choose_on,
)
from xnai_pipelines.evaluation.policy_fit import policy_fit
from xnai_pipelines.evaluation.report import Headline
from xnai_pipelines.questions.make import make_questions, read_questions
from xnai_pipelines.questions.question import Origin, Split
from xnai_pipelines.search.policy import DEFAULT_WEIGHT, RankingPolicy
from xnai_pipelines.search.ranking import fused
from xnai_pipelines.state.layout import Home, write_json
from xnai_pipelines.state.manifest import Releases

CODES = [f"INV-2024-{100_000 + 7 * n}" for n in range(80)]


@pytest.fixture(scope="module")
def coded_once(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    """Documents that differ in a code alone, for tests to copy."""
    work = Workplace(tmp_path_factory.mktemp("coded"), built_encoder)
    for number, code in enumerate(CODES):
        work.write(f"{number}.md", f"# Invoices\n\nInvoice {code} is due in thirty days and was sent by mail.\n")
    questions = [{"question": f"When is {code} due?", "documents": [f"{n}.md"]} for n, code in enumerate(CODES)]
    path = work.documents.parent / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, questions)))
    work.ingest()
    make_questions(work.context(), path)
    return work


@pytest.fixture(scope="module")
def chosen_once(coded_once: Workplace, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workplace, PolicyReport]:
    """The same after its questions chose the policy, and what that reported."""
    work = copy_home(coded_once, tmp_path_factory.mktemp("chosen"))
    return work, make(work)


@pytest.fixture
def coded(coded_once: Workplace, tmp_path: Path) -> Workplace:
    return copy_home(coded_once, tmp_path)


@pytest.fixture
def chosen(chosen_once: tuple[Workplace, PolicyReport], tmp_path: Path) -> tuple[Workplace, PolicyReport]:
    work, report = chosen_once
    return copy_home(work, tmp_path), report


def make(work: Workplace, weight: float | None = None, *, correct_typos: bool = True) -> PolicyReport:
    """Choose the policy; which re-ranker is chosen has tests of its own."""
    return make_policy(work.context(), PolicyOptions(weight, correct_typos, rerankers=()), threads=1)


def test_the_best_weight_on_train_and_validation_questions_is_recorded(chosen: tuple[Workplace, PolicyReport]):
    work, report = chosen
    assert tuple(report.by_weight) == WEIGHTS
    assert report.policy.vector_weight == choose_weight(report.by_weight)
    tested = [question for question in read_questions(work.tables) if question.split is Split.TEST]
    assert MIN_QUESTIONS <= report.policy.questions == len(CODES) - len(tested)
    assert report.changed
    assert work.search().policy == report.policy
    assert make(work).changed is False


def test_a_weight_that_is_set_is_taken(coded: Workplace):
    report = make(coded, 0.9)
    assert (report.policy, report.gain) == (RankingPolicy(0.9, languages=report.policy.languages), None)
    assert Releases(coded.home.releases).require().ranking == {
        "vector_weight": 0.9,
        "questions": 0,
        "correct_typos": True,
        "reranker": None,
        "graph_weight": 0.0,
        "languages": {"en": 1.0},
    }
    assert coded.search().policy.vector_weight == 0.9


def test_questions_in_a_strange_writing_choose_nothing_for_the_others(chosen: tuple[Workplace, PolicyReport]):
    work, before = chosen
    asked = [{"question": f"When is {code} due?", "documents": [f"{n}.md"]} for n, code in enumerate(CODES)]
    strange = [{"question": f"Когда оплатить счёт {n}?", "documents": [f"{n}.md"]} for n in range(40)]
    path = work.documents.parent / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, [*asked, *strange])))
    make_questions(work.context(), path)
    after = make(work)
    assert after.grounds != before.grounds
    assert after.policy.questions < len([q for q in read_questions(work.tables) if q.split is not Split.TEST])
    assert after.policy.vector_weight == pytest.approx(before.policy.vector_weight, abs=0.1)


def test_a_weight_that_was_set_is_compared_with_the_one_that_would_be_chosen(chosen: tuple[Workplace, PolicyReport]):
    work, best = chosen
    make(work, 1.0)
    fit = policy_fit(work.context(), Releases(work.home.releases).require(), threads=1)
    assert (fit.weight, fit.better) == (1.0, best.policy.vector_weight)
    assert fit.gain.mean >= 0
    assert fit.questions >= MIN_QUESTIONS


def test_a_weight_that_the_questions_chose_fits_without_another_measurement(chosen: tuple[Workplace, PolicyReport]):
    work, best = chosen
    fit = policy_fit(work.context(), Releases(work.home.releases).require(), threads=1)
    assert (fit.weight, fit.better, fit.gain.mean) == (best.policy.vector_weight, best.policy.vector_weight, 0.0)
    assert fit.questions == best.policy.questions


def test_few_questions_leave_the_default(work: Workplace):
    work.write("a.md", "# Apples\n\nApples are kept in the cellar.\n")
    work.ingest()
    report = make(work)
    assert report.policy == RankingPolicy()
    assert f"fewer than {MIN_QUESTIONS}" in report.reason
    assert not report.changed


def test_questions_that_an_adapter_learned_from_choose_nothing(chosen: tuple[Workplace, PolicyReport]):
    work, before = chosen
    releases = Releases(work.home.releases)
    ranking = asdict(replace(before.policy, vector_weight=0.15))  # another than the questions would choose
    adapted = replace(releases.require(), adapter="0" * 16, ranking=ranking)
    write_json(work.home.releases / f"{adapted.release}.json", asdict(adapted))
    known = read_questions(work.tables)
    asked = questions_to_choose_on(known, Origin.LABELLED, adapted)
    assert {question.split for question in asked} == {Split.VALIDATION}
    assert len(asked) < MIN_QUESTIONS
    report = make(work)
    assert report.policy.vector_weight == policy_for(work.context(), adapted, threads=1).vector_weight == 0.15
    assert report.reason.startswith("as before its adapter")


def test_a_policy_passes_to_the_next_release(searchable: Workplace):
    make(searchable, 0.2)
    searchable.ingest(new_release=True)
    assert (searchable.search().release.release, searchable.search().policy.vector_weight) == (2, 0.2)


def test_a_single_spike_is_chance_and_a_broad_top_is_not():
    flat = dict.fromkeys(WEIGHTS, 0.7)
    assert choose_weight({**flat, 0.9: 0.71}) == DEFAULT_WEIGHT
    broad = {weight: 0.7 + 0.1 * max(0.0, 1 - abs(weight - 0.8) / 0.2) for weight in WEIGHTS}
    assert choose_weight(broad) == pytest.approx(0.8, abs=0.05)


KNOWN, SPELT_OUT, UNREADABLE = (Writing(10, 0, 3), Writing(10, 0, 10), Writing(10, 10, 0))


@pytest.mark.parametrize(
    ("writing", "known", "share"),
    [
        (KNOWN, 1.0, 0.6),
        (KNOWN, 0.0, 0.12),
        (SPELT_OUT, 1.0, 0.12),
        (SPELT_OUT, 0.0, 0.12),
        (UNREADABLE, 1.0, 0.0),
    ],
)
def test_vectors_count_as_far_as_the_encoder_knows_the_language(writing: Writing, known: float, share: float):
    assert RankingPolicy(0.6).weight_for(writing, explained=1.0, found=100, known=known) == pytest.approx(share)


def test_an_accidental_word_does_not_outweigh_vectors_in_a_language_that_the_encoder_knows():
    random = np.random.default_rng(0)
    vector, keyword = random.normal(size=1000).astype(np.float32), np.zeros(1000, np.float32)
    vector[:2] = 5.0, 1.5
    keyword[1] = 3.0

    def first(writing: Writing, explained: float) -> int:
        return int(np.argmax(fused(vector, keyword, RankingPolicy().weight_for(writing, explained=explained, found=1))))

    assert first(KNOWN, explained=0.2) == 0
    assert first(KNOWN, explained=0.9) == 1
    assert first(SPELT_OUT, explained=0.2) == 1


def test_vectors_never_outweigh_words_that_few_passages_have():
    assert RankingPolicy(0.9).weight_for(KNOWN, explained=1.0, found=1) == DEFAULT_WEIGHT
    assert RankingPolicy(0.3).weight_for(KNOWN, explained=1.0, found=1) == pytest.approx(0.3)
    assert RankingPolicy(0.9).weight_for(KNOWN, explained=0.0, found=0) == 1.0


def test_questions_answered_in_a_language_that_the_encoder_does_not_know_rely_on_words(coded: Workplace):
    index = coded.search()
    assert known_languages(index) == {"en": 1.0}, "passages too short to be cut are judged by their writing"
    strange = index.ranked_by(RankingPolicy(languages={"en": 0.0}), Home(coded.home.root))
    question = "When is the mailed invoice due?"
    assert strange.explain(question).familiarity == 0.0
    assert strange.explain(question).weight < index.explain(question).weight / 2


def test_correction_can_be_switched_off(coded: Workplace):
    assert coded.search().understood("invioce").text == "invoice"
    make(coded, 0.5, correct_typos=False)
    assert coded.search().understood("invioce").text == "invioce"


def rows(hybrid: float, vector: float, keyword: float, questions: int = 60) -> pa.Table:
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, questions)
    made = [
        {
            "question_id": str(number),
            "origin": "labelled",
            "split": "test",
            "level": "document",
            "mode": mode,
            "language": "en" if number % 2 else "ru",
            "ndcg_at_10": mean + noise[number],
        }
        for mode, mean in (("hybrid", hybrid), ("vector", vector), ("keyword", keyword))
        for number in range(questions)
    ]
    return pa.Table.from_pylist(made, schema=PER_QUESTION)


HEADLINE = Headline(Origin.LABELLED, Split.TEST, 60, "")


def test_hybrid_that_loses_to_a_part_is_named_by_slice():
    losses = hybrid_losses(rows(0.5, 0.4, 0.6), HEADLINE)
    assert [str(loss.part) for loss in losses] == ["all questions", "language en", "language ru"]
    assert {loss.better for loss in losses} == {"keyword"}
    assert "hybrid -0.100" in losses[0].sentence


@pytest.mark.parametrize("means", [(0.6, 0.4, 0.6), (0.7, 0.4, 0.6), (0.7, 0.7, 0.1)])
def test_hybrid_that_is_as_good_as_its_better_part_loses_nothing(means):
    assert hybrid_losses(rows(*means), HEADLINE) == []


def test_small_slices_are_not_judged():
    assert [str(loss.part) for loss in hybrid_losses(rows(0.5, 0.4, 0.6, 40), HEADLINE)] == ["all questions"]
    assert hybrid_losses(rows(0.5, 0.4, 0.6, 20), HEADLINE) == []
