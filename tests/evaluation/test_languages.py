"""The figures of a language: its script, and how far vector and keyword search agree on its questions."""

from dataclasses import replace

import pyarrow as pa

from xnai_pipelines.encoders.writing import Writing
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.languages import LanguageFigures, advice, main_script, top_agreement
from xnai_pipelines.evaluation.per_question import PER_QUESTION

ENGLISH = LanguageFigures("en", "LATIN", 120, Writing(letters=1000, unknown=0, tokens=250), 40, Estimate(0.4, 0.3, 0.5))


def rows(found: dict[str, dict[str, list[str]]], language: str = "en", level: str = "document") -> pa.Table:
    """Return rows of an evaluation in which the questions found these sources by mode."""
    return pa.Table.from_pylist(
        [
            {"question_id": question, "language": language, "level": level, "mode": mode, "top_sources": sources}
            for question, by_mode in found.items()
            for mode, sources in by_mode.items()
        ],
        schema=PER_QUESTION,
    )


def test_agreement_is_the_share_of_documents_that_both_searches_find() -> None:
    table = pa.concat_tables(
        [
            rows({"a": {"vector": ["1", "2"], "keyword": ["2", "3"], "hybrid": ["1"]}}),
            rows({"a": {"vector": ["9"], "keyword": ["8"]}}, level="chunk"),
            rows({"b": {"vector": ["1"], "keyword": ["1"]}}, language="ru"),
            rows({"c": {"vector": ["1"], "keyword": []}}, language="ru"),
        ]
    )
    assert top_agreement(table) == {"en": [0.5], "ru": [1.0]}
    assert top_agreement(None) == {}


def test_the_script_is_that_of_most_letters() -> None:
    assert main_script(["Служба restart", "Перезапустите"]) == "CYRILLIC"
    assert main_script(["東京タワー の塔 中国"]) == "CJK"
    assert main_script(["42 %"]) == ""


def test_a_language_is_known_by_its_writing_and_by_the_upper_end_of_its_agreement() -> None:
    assert ENGLISH.known
    assert not replace(ENGLISH, writing=Writing(letters=1000, unknown=0, tokens=950)).known
    assert not replace(ENGLISH, writing=Writing(letters=1000, unknown=700, tokens=60)).known
    assert not replace(ENGLISH, agreement=Estimate(0.1, 0.05, 0.19)).known
    assert replace(ENGLISH, agreement=Estimate(0.1, 0.0, 0.21)).known
    assert replace(ENGLISH, agreement=None).known


def test_the_advice_names_the_languages_and_no_encoder_that_is_already_used() -> None:
    turkish = replace(ENGLISH, language="tr", agreement=Estimate(0.08, 0.05, 0.11))
    assert advice([ENGLISH], "any") is None
    sentence = advice([ENGLISH, turkish], "all-MiniLM-L6-v2")
    assert sentence is not None
    assert (
        "tr (120 chunks, Latin): 0.25 tokens per letter, vector and keyword search share 8% of their top 5" in sentence
    )
    assert "XNAI_ENCODER=multilingual-e5-small" in sentence
    other = advice([turkish], "multilingual-e5-small")
    assert other is not None
    assert "pip install" not in other
