"""The checks of questions and accuracy pass on what a run left, and each fails on what it is there to find."""

from dataclasses import replace

import dagster as dg
import pytest

from tests.support.defs_checked import shown
from tests.support.pipeline import base, resource
from tests.support.workplace import Workplace
from xnai_pipelines.defs.evaluation import accuracy_floor, answers_exist, encoder_knows_the_languages
from xnai_pipelines.evaluation.evaluate import evaluate
from xnai_pipelines.evaluation.make import KeptEvaluation
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split
from xnai_pipelines.state.records import write_record
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, QUESTIONS


class TestAnswersExist:
    def test_it_passes_after_a_run(self, checked):
        result = answers_exist(resource("stores"))
        assert result.passed
        assert shown(result, "questions") == len(checked.rows(QUESTIONS)) > 0

    @pytest.mark.parametrize("spec", [DOCUMENTS, CHUNKS], ids=lambda spec: spec.name)
    def test_a_question_whose_answer_is_gone_is_shown(self, checked, spec):
        checked.tables.open(spec.name).delete("true")
        result = answers_exist(resource("stores"))
        assert not result.passed
        assert set(shown(result, "lost_answers")) == {row["question"] for row in checked.rows(QUESTIONS).values()}


class TestEncoderKnowsTheLanguages:
    def add(self, checked: Workplace, language: str, passage: str, number: int) -> None:
        """Add chunks to the release's table, as an ingest of documents in another language would."""
        columns = {"document_id": "d", "source": "d", "text": passage, "passage": passage, "language": language}
        columns["vector"] = [1.0] + [0.0] * (checked.encoder.dimension - 1)
        rows = [{"chunk_id": f"{language}{place}", "revision": "", **columns} for place in range(number)]
        checked.tables.merge_rows(checked.embeddings, rows)

    def test_it_passes_on_english(self, checked):
        self.add(checked, "en", "The lighthouse keeper writes down the ships that pass.", 20)
        result = encoder_knows_the_languages(resource("stores"))
        assert result.passed
        assert result.description is None
        assert "| en | Latin |" in shown(result, "languages")

    def test_a_language_that_the_encoder_does_not_know_is_named_with_what_to_do(self, checked):
        self.add(checked, "ru", "Смотритель маяка записывает проходящие корабли.", 20)
        result = encoder_knows_the_languages(resource("stores"))
        assert not result.passed
        assert result.severity is dg.AssetCheckSeverity.WARN
        assert shown(result, "unknown") == ["ru"]
        assert "ru (20 chunks, Cyrillic)" in result.description
        assert "pip install 'xnai-pipelines[multilingual]'" in result.description
        assert "XNAI_ENCODER=multilingual-e5-small xnai run --new-release" in result.description

    def test_the_language_of_most_of_a_small_corpus_is_judged(self, checked):
        checked.tables.open(checked.embeddings.name).delete("true")
        self.add(checked, "ar", "يفتح المكتب الساعة التاسعة صباحا ويغلق الساعة السادسة مساء.", 1)
        result = encoder_knows_the_languages(resource("stores"))
        assert not result.passed
        assert "ar (1 chunk, Arabic)" in result.description

    def test_a_few_chunks_that_may_be_wrongly_detected_are_not_judged(self, checked):
        self.add(checked, "en", "The lighthouse keeper writes down the ships that pass.", 20)
        self.add(checked, "ru", "Смотритель маяка записывает проходящие корабли.", 19)
        assert encoder_knows_the_languages(resource("stores")).passed


class TestAccuracyFloor:
    def result(self, checked: Workplace, found: list[bool], origin: Origin = Origin.LABELLED) -> dg.AssetCheckResult:
        """Judge an evaluation of which each test question is found by hybrid search, or not, and each other one is."""
        tested = [
            Question(f"q{i}", f"q{i}", (Relevant(f"d{i}", None, 1),), origin, Split.TEST) for i in range(len(found))
        ]
        trained = [replace(question, question_id=f"{question.question}t", split=Split.TRAIN) for question in tested]
        answers = {f"q{i}": f"d{i}" if one else "other" for i, one in enumerate(found)}
        evaluation = evaluate(
            questions=[*tested, *trained],
            modes=["hybrid", "vector"],
            search=lambda question, mode, k: [("c", answers[question], 1.0)] if mode == "hybrid" else [],
            fingerprint="",
            splits_given=True,
            documents={},
            settings={},
        )
        write_record(checked.home.state / "evaluation.json", KeptEvaluation("", 1, "", evaluation.report, None))
        return accuracy_floor(base(), resource("stores"))

    def test_it_passes_when_the_floor_is_reached(self, checked):
        result = self.result(checked, [True] * 7 + [False] * 3)
        assert result.passed
        assert (shown(result, "share"), shown(result, "questions")) == (0.7, 10)

    def test_it_warns_below_the_floor(self, checked):
        result = self.result(checked, [True] * 69 + [False] * 31)
        assert not result.passed
        assert result.severity is dg.AssetCheckSeverity.WARN

    def test_generated_questions_are_not_judged(self, checked):
        result = self.result(checked, [False] * 10, Origin.GENERATED)
        assert result.passed
        assert "no labelled questions" in result.description
