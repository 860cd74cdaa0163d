"""What the graph gains is told apart by the number of documents that a question needs."""

import pyarrow as pa

from xnai_pipelines.evaluation.graph_evaluation import GraphEvaluation, columns
from xnai_pipelines.evaluation.multi_hop import figures_by_hops
from xnai_pipelines.search.query import Mode

RELEVANT = [["a"], ["a", "b"], ["a", "b"], ["a", "b", "c", "d"]]


def rows(recall_5: list[float], recall_10: list[float]) -> pa.Table:
    values = {"recall_at_5": recall_5, "recall_at_10": recall_10, "ndcg_at_10": recall_5}
    return pa.table({"relevant_sources": RELEVANT, **values})


def test_a_gain_is_counted_for_the_questions_that_need_several_documents():
    asked = {
        str(Mode.HYBRID): rows([1.0, 0.5, 0.5, 0.5], [1.0, 0.5, 1.0, 0.5]),
        str(Mode.GRAPH): rows([1.0, 1.0, 1.0, 0.75], [1.0, 1.0, 1.0, 0.75]),
    }
    figures = {(one.hops, one.mode, one.metric): one for one in figures_by_hops(asked, {})}
    assert {hops for hops, _, _ in figures} == {"all", "1", "2", "3+"}
    assert figures["2", "graph", "recall_at_5"].value.mean == 1.0
    assert figures["2", "graph", "recall_at_5"].gain.mean == 0.5
    assert figures["1", "graph", "recall_at_5"].gain.mean == 0.0
    assert figures["2", "hybrid", "recall_at_5"].gain is None
    # all documents in the top 10, not most of them
    assert figures["3+", "graph", "all_support_at_10"].value.mean == 0.0
    assert figures["2", "hybrid", "all_support_at_10"].value.mean == 0.5


def test_copies_are_one_document():
    asked = {str(Mode.HYBRID): rows([1.0] * 4, [1.0] * 4)}
    figures = figures_by_hops(asked, {"a": "same", "b": "same", "c": "same", "d": "other"})
    assert {one.hops: one.questions for one in figures} == {"all": 4, "1": 3, "2": 1}


def test_the_table_has_a_row_for_each_mode_and_number_of_hops():
    asked = {str(Mode.HYBRID): rows([1.0] * 4, [1.0] * 4), str(Mode.GRAPH): rows([0.5] * 4, [1.0] * 4)}
    found = GraphEvaluation("", "", 1, 0.0, "4 questions", figures_by_hops(asked, {})).rows()
    assert [(row["hops"], row["search"]) for row in found[:2]] == [("all", "hybrid"), ("all", "graph")]
    assert found[1]["recall@5 gain"] == "-0.500 [-0.500, -0.500]"
    assert all(set(row) == set(columns()) for row in found)
