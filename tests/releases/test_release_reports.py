"""People see the figures by slice and mode, the questions that changed, the verdict, and a forest plot of it."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

from tests.support.promotion_tables import CHALLENGER, CHAMPION, better_in_russian, old, rows
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.slices import Slice
from xnai_pipelines.releases.comparing import compare
from xnai_pipelines.releases.gate import Gate, Target, judge
from xnai_pipelines.releases.markdown import comparison_markdown, comparison_table, verdict_markdown
from xnai_pipelines.releases.plots import comparison_plot

HYBRID, VECTOR, LIMIT = "#0072B2", "#D55E00", "#CC79A7"
ALLOWED = Gate().max_slice_loss


@pytest.fixture(scope="module")
def comparison():
    return compare(rows(old), rows(better_in_russian), champion=CHAMPION, challenger=CHALLENGER)


def pixels(data, colour):
    """Return where a colour is drawn: [row, column] of every pixel that has it."""
    wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.argwhere((np.abs(imread(BytesIO(data))[..., :3] - wanted) < 0.01).all(axis=-1))


def is_small_png(data):
    return data.startswith(b"\x89PNG\r\n") and len(data) < 120_000


def test_the_table_has_a_row_for_each_slice_and_mode_with_intervals(comparison):
    columns, lines = comparison_table(comparison)
    assert len(lines) == 10
    assert all(len(line) == len(columns) for line in lines)
    russian = next(line for line in lines if line[:2] == ["language ru", "vector"])
    difference = comparison.of(Slice("language", "ru"), "vector").ndcg
    assert russian[2] == "30 labelled"
    assert russian[5] == f"{difference.mean:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
    assert russian[6] == "30 / 0 / 0"


def test_the_page_names_both_contenders_and_the_questions_that_changed(comparison):
    text = comparison_markdown(replace(comparison, notes=("Mind this.",)))
    assert "| champion | 1 | MiniLM | int8 | none | aaaa | 23.0 | 4.0 / 8.0 |" in text
    assert "| challenger |  | MiniLM | int8 | lora-1 | bbbb |" in text
    assert "60 labelled questions of the test split" in text
    assert "Mind this." in text
    changed = next(line for line in text.splitlines() if line.startswith("| about ru"))
    assert " to 1 | +0." in changed
    assert "No question changed" in comparison_markdown(replace(comparison, changed=()))


def test_a_question_with_bars_and_lines_stays_in_its_cell(comparison):
    odd = replace(comparison.changed[0], question="a | b\n# c")
    assert "| a \\| b # c |" in comparison_markdown(replace(comparison, changed=(odd,)))


def test_the_verdict_says_the_rules_that_passed_and_failed(comparison):
    text = verdict_markdown(judge(comparison, Gate(max_shipped_mb=1), Target(Slice("language", "ru"), "vector")))
    assert text.startswith("**Rejected**\n\n- The model is 23.0 MB")
    assert "| size | failed |" in text
    assert "| better on the degraded slice | passed |" in text
    assert verdict_markdown(judge(comparison, Gate())).startswith("**Promoted**")


@pytest.mark.slow
def test_the_plot_marks_both_modes_of_every_slice_and_the_loss_allowed(comparison):
    data = comparison_plot(comparison, ALLOWED)
    assert is_small_png(data)
    for colour in (HYBRID, VECTOR):
        drawn = np.unique(pixels(data, colour)[:, 0])
        assert 1 + (np.diff(drawn) > 5).sum() == 5  # a mark, its interval and its words for each of five slices
    limit = pixels(data, LIMIT)
    assert len(limit) > 100
    assert len(np.unique(limit[:, 1])) <= 2
    further = pixels(comparison_plot(comparison, 0.3), LIMIT)
    assert further[:, 1].mean() < pixels(data, VECTOR)[:, 1].min()


@pytest.mark.slow
@pytest.mark.parametrize("slices", [0, 1, 40])
def test_the_plot_is_small_whatever_the_number_of_slices(comparison, slices):
    overall = comparison.compared[:2]
    others = [
        replace(one, slice=Slice("folder", f"a folder with quite a long name {n:02}"), difference=shifted(one, n))
        for n in range(slices)
        for one in overall
    ]
    assert is_small_png(comparison_plot(replace(comparison, compared=(*overall, *others)), ALLOWED))


def test_a_slice_that_lost_is_drawn_among_many_that_gained_more(comparison):
    overall = comparison.compared[:2]
    others = [
        replace(one, slice=Slice("folder", f"f{n}"), difference=shifted(one, n)) for n in range(40) for one in overall
    ]
    data = comparison_plot(replace(comparison, compared=(*overall, *others)), ALLOWED)
    assert pixels(data, VECTOR)[:, 1].min() < pixels(data, LIMIT)[:, 1].min()


def shifted(compared, number):
    estimate = compared.ndcg
    by = (number - 20) / 40
    return {**compared.difference, "ndcg_at_10": Estimate(estimate.mean + by, estimate.low + by, estimate.high + by)}


def test_the_plot_of_two_that_do_not_differ_is_drawn():
    table = rows(old)
    data = comparison_plot(compare(table, table, champion=CHAMPION, challenger=CHALLENGER), ALLOWED)
    assert len(pixels(data, HYBRID)) > 100
