"""Which languages of a corpus a question is in is told by the passages that have its words."""

import numpy as np
import pyarrow as pa
import pytest

from xnai_pipelines.search.languages import MIN_PASSAGES, Languages

LANGUAGES = pa.chunked_array([["en"] * 60 + ["de"] * 40 + ["fr"] * (MIN_PASSAGES - 1) + [None] * 30])
ENGLISH, GERMAN = np.arange(60, dtype=np.int32), np.arange(60, 100, dtype=np.int32)


def test_languages_of_a_few_passages_are_not_told_apart():
    languages = Languages.among(LANGUAGES)
    assert languages.names == ("en", "de")
    assert languages.of("de").tolist() == list(range(60, 100))
    assert Languages.among(LANGUAGES, np.arange(149) < 70).names == ("en",)


@pytest.mark.parametrize(
    ("words", "german"),
    [
        ([ENGLISH, ENGLISH[:20]], 0.0),  # "the server": no German passage has them
        ([np.concatenate([ENGLISH, GERMAN])] * 2, 1.0),  # both languages have them alike
        ([ENGLISH, np.concatenate([ENGLISH, GERMAN])], 0.5),
        ([ENGLISH[:1]], 1.0),  # one English passage has it: none of 40 German ones need have it
        ([np.concatenate([ENGLISH, GERMAN[:4]])], 0.1),  # quotations
    ],
)
def test_a_language_has_the_words_that_its_passages_have_as_often(words: list[np.ndarray], german: float):
    spoken = Languages.among(LANGUAGES).spoken(words, ENGLISH[:10].astype(np.int64))
    assert spoken == {"en": pytest.approx(1.0), "de": pytest.approx(german, abs=0.01)}


@pytest.mark.parametrize("best", [[], [105]])
def test_without_passages_that_tell_the_question_is_in_every_language(best: list[int]):
    assert Languages.among(LANGUAGES).spoken([], np.array(best, np.int64)) == {"en": 1.0, "de": 1.0}
