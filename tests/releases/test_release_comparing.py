"""A comparison is of the same questions, by slice and mode, with paired intervals that repeat for a seed."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pydantic import TypeAdapter

from tests.support.promotion_tables import BOTH, CHALLENGER, CHAMPION, ask, better_in_russian, names, old, rows
from xnai_pipelines.evaluation.intervals import paired_difference
from xnai_pipelines.evaluation.slices import OVERALL, Slice
from xnai_pipelines.questions.question import Origin, Split
from xnai_pipelines.releases.comparing import compare
from xnai_pipelines.releases.comparison import Comparison
from xnai_pipelines.state.records import json_bytes

RUSSIAN, ENGLISH = Slice("language", "ru"), Slice("language", "en")


def compared(champion=old, challenger=better_in_russian, questions=BOTH, **options):
    return compare(
        rows(champion, questions), rows(challenger, questions), champion=CHAMPION, challenger=CHALLENGER, **options
    )


def test_differences_are_those_of_a_paired_bootstrap_over_the_questions_of_the_slice():
    champion, challenger = rows(old), rows(better_in_russian)
    found = compare(champion, challenger, champion=CHAMPION, challenger=CHALLENGER).of(RUSSIAN, "vector")
    chosen = (pc.field("mode") == "vector") & (pc.field("level") == "document") & (pc.field("language") == "ru")
    before, after = (table.filter(chosen)["recall_at_10"].to_numpy() for table in (champion, challenger))
    assert found.difference["recall_at_10"] == paired_difference(before, after, 0)
    before, after = (table.filter(chosen)["ndcg_at_10"].to_numpy() for table in (champion, challenger))
    assert found.ndcg.mean == pytest.approx(after.mean() - before.mean())
    assert found.ndcg.low == pytest.approx(paired_difference(before, after, 0).low)
    assert found.ndcg.high == pytest.approx(paired_difference(before, after, 0).high)
    assert (found.questions, found.wins, found.losses, found.ties) == (30, 30, 0, 0)


def test_all_questions_come_first_and_slices_of_all_or_of_too_few_questions_are_not_repeated():
    comparison = compared()
    parts = list(dict.fromkeys(one.slice for one in comparison.compared))
    assert parts == [OVERALL, ENGLISH, RUSSIAN, Slice("folder", "guide"), Slice("folder", "notes")]
    assert [one.mode for one in comparison.compared[:2]] == ["hybrid", "vector"]
    assert comparison.whole == (Slice("origin", "labelled"), Slice("media_type", "text/markdown"))
    assert comparison.of(Slice("media_type", "text/markdown"), "vector") == comparison.of(OVERALL, "vector")
    assert {one.slice for one in compared(least=31).compared} == {OVERALL}


def test_identical_contenders_differ_nowhere():
    comparison = compared(challenger=old)
    for one in comparison.compared:
        assert {(estimate.mean, estimate.low, estimate.high) for estimate in one.difference.values()} == {(0, 0, 0)}
        assert (one.wins, one.losses, one.ties) == (0, 0, one.questions)
    assert comparison.changed == ()


def test_intervals_repeat():
    first, again = (compared().of(OVERALL, "hybrid").ndcg for _ in range(2))
    assert first == again


def test_the_order_of_the_rows_does_not_matter():
    table = rows(better_in_russian)
    shuffled = table.take(pa.array(range(table.num_rows))[::-1])
    comparison = compare(rows(old), shuffled, champion=CHAMPION, challenger=CHALLENGER)
    assert comparison == compared()


def test_different_questions_are_refused_by_name():
    with pytest.raises(ValueError, match=r"differ: 1 only of the champion \(en00\)"):
        compare(rows(old), rows(old, BOTH[1:]), champion=CHAMPION, challenger=CHALLENGER)
    with pytest.raises(ValueError, match=r"4 only of the challenger in hybrid search \(en00, en01, en02, \.\.\.\)"):
        compare(rows(old, BOTH[4:]), rows(old), champion=CHAMPION, challenger=CHALLENGER)


def test_the_same_questions_with_other_answers_are_refused():
    table = rows(old)
    moved = table.set_column(
        table.schema.get_field_index("folder"), "folder", pa.array(["moved"] * table.num_rows, pa.string())
    )
    with pytest.raises(ValueError, match=r"folder of 60 questions differs .* on the same documents"):
        compare(table, moved, champion=CHAMPION, challenger=CHALLENGER)


def test_two_evaluations_in_one_table_and_a_missing_mode_are_refused():
    table = rows(old)
    with pytest.raises(ValueError, match="champion's evaluation contains a question twice"):
        compare(pa.concat_tables([table, table]), table, champion=CHAMPION, challenger=CHALLENGER)
    with pytest.raises(ValueError, match="challenger has no rows for vector search"):
        compare(table, rows(old, modes=("hybrid",)), champion=CHAMPION, challenger=CHALLENGER)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_figures_that_are_not_finite_are_an_error(value):
    table = rows(old)
    figures = table["ndcg_at_10"].to_pylist()
    figures[5] = value
    broken = table.set_column(table.schema.get_field_index("ndcg_at_10"), "ndcg_at_10", pa.array(figures, pa.float64()))
    with pytest.raises(
        ValueError, match="ndcg_at_10 of the challenger in hybrid search is not finite for question en05"
    ):
        compare(table, broken, champion=CHAMPION, challenger=CHALLENGER)


def test_a_search_that_raised_for_one_alone_is_no_figure_and_one_that_raised_for_both_is_said():
    def failing(ranks):
        return lambda name, mode: OSError("no table") if (name, mode) == ("ru03", "vector") else ranks(name, mode)

    for champion, challenger, whose in ((failing(old), old, "champion"), (old, failing(old), "challenger")):
        with pytest.raises(ValueError, match=rf"1 searches failed for the {whose} only in vector .*OSError: no table"):
            compared(champion, challenger)
    assert compared(failing(old), failing(old)).notes == ("1 searches failed for both; they count as nothing found.",)


def test_keyword_search_that_differs_is_said():
    def other_keywords(name, mode):
        return 1 if (name, mode) == ("en00", "keyword") else old(name, mode)

    (note,) = compared(challenger=other_keywords).notes
    assert note.startswith("Keyword search, which uses no encoder, answers 1 of 60 questions differently")
    assert compared().notes == ()


def test_labelled_questions_of_the_test_split_judge_and_those_of_the_training_split_never():
    train = [ask(name, Split.TRAIN) for name in names("en")]
    test = [ask(name) for name in names("ru")]
    comparison = compared(questions=train + test)
    assert comparison.questions_statement == "30 labelled questions of the test split"
    assert comparison.of(OVERALL, "vector").questions == 30
    assert RUSSIAN in comparison.whole
    held_back = [ask(name, Split.VALIDATION) for name in names("ru")]
    assert compared(questions=train + held_back).questions_statement == "30 labelled questions of the validation split"
    with pytest.raises(ValueError, match="All 30 questions are in the training split"):
        compared(questions=train)


def test_a_slice_without_labelled_questions_is_judged_by_generated_ones():
    labelled = [ask(name) for name in names("en")]
    generated = [ask(name, origin=Origin.GENERATED) for name in names("ru")]
    comparison = compared(questions=labelled + generated)
    assert comparison.of(OVERALL, "vector").questions == 30
    assert comparison.of(OVERALL, "vector").ties == 30
    russian = comparison.of(RUSSIAN, "vector")
    assert (russian.origin, russian.questions, russian.wins) == (Origin.GENERATED, 30, 30)
    assert comparison.of(Slice("origin", "generated"), "vector").wins == 30
    assert comparison.questions_statement == (
        "30 labelled questions of the test split; slices with fewer than 10 of them by 30 generated questions of "
        "the test split"
    )


def test_generated_questions_judge_where_labelled_ones_are_too_few():
    generated = [ask(name, origin=Origin.GENERATED) for name in names("ru")]
    comparison = compared(questions=[ask("en00"), *generated])
    assert comparison.of(OVERALL, "hybrid").origin is Origin.GENERATED
    assert comparison.questions_statement == "30 generated questions of the test split"


def test_slices_that_no_column_tells_are_given_by_their_questions():
    new = Slice("new", "since release 1")
    comparison = compared(chosen={new: names("ru", 12), Slice("new", "today"): ["ru00"]})
    assert comparison.compared[-1].slice == new
    assert comparison.of(new, "vector").wins == 12
    assert comparison.of(Slice("new", "today"), "vector") is None


def test_the_questions_that_changed_most_are_of_both_directions_and_of_their_worse_mode():
    def mixed(name, mode):
        number = int(name[-2:])
        if name.startswith("en") and number < 4 and mode == "vector":
            return None
        return better_in_russian(name, mode)

    changed = compared(challenger=mixed).changed
    assert len(changed) == 20
    assert [one.change > 0 for one in changed] == [True] * 16 + [False] * 4
    assert [one.change for one in changed[:16]] == sorted((one.change for one in changed[:16]), reverse=True)
    lost = changed[16]
    assert (lost.question, lost.mode, lost.language, lost.folder) == ("about en00?", "vector", "en", "notes")
    assert (lost.champion_rank, lost.challenger_rank, lost.change) == (1, None, -1)
    assert (lost.relevant, lost.champion_found[0], lost.challenger_found[0]) == (
        ("notes/en00.md",),
        "notes/en00.md",
        "x0",
    )
    assert len({one.question for one in changed}) == 20


def test_a_comparison_is_the_same_after_json():
    comparison = compared()
    assert TypeAdapter(Comparison).validate_json(json_bytes(comparison)) == comparison
