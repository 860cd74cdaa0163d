"""A card survives JSON, reads as tables, and is drawn whatever is on it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from pydantic import TypeAdapter

from tests.support.precision_cards import card, cost, full, variant
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.models.card.card import Card, VariantFigures
from xnai_pipelines.models.card.markdown import card_markdown, detail_table, stored_vectors_table, variant_table
from xnai_pipelines.models.card.plots import pareto_plot
from xnai_pipelines.models.card.policy import Policy, choose
from xnai_pipelines.models.card.stored_vectors import measure_stored_vectors
from xnai_pipelines.state.records import json_bytes

UNBUILT = VariantFigures(
    name="int4_gptq",
    vector_space=None,
    runtime=Runtime.INT8_DYNAMIC,
    cosine_floor=0.9,
    failed="Its calibration | texts\nare missing.",
)


def made(questions=200):
    vectors = np.random.default_rng(0).standard_normal((20, 8)).astype(np.float32)
    bare = card(
        full(),
        variant("int8", 4, loss=0.002),
        variant("int2", 14, cosine=0.2, loss=0.9),
        UNBUILT,
        questions=questions,
        stored_vectors=measure_stored_vectors(vectors, vectors),
    )
    return replace(bare, choice=choose(bare, Policy()))


def test_a_card_is_the_same_after_json():
    before = made()
    for one in (before, card(UNBUILT)):
        assert TypeAdapter(Card).validate_json(json_bytes(one)) == one
    assert json.loads(json_bytes(before))["choice"]["variant"] == "int8"


def test_figures_are_failed_where_they_are_missing_not_finite_or_below_the_floor():
    assert variant("a", cosine=0.5).failed is None
    assert "below the floor of 0.5" in variant("a", cosine=0.49).failed
    assert variant("a", cost=cost(finite=False)).failed == "Some of its vectors are not finite."
    assert "was not served" in variant("a", cost=None).failed
    assert "were not compared" in variant("a", agreement=None).failed
    assert UNBUILT.checked() is UNBUILT


def test_the_table_has_a_row_for_every_variant_failed_ones_too():
    columns, rows = variant_table(made())
    assert [row[0] for row in rows] == ["fp32", "int8", "int2", "int4_gptq"]
    assert [row[1] for row in rows] == ["qualifies", "chosen", "failed", "failed"]
    assert all(len(row) == len(columns) for row in rows)
    shown = dict(zip(columns, rows[1], strict=True))
    assert shown["MB"] == "22.50"
    assert shown["against fp32"] == "-0.2 % [-0.7, +0.3]"
    assert shown["speed"] == "2.00x"
    assert set(rows[3][2:]) == {""}
    for table in (detail_table(made()), stored_vectors_table(made())):
        assert all(len(row) == len(table[0]) for row in table[1])


def test_markdown_names_the_choice_its_reasons_and_why_not_the_others():
    text = card_markdown(made())
    assert "**Choice: int8**" in text
    assert "- int8 is the smallest of the 2 variants that qualify" in text
    assert "because there are no labelled ones, over the whole corpus of 500 chunks" in text
    assert "- int4_gptq: Its calibration | texts are missing." in text
    assert "avx512_vnni" in text
    assert "rescored by int8" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables[:6]} == {12}


def test_a_card_without_a_choice_reads_too():
    bare = card(full(), variant("int8", 4))
    assert variant_table(bare)[1][1][1] == "measured"
    assert "Choice" not in card_markdown(bare)
    nothing = replace(bare, choice=choose(bare, Policy(max_memory_mb=1)))
    assert "**Choice: none**" in card_markdown(nothing)


@pytest.mark.slow
@pytest.mark.parametrize(
    "drawn",
    [
        made(),
        replace(made(), choice=choose(made(), Policy(max_memory_mb=1))),
        card(full(retrieval={}), variant("int8", 4, retrieval={}), questions=0),
        card(full()),
        card(variant("int2", 14, cosine=0.1)),
        card(full(), *(variant(f"variant_{number}", 4 + number / 100) for number in range(14))),
    ],
    ids=["chosen", "none chosen", "no questions", "fp32 alone", "all failed", "all in one place"],
)
def test_the_plot_is_a_small_png(drawn):
    data = pareto_plot(drawn)
    assert data.startswith(b"\x89PNG\r\n")
    assert len(data) < 80_000


def test_a_plot_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no variant with a size"):
        pareto_plot(card(UNBUILT))
