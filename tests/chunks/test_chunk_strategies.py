"""Where each strategy cuts, and what overlap repeats."""

from itertools import pairwise

import pytest

from tests.support.chunked import chunk_document
from xnai_pipelines.chunks.spec import ChunkingSpec, Strategy
from xnai_pipelines.documents.parsers.parsed import Markup

SENTENCES = [
    f"Sentence number {name} has exactly nine common words." for name in ["one", "two", "three", "four", "five", "six"]
]
PARAGRAPHS = "\n\n".join(" ".join(SENTENCES[at : at + 2]) for at in (0, 2, 4))


def passages(tokens, text, strategy, size, overlap=0):
    chunks = chunk_document(text, (), Markup.PLAIN, ChunkingSpec(strategy, size, overlap), tokens)
    return [text[chunk.start : chunk.end] for chunk in chunks]


def test_fixed_windows_are_full_but_for_the_last(tokens):
    text = " ".join(["word"] * 100)
    chunks = chunk_document(text, (), Markup.PLAIN, ChunkingSpec(Strategy.FIXED, 32), tokens)
    assert [chunk.token_count for chunk in chunks] == [32, 32, 32, 4]


def test_fixed_windows_end_between_words(tokens):
    text = " ".join(["unbelievable"] * 60)
    assert all(set(one.split()) == {"unbelievable"} for one in passages(tokens, text, Strategy.FIXED, 32))


def test_sentences_are_packed_whole(tokens):
    text = " ".join(SENTENCES)
    found = passages(tokens, text, Strategy.SENTENCE, 24)
    assert found == [" ".join(SENTENCES[at : at + 2]) for at in (0, 2, 4)]


def test_a_small_last_sentence_does_not_become_a_small_last_chunk(tokens):
    text = " ".join(["This sentence is made of eight tokens now."] * 7)
    chunks = chunk_document(text, (), Markup.PLAIN, ChunkingSpec(Strategy.SENTENCE, 56), tokens)
    assert [chunk.token_count for chunk in chunks] in ([40, 30], [30, 40])


def test_paragraphs_stay_whole_where_they_fit(tokens):
    assert passages(tokens, PARAGRAPHS, Strategy.PARAGRAPH, 30) == PARAGRAPHS.split("\n\n")


def test_a_paragraph_that_does_not_fit_is_cut_between_sentences(tokens):
    assert passages(tokens, PARAGRAPHS, Strategy.PARAGRAPH, 16) == SENTENCES


def test_recursive_prefers_blank_lines_to_lines_to_sentences(tokens):
    assert passages(tokens, PARAGRAPHS, Strategy.RECURSIVE, 30) == PARAGRAPHS.split("\n\n")
    lines = PARAGRAPHS.replace("\n\n", "\n")
    assert passages(tokens, lines, Strategy.RECURSIVE, 22) == lines.split("\n")


@pytest.mark.parametrize("strategy", [Strategy.SENTENCE, Strategy.PARAGRAPH, Strategy.RECURSIVE, Strategy.STRUCTURE])
def test_overlap_starts_at_a_sentence_of_the_chunk_before(tokens, strategy):
    text = " ".join(SENTENCES)
    found = passages(tokens, text, strategy, 36, 14)
    assert len(found) > 1
    for before, after in pairwise(found):
        shared = SENTENCES[[after.startswith(one) for one in SENTENCES].index(True)]
        assert before.endswith(shared)


def test_overlap_without_a_sentence_in_reach_starts_at_a_word(tokens):
    text = " ".join(f"w{at}" for at in range(100))
    found = passages(tokens, text, Strategy.SENTENCE, 40, 10)
    for before, after in pairwise(found):
        assert after.split()[0] in before.split()[-5:]


def test_fixed_overlap_repeats_that_many_tokens(tokens):
    text = " ".join(["word"] * 100)
    chunks = chunk_document(text, (), Markup.PLAIN, ChunkingSpec(Strategy.FIXED, 32, 8), tokens)
    repeated = [text[after.start : before.end].split() for before, after in pairwise(chunks)]
    assert {len(words) for words in repeated} == {8}
