"""An encoder knows a language if its vectors tell what belongs together beyond the words that texts share."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np
import pyarrow as pa
import pytest

from xnai_pipelines.encoders.writing import Writing
from xnai_pipelines.evaluation.knowledge import MIN_ASKED, PIECES, knowledge, known_languages, pieces, told_by_vectors
from xnai_pipelines.search.index import SearchIndex

STRANGE, KNOWN = 0.2, 1.0

Vectors = np.ndarray


@pytest.mark.parametrize(("told", "known"), [(1.4, 1.0), (1.0, 1.0), (0.6, 0.5), (0.2, 0.0), (-0.1, 0.0)])
def test_the_more_vectors_tell_the_better_a_language_is_known(told: float, known: float):
    assert knowledge(told) == pytest.approx(known)


def test_a_language_of_unknown_tokens_is_not_known_by_the_names_in_it():
    names = [[f"w{one:02}x{word:02}" for word in range(12)] for one in range(40)]
    passages = [" ".join(name + end for end in ("owie", "ami", "owie", "om") for name in own) for own in names]
    vector = _sum_of_words(lambda word: word[:6])
    index = _index(passages, vector, documents=np.arange(40), writing=Writing(letters=100, unknown=80, tokens=10))
    assert known_languages(index) == {"xx": pytest.approx(0.2)}


@pytest.mark.parametrize(("knows_endings", "known"), [(True, 1.0), (False, 0.0)])
@pytest.mark.parametrize("documents", [40, 1])
def test_an_encoder_that_finds_only_its_own_words_does_not_know_the_language(
    knows_endings: bool, known: float, documents: int
):
    # every word comes again in the passage with another ending, or as it is
    names = [[f"w{one:02}x{word:02}" for word in range(12)] for one in range(40)]
    passages = [" ".join(name + end for end in ("owie", "ami", "owie", "om") for name in own) for own in names]
    vector = _sum_of_words(lambda word: word[:6] if knows_endings else word)
    index = _index(passages, vector, documents=np.arange(40) % documents)
    assert known_languages(index) == {"xx": known}, "documents are apart if there are enough, else passages"


def test_how_alike_passages_are_does_not_matter():
    told = [_told(alike=alike) for alike in (0.0, 3.0)]
    assert told == pytest.approx([told[0]] * 2, rel=0.1)
    assert min(told) > KNOWN


def test_how_many_passages_there_are_does_not_matter():
    assert _told(passages=MIN_ASKED) == pytest.approx(_told(passages=100), rel=0.35)


def test_vectors_that_say_what_words_say_tell_nothing():
    random = np.random.default_rng(0)
    terms = [[f"{number // PIECES}-{term}" for term in random.integers(0, 8, 6)] for number in range(40 * PIECES)]
    vector = _sum_of_words(lambda word: word)
    of = np.arange(40).repeat(PIECES)
    assert told_by_vectors(np.stack([vector(" ".join(own)) for own in terms]), terms, of, of) < STRANGE


def test_vectors_without_any_order_tell_nothing():
    assert abs(_told(own=0.0)) < STRANGE / 2


def test_passages_of_one_document_are_not_held_apart():
    random = np.random.default_rng(0)
    of, documents = np.arange(80).repeat(PIECES), np.arange(40).repeat(2 * PIECES)
    vectors = _units(random.normal(size=(40, 64)).repeat(2 * PIECES, axis=0) + random.normal(size=(len(of), 64)))
    terms = [["word"]] * len(of)
    assert told_by_vectors(vectors, terms, of, documents) > 1.1 * told_by_vectors(vectors, terms, of, of)


def test_code_and_addresses_are_not_cut():
    german = "Der Pfad wird in der Funktion bestimmt, und die Funktion gibt ihn an die Anwendung weiter. " * 3
    code = "`read_item(item_id)` https://example.com/read\n```python\nfrom app import read_item\n```\n"
    assert pieces(german + code * 20) == pieces(german)
    assert pieces(code * 20) == []


def test_pieces_are_whole_words_that_follow_each_other():
    text = " ".join(f"word{number}" for number in range(40))
    cut = pieces(text)
    assert len(cut) == PIECES
    assert " ".join(cut) == text
    assert pieces("A short text.") == []
    assert pieces("Mot " * 15 + "─┬" * 60 + " mot" * 15) == [], "a piece has no word"


def test_writing_without_spaces_is_cut_between_characters():
    text = "数据库备份需要定期检查" * 12
    assert "".join(pieces(text)) == text
    assert len(pieces(text)) == PIECES


def _told(*, passages: int = 60, own: float = 0.7, alike: float = 0.0) -> float:
    """Return what vectors tell that have something of their passage, and something that all have."""
    random = np.random.default_rng(0)
    of = np.arange(passages).repeat(PIECES)
    shared = own * random.normal(size=(passages, 64)).repeat(PIECES, axis=0) + alike * random.normal(size=64)
    vectors = _units(shared + random.normal(size=(len(of), 64)))
    terms = [[str(term) for term in random.integers(0, 50, 10)] for _ in of]
    return told_by_vectors(vectors, terms, of, of)


def _units(vectors: Vectors) -> Vectors:
    return cast(Vectors, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))


def _sum_of_words(known_as: Callable[[str], str]) -> Callable[[str], Vectors]:
    random = np.random.default_rng(0)
    of_word: defaultdict[str, Vectors] = defaultdict(lambda: random.normal(size=64))
    return lambda text: _units(np.sum([of_word[known_as(word)] for word in text.split()], axis=0)[None])[0]


def _index(
    passages: Sequence[str], vector: Callable[[str], Vectors], documents: Vectors, writing: Writing | None = None
) -> SearchIndex:
    corpus = SimpleNamespace(
        values=lambda _, rows: [passages[row] for row in rows],
        documents=documents,
        passages={"language": pa.chunked_array([["xx"] * len(passages)])},
    )
    contents = SimpleNamespace(passages=len(passages))
    encoder = SimpleNamespace(encode_passage=vector, writing=lambda _: writing or Writing(100, 0, 30))
    return cast(SearchIndex, SimpleNamespace(corpus=corpus, contents=contents, encoder=encoder))
