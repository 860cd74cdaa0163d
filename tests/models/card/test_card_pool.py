"""The pool is the corpus where it is small, else the answers and what is easily confused with them."""

import pytest

from xnai_pipelines.models.card.pool import Found, choose_pool

CORPUS = [f"c{number:02}" for number in range(40)]


def test_a_small_corpus_is_taken_whole():
    pool = choose_pool(CORPUS, [Found(["c01"], [], [["c05"]])], limit=40)
    assert list(pool.chunk_ids) == CORPUS
    assert pool.statement == "the whole corpus of 40 chunks"


def test_answers_come_first_then_both_rankings_to_the_depth_that_fits():
    questions = [
        Found(["c10", "c11", "c12"], ["c20", "c21", "c22"], [["c30", "c31"]]),
        Found(["c10", "c13", "c14"], ["c23", "c24", "c25"], [["c32"]]),
    ]
    # 2 answers, 3 at depth 1 (c10 twice), 4 at depth 2; the next layer would be 4 more
    pool = choose_pool(CORPUS, questions, limit=11)
    assert set(pool.chunk_ids) == {"c30", "c32", "c10", "c20", "c23", "c11", "c21", "c13", "c24", "c31"}
    assert pool.statement == (
        "10 of the corpus' 40 chunks: the best 2 by vector and by keyword in the current release for each of 2 "
        "questions, and chunks of the documents that answer them"
    )
    assert list(pool.chunk_ids) == sorted(pool.chunk_ids)


def test_of_a_long_document_the_chunk_that_the_question_finds_is_taken_first():
    question = Found(["c01", "c02", "c07"], ["c03"], [["c05", "c06", "c07"]])
    assert choose_pool(CORPUS, [question], limit=1).chunk_ids == ("c07",)


def test_where_not_even_the_answers_fit_the_statement_says_some():
    questions = [Found([f"c{number}"], [], [[f"c{number}"]]) for number in range(10, 20)]
    pool = choose_pool(CORPUS, questions, limit=4)
    assert len(pool.chunk_ids) == 4
    assert "the best 0 by vector" in pool.statement
    assert "some chunks of the documents" in pool.statement


def test_the_pool_is_the_same_every_time_and_never_larger_than_asked():
    questions = [
        Found(CORPUS[number : number + 9], CORPUS[number + 9 : number + 12], [[CORPUS[-number - 1], "gone"], []])
        for number in range(12)
    ]
    for limit in range(1, 40):
        pool = choose_pool(CORPUS, questions, limit)
        assert pool == choose_pool(CORPUS, questions, limit)
        assert len(pool.chunk_ids) <= limit
        assert set(pool.chunk_ids) <= set(CORPUS)


def test_a_pool_of_nothing_is_refused():
    with pytest.raises(ValueError, match="would be empty"):
        choose_pool(CORPUS, [], 0)
    with pytest.raises(ValueError, match="would be empty"):
        choose_pool([], [], 10)
