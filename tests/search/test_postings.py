"""Postings score as BM25 does, and find a compound by its parts."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xnai_pipelines.search.inverting import Inverter
from xnai_pipelines.search.pieces import BASE, PLACES, VECTORS, places_in
from xnai_pipelines.search.posting_files import LENGTHS, postings_in, write_weights
from xnai_pipelines.search.postings import K1, B, Postings, compound_parts
from xnai_pipelines.search.words import terms


def built(*passages: list[str], block: int = 3) -> Postings:
    """The postings of passages that come in blocks."""
    with TemporaryDirectory() as temporary:
        folder, scratch = Path(temporary), Path(temporary) / "scratch"
        for new in (folder / BASE, scratch):
            new.mkdir()
        inverter = Inverter(scratch)
        for begin in range(0, len(passages), block):
            inverter.add(pa.array(passages[begin : begin + block], pa.list_(pa.string())))
        inverter.write(folder / BASE, known={term for passage in passages for term in passage})
        np.save(folder / LENGTHS, inverter.lengths)
        np.save(folder / PLACES, np.arange(len(passages), dtype=np.int32))
        np.save(folder / BASE / VECTORS, np.empty((len(passages), 0), np.float32))
        write_weights(folder)
        return postings_in(folder, places_in(folder))


def bm25(passages: list[list[str]], term: str, row: int) -> float:
    """BM25 as it stands in the paper, one passage and term at a time."""
    frequency = sum(term in passage for passage in passages)
    rarity = math.log(1 + (len(passages) - frequency + 0.5) / (frequency + 0.5))
    length = len(passages[row]) / float(f"{sum(map(len, passages)) / len(passages):.3g}")
    count = passages[row].count(term)
    return rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * length))


PASSAGES = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=12), min_size=1, max_size=20)


@settings(max_examples=15)  # each writes files
@given(PASSAGES, st.dictionaries(st.sampled_from("abcxyz"), st.sampled_from([0.5, 1.0]), max_size=4))
def test_scores_are_bm25(passages: list[list[str]], weighted: dict[str, float]):
    expected = [
        sum(weight * bm25(passages, term, row) for term, weight in weighted.items() if term in passages[row])
        for row in range(len(passages))
    ]
    asked = {(term,): weight for term, weight in weighted.items()}
    assert built(*passages).scores(asked, len(passages)) == pytest.approx(expected, abs=1e-4)


def test_a_word_is_as_rare_as_it_is_in_all_languages():
    scores = built(*[["en:backup"], ["en:rain"]] * 9, [":backup"]).scores({("en:backup", ":backup"): 1.0}, 11)
    assert np.allclose(scores[[0, 2, -1]], scores[0])
    assert scores[1] == 0


def test_a_term_of_two_words_of_the_question_counts_once():
    postings = built(["en:run", "de:runs"], ["en:rain"])
    twice = postings.scores({("en:run", "de:runs"): 1.0, ("en:run", "de:running"): 1.0}, 2)
    assert np.array_equal(twice, postings.scores({("en:run", "de:runs"): 1.0}, 2))


@settings(max_examples=15)  # each writes files
@given(PASSAGES)
def test_every_term_leads_to_the_passages_that_contain_it(passages: list[list[str]]):
    postings = built(*passages)
    for term in "abcdefgxyz":
        assert postings.containing(term).tolist() == [row for row, found in enumerate(passages) if term in found]


@settings(max_examples=15)  # each writes files
@given(PASSAGES, st.data())
def test_terms_are_counted_among_the_readable_passages(passages: list[list[str]], data: st.DataObject):
    readable = np.array(data.draw(st.lists(st.booleans(), min_size=len(passages), max_size=len(passages))))
    postings = built(*passages)
    counted = postings.counts([piece.at(list("abcdefgxyz")) for piece in postings.pieces], readable)
    assert counted.tolist() == [int(readable[postings.containing(term)].sum()) for term in "abcdefgxyz"]


def test_no_passage_has_no_score():
    assert built().scores({("a",): 1.0}, 0).tolist() == []


@pytest.mark.parametrize(
    ("language", "known", "compound", "parts"),
    [
        ("de", "Versicherung Haftung Pflicht", "Haftpflichtversicherung", []),  # Haft is not a word of these
        ("de", "Versicherung Haft Pflicht", "Haftpflichtversicherung", ["Haft", "Pflicht", "Versicherung"]),
        ("de", "Haftpflicht Versicherung", "Haftpflichtversicherung", ["Haftpflicht", "Versicherung"]),
        ("de", "Arbeit Vertrag", "Arbeitsvertrag", ["Arbeit", "Vertrag"]),
        ("de", "Versicherung", "Versicherung", []),
        ("de", "Buch", "Bücher", []),
        ("sv", "parkering besök", "besöksparkeringen", ["besök", "parkering"]),
        ("sv", "semester dag", "semesterdagar", []),  # parts have four letters or more
        ("fi", "matka kuitti", "matkakuittinsa", ["matka", "kuitti"]),
        ("hu", "adatbázis kezelő", "adatbáziskezelő", ["adatbázis", "kezelő"]),
        ("no", "sikkerhet kopi", "sikkerhetskopien", ["sikkerhet", "kopi"]),
        ("da", "arbejde plads", "arbejdspladsen", ["arbejde", "plads"]),
    ],
)
def test_a_compound_is_found_by_its_parts(language: str, known: str, compound: str, parts: list[str]):
    of_all = dict.fromkeys(terms(f"{known} {compound}", language))
    wanted = [terms(part, language)[1] for part in parts]
    assert list(compound_parts(terms(compound, language)[1], of_all)) == wanted
    postings = built(terms(compound, language), *(terms(word, language) for word in known.split()))
    assert all(0 in postings.containing(term) for term in wanted)


def test_words_of_other_languages_are_not_taken_apart():
    assert list(compound_parts("en:sunflower", dict.fromkeys(["en:sunflower", "en:flower", "en:sunf"]))) == []


def test_equal_passages_score_equally_wherever_they_stand():
    scores = built(["a", "b"], ["c"], ["a", "b"]).scores({("a",): 1.0, ("b",): 1.0}, 3)
    assert np.array_equal(scores[[0]], scores[[2]])


@settings(max_examples=15)  # each writes files
@given(PASSAGES, st.integers(1, 20))
def test_the_size_of_the_blocks_changes_nothing(passages: list[list[str]], block: int):
    one, other = built(*passages), built(*passages, block=block)
    assert all(
        np.array_equal(getattr(one.pieces[0], name), getattr(other.pieces[0], name))
        for name in ("keys", "starts", "places")
    )
    assert all(np.array_equal(getattr(one, name)[0], getattr(other, name)[0]) for name in ("weights", "times"))
