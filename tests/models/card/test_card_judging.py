"""A variant is judged as search would rank with it: against ir_measures and the evaluation of a search."""

import ir_measures
import numpy as np
import pytest
from ir_measures import nDCG

from xnai_pipelines.encoders.writing import Writing
from xnai_pipelines.evaluation.evaluate import evaluate
from xnai_pipelines.evaluation.report import Level
from xnai_pipelines.models.card.measure import Material, compared, ndcg
from xnai_pipelines.models.card.ranking import AskedPool, EncodedPool
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split
from xnai_pipelines.search.document_share import with_documents
from xnai_pipelines.search.policy import RankingPolicy
from xnai_pipelines.search.ranking import fused

CHUNKS, QUESTIONS = 400, 40


WRITING = Writing(letters=30, tokens=9)  # as MiniLM's tokenizer writes English


def figures(asked, passages, questions):
    material = Material(held_out=[], asked=asked, vector_weight=0.4)
    return ndcg(material, EncodedPool(passages, questions, [WRITING] * len(questions)))


def unit(rows, seed, dimension=24):
    vectors = np.random.default_rng(seed).standard_normal((rows, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def judged():
    random = np.random.default_rng(1)
    documents = [f"d{number // 3}" for number in range(CHUNKS)]
    keyword = [
        {int(row): float(random.gamma(2.0)) for row in random.permutation(CHUNKS)[: random.integers(0, 250)]}
        for _ in range(QUESTIONS)
    ]
    relevant = [
        {f"d{random.integers(0, CHUNKS // 3)}": int(random.integers(1, 4)) for _ in range(random.integers(1, 4))}
        for _ in range(QUESTIONS)
    ]
    return AskedPool(documents, keyword, random.random(QUESTIONS).tolist(), relevant)


@pytest.fixture(scope="module")
def vectors(judged):
    """Passages, and questions near a passage of a document that answers them."""
    passages = unit(CHUNKS, 2)
    answers = [judged.document_ids.index(next(iter(grades))) for grades in judged.relevant]
    questions = passages[answers] + 0.9 * unit(QUESTIONS, 3)
    return passages, questions / np.linalg.norm(questions, axis=1, keepdims=True)


def test_vector_mode_is_ndcg_of_documents_by_their_best_chunk_as_ir_measures_has_it(judged, vectors):
    passages, questions = vectors
    similarities = questions @ with_documents(passages, judged.document_ids).T
    run = {}
    for number in range(QUESTIONS):
        best = {}
        for row in np.argsort(-similarities[number])[:200]:
            best.setdefault(judged.document_ids[row], float(similarities[number, row]))
        run[str(number)] = best
    qrels = {str(number): grades for number, grades in enumerate(judged.relevant)}
    reference = {int(result.query_id): result.value for result in ir_measures.iter_calc([nDCG @ 10], qrels, run)}
    ours = figures(judged, passages, questions)["vector"]
    np.testing.assert_allclose(ours, [reference[number] for number in range(QUESTIONS)], atol=1e-9)
    assert 0.1 < ours.mean() < 0.95


def test_both_modes_are_those_of_an_evaluation_of_such_a_search(judged, vectors):
    passages, questions = vectors

    def search(query, mode, k):
        number = int(query)
        scores = with_documents(passages, judged.document_ids) @ questions[number]
        if mode == "hybrid":
            found = judged.keyword[number]
            keyword = np.array([found.get(row, 0.0) for row in range(CHUNKS)], np.float32)
            explained = judged.explained[number]
            share = RankingPolicy(0.4).weight_for(WRITING, explained=explained, found=len(found))
            scores = fused(scores, keyword, share)
        best = sorted(range(CHUNKS), key=lambda row: (-scores[row], row))[:200]
        return [(f"c{row:03}", judged.document_ids[row], float(scores[row])) for row in best[:k]]

    asked = [
        Question(
            str(number),
            str(number),
            tuple(Relevant(document, None, grade) for document, grade in grades.items()),
            Origin.LABELLED,
            Split.TEST,
        )
        for number, grades in enumerate(judged.relevant)
    ]
    report = evaluate(
        questions=asked,
        modes=["hybrid", "vector"],
        search=search,
        fingerprint="f",
        splits_given=True,
        documents={},
        settings={},
    ).report
    ours = figures(judged, passages, questions)
    for section in report.sections_of(report.headline, Level.DOCUMENT):
        assert ours[section.mode].mean() == pytest.approx(section.metrics["ndcg_at_10"].mean)


def test_full_precision_differs_from_itself_by_nothing_and_noise_costs(judged, vectors):
    passages, questions = vectors
    full = figures(judged, passages, questions)
    same = compared(full, full)["vector"]
    assert (same.difference.low, same.difference.mean, same.difference.high) == (0, 0, 0)
    noise = compared(full, figures(judged, unit(CHUNKS, 9), questions))["vector"]
    assert noise.difference.low < noise.difference.mean < noise.difference.high < 0
    assert noise.ndcg - same.ndcg == pytest.approx(noise.difference.mean)


def test_equal_chunks_rank_by_their_row_so_that_a_figure_can_be_repeated():
    asked = AskedPool(["first", "second"], [{}], [0.0], [{"first": 1}])
    same = np.ones((2, 1), dtype=np.float32)
    assert figures(asked, same, same[:1])["vector"] == [1.0]
