"""Which words of a question a text has, and how much they say."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xnai_pipelines.answers.passages import _forms_in, forms_of
from xnai_pipelines.answers.question_words import QuestionWords, word_set
from xnai_pipelines.search.words import words

RARITY = {"keeper": 3.0, "lamp": 1.5, "2": 0.5, "lighthouse": 2.0}


class Corpus:
    """What a question asks of the passages; each word is as rare as `RARITY` says."""

    def telling(self, question: str) -> list[tuple[str, ...]]:
        return [forms_of(word, ("en",)) for word in words(question) if word.text in RARITY]

    def rarity(self, forms: tuple[str, ...]) -> float:
        return RARITY[forms[0]]

    def is_name(self, word: str) -> bool:
        return word == "keeper"

    def question_tokens(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        spans = [match.span() for match in re.finditer(r"\w+", text)]
        return np.zeros((len(spans), 4), np.float32), np.array(spans, np.int64)

    def forms_in(self, run: str) -> frozenset[str]:
        return _forms_in(run, ("en",))


@pytest.fixture(scope="module")
def asked() -> QuestionWords:
    return QuestionWords(Corpus(), "Which lamp had keeper 2 of the Lighthouse?")


@given(st.lists(st.sampled_from(["lamp", "Lamps,", "keepers", "2", "of", "x2", "lighthouse-keeper", "\n", "it's"])))
def test_a_text_has_a_word_if_it_has_one_of_its_forms(asked: QuestionWords, said: list[str]):
    text = " ".join(said)
    terms = {form for word in words(text) for form in forms_of(word, ("en",))}
    expected = [not terms.isdisjoint(forms) for forms in Corpus().telling("lamp keeper 2 lighthouse")]
    assert asked.flags(asked.within(text)).tolist() == expected
    assert asked.places(asked.within(text)) == set(np.flatnonzero(expected))


def test_names_numbers_and_titles_are_told_from_other_words(asked: QuestionWords):
    assert asked.flags(asked.named).tolist() == [False, True, True, True]
    assert asked.flags(asked.telling).tolist() == [True, True, False, True]
    assert asked.word_of.tolist() == [-1, 0, -1, 1, 2, -1, -1, 3]


def test_words_say_as_much_as_they_are_rare(asked: QuestionWords):
    assert asked.share(0) == 0
    assert asked.share(asked.within("The lamps.")) == 1.5 / 7
    assert asked.share(word_set([True] * 4)) == 1


def test_a_question_without_a_telling_word_shares_none():
    asked = QuestionWords(Corpus(), "Which of these?")
    assert asked.within("Which of these?") == asked.share(0) == 0
