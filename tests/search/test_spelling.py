"""A word that no passage contains becomes the most similar one that passages contain; what may be right is kept."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from xnai_pipelines.search.spelling import LONG, Correction, Vocabulary, corrected, vocabulary_of
from xnai_pipelines.search.words import terms

TEXTS = [
    "Rotate the signing certificate",
    "the certificate of the bank",
    "bark and hark",
    "two barks, one bark",
    "müller",
]
COUNTS = Counter(term for text in TEXTS for term in terms(text, "en"))
VOCABULARY = vocabulary_of(list(COUNTS), np.array(list(COUNTS.values())))
WORDS = set(VOCABULARY["word"].to_pylist())


def correct(text: str, kept: frozenset[str] = frozenset()) -> str:
    return corrected(text, kept, WORDS.__contains__, Vocabulary(VOCABULARY))[0]


def test_the_vocabulary_has_words_and_no_stems():
    counts = dict(zip(*VOCABULARY.to_pydict().values(), strict=True))
    assert (counts["certificate"], counts["the"]) == (2, 3)
    assert not any(":" in word for word in counts)


@pytest.mark.parametrize(
    ("written", "searched"),
    [
        ("Rotate the certifcate", "Rotate the certificate"),  # a letter too few
        ("certificcate?", "certificate?"),
        ("Certifiacte", "certificate"),  # neighbours swapped
        ("xertificate", "certificate"),  # the first letter of a long word
        ("certfcate", "certificate"),  # two letters of a long word
        ("Mülller", "muller"),
        ("barl", "bark"),  # the more frequent of bark and bank
    ],
)
def test_a_misspelt_word_is_corrected(written: str, searched: str):
    assert correct(written) == searched


@pytest.mark.parametrize(
    "text",
    [
        "certificate",
        "xark",  # the first letter of a short word
        "bakr2",
        "certifcate.toml",
        "max_certifcate",
        "brk",
        "zeppelin",
        "сертификат",
    ],
)
def test_what_may_be_right_is_kept(text: str):
    assert correct(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "certifcate certifiacte certificat certficate of the bank and the bark",  # more than three unknown words
        "certifcate sertificate signung",  # three of three
    ],
)
def test_a_question_in_another_language_is_kept(text: str):
    assert correct(text) == text


def test_writing_without_spaces_has_no_misspelt_words():
    said = "数据库备份 데이터베이스를 백업하는 방법을 알려주세요"
    assert correct(f"{said} certifcate") == f"{said} certificate"


def test_a_question_of_misspelt_words_is_corrected():
    assert correct("certifcate signng") == "certificate signing"


def test_a_quoted_word_is_kept():
    assert correct("certifcate", kept=frozenset(["certifcate"])) == "certifcate"


def test_corrections_are_named():
    found = corrected("certifcate and certifcate", (), WORDS.__contains__, Vocabulary(VOCABULARY))
    assert found == ("certificate and certificate", (Correction("certifcate", "certificate"),))


@given(
    st.text("abc", min_size=4, max_size=12),
    st.lists(st.text("abc", min_size=3, max_size=13), min_size=1, max_size=30, unique=True),
)
def test_the_nearest_word_is_that_of_a_comparison_with_all(word: str, known: list[str]):
    edits = 2 if len(word) >= LONG else 1
    near = [one for one in known if OSA.distance(word, one) <= edits and (edits == 2 or one[0] == word[0])]
    vocabulary = vocabulary_of(known, np.ones(len(known), np.int64))
    said, corrections = corrected(word, (), lambda _: False, Vocabulary(vocabulary))
    expected = min(near, key=lambda one: (OSA.distance(word, one), one), default=word)
    assert said == expected
    assert [each.searched for each in corrections] == [expected] * bool(near)
