"""A walk over passages and entities: where it goes, the way it took, and what a reader may not see."""

import sys

import numpy as np
import pyarrow as pa
import pytest

from xnai_pipelines.graph.incidence import UNTITLED, Incidence
from xnai_pipelines.graph.paths import path_of, way_to
from xnai_pipelines.graph.question import Names
from xnai_pipelines.graph.sparse import Sparse
from xnai_pipelines.graph.walk import DAMPING, Walker

# passage -> its document, and how it names each entity; e0, e1, e2 are the titles of the documents a, b, c
PASSAGES = {
    "a1": ("a", {"e0": "Film", "e1": "Levy"}),
    "b1": ("b", {"e1": "Shawn Levy", "e3": "Montreal"}),
    "c1": ("c", {"e2": "Other"}),
    "d1": ("d", {"e1": "Levy", "e3": "Montreal"}),
}
TITLED = {"e0": ["a"], "e1": ["b"], "e2": ["c"], "e3": []}


def incidence(step: int = 1) -> Incidence:
    passages = pa.table({"chunk_id": list(PASSAGES), "document_id": [document for document, _ in PASSAGES.values()]})
    rows = [(chunk, entity, 0, said) for chunk, (_, named) in PASSAGES.items() for entity, said in named.items()]
    rows.append(("a1", "e1", 9, "Shawn"))  # of several mentions the first counts
    rows.append(("gone", "e0", 0, "Film"))  # of a passage that the corpus no longer has
    columns = zip(*rows[::step], strict=True)
    mentions = pa.table(dict(zip(["chunk_id", "entity_id", "start", "surface"], columns, strict=True)))
    titled = pa.array(list(TITLED.values()), pa.list_(pa.string()))
    return Incidence.of(passages, mentions, pa.table({"entity_id": list(TITLED), "titled_documents": titled}))


def start(row: int = 0) -> np.ndarray:
    weights = np.zeros(len(PASSAGES))
    weights[row] = 1.0
    return weights


def test_a_walk_reaches_the_document_about_an_entity_before_one_that_mentions_it():
    rank = Walker(incidence()).walk(start()).rank
    assert rank[0] >= 1 - DAMPING
    assert rank[1] > rank[3] > 0
    assert rank[2] == 0


def test_the_way_is_the_one_that_most_weight_took_and_its_words_are_those_of_its_passages():
    walker = Walker(incidence())
    walk = walker.walk(start())
    assert way_to(walker, walk, 0) == (0,)
    assert way_to(walker, walk, 1) == (0, 1, 1)
    assert way_to(walker, walk, 2) == ()
    steps = path_of(
        way_to(walker, walk, 1),
        walker.incidence,
        named=frozenset({0}),
        passage=lambda row: (list(PASSAGES)[row], f"{row}.md"),
        relation=lambda chunk, subject, other: {("a1", "e0", "e1"): "directed_by"}.get((chunk, subject, other)),
    )
    assert [(step.by, step.name) for step in steps] == [
        ("names", "Film"),
        ("is about", "0.md"),
        ("directed_by", "Levy"),
        ("is about", "1.md"),
    ]


def test_row_order_does_not_matter():
    assert [incidence(step).surfaces.to_pylist() for step in (1, -1)] == [incidence().surfaces.to_pylist()] * 2
    assert incidence(-1).surface(0, 1) == "Levy"


def test_a_walk_takes_no_library_that_the_service_leaves_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    assert Walker(incidence()).walk(start()).rank[1] > 0


def test_what_arrives_is_the_product_with_the_matrix():
    dense = np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.5, 3.0], [4.0, 0.0, 0.0]])
    matrix = Sparse.of(*np.nonzero(dense), dense[np.nonzero(dense)], dense.shape)
    for rows in ([], [0], [1], [0, 2, 3]):
        leaving = np.arange(1.0, 1 + len(rows))
        assert matrix.arrived(np.array(rows, dtype=np.int64), leaving).tolist() == (leaving @ dense[rows]).tolist()
    assert matrix.transposed().arrived(np.array([1]), np.array([2.0])).tolist() == [4.0, 0.0, 1.0, 0.0]
    assert matrix.sums().tolist() == [2.0, 0.0, 4.5, 4.0]


def test_passages_that_may_not_be_read_leave_no_trace():
    readable = np.array([True, False, True, True])
    among = incidence().among(readable)
    walk = Walker(among).walk(start())
    assert walk.rank[1] == 0
    assert among.title.tolist() == [0, UNTITLED, 2, UNTITLED]
    assert among.surface(3, 1) == "Levy"
    # as if the passage had never been there: its entity is as rare as it is among the others
    assert among.weights.values[1] == pytest.approx(2**-0.5)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Who directed Free Guy?", [("Free Guy", (0,))]),
        ("Is Empress Wang (Gaozong)'s mother known?", [("Empress Wang (Gaozong)", (1,))]),
        ("Is Empress Wang known?", [("Empress Wang", (1, 2))]),
        ("什么是数据库备份?", [("数据库", (3,))]),
        ("a random number", []),
        ("Is Random a word?", [("Random", (4,))]),
        ("what does a free guy do", []),
    ],
)
def test_a_question_names_entities_in_any_script_and_the_longest_name_counts(question, found):
    forms = [["Free Guy"], ["Empress Wang (Gaozong)"], ["Empress Wang (Jingtai)"], ["数据库"], ["Random"]]
    assert [(name.text, name.entities) for name in Names(forms).within(question)] == found
