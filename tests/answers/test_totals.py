"""A total is computed only if rows, column and unit are certain; otherwise there is no figure."""

import pytest

from xnai_pipelines.answers.totals import Total, asks_for_total, total

NAMES = ["item", "city", "price"]
ROWS = [["boat trip", "Leeds", "12 euros"], ["museum", "York", "5 euros"], ["lunch", "York", "8.50 euros"]]
ABOVE = ["Prices"]


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("How much do all items cost in total?", True),
        ("Wie viel kostet das insgesamt?", True),
        ("Combien cela coûte-t-il au total ?", True),
        ("Сколько всего лодок?", True),
        ("How much does the museum cost?", False),
        ("Is it a total loss?", False),
    ],
)
def test_a_question_for_a_sum_is_told_from_others(question: str, asks: bool):
    assert asks_for_total(question) is asks


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("How much do all items cost in total?", Total((0, 1, 2), "price: 12 + 5 + 8.50 = 25.50 €")),
        ("What is the total price of the items in York?", Total((1, 2), "price: 5 + 8.50 = 13.50 €")),
        ("What does the museum cost in total?", Total((1,), "")),
        ("What is the total price of the items in Paris?", None),
        ("What was the total price in 2023?", None),
        ("What do museum and boat trip cost in total?", None),
    ],
)
def test_rows_are_added_if_each_word_of_the_question_says_something_of_them(question: str, found: Total | None):
    assert total(question, NAMES, ROWS, ABOVE) == found


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        (["item", "price"], [["boat", "12 euros"], ["museum", "5 dollars"]]),
        (["item", "price"], [["boat", "12 euros"], ["museum", "free"]]),
        (["item", "price per person"], [["boat", "12 euros"], ["museum", "5 euros"]]),
        (["item", "share"], [["boat", "12 %"], ["museum", "5 %"]]),
        (["item", "sold", "stock"], [["boat", "12", "5"], ["oar", "5", "7"]]),
        (["item", "price"], [["boat", "12"], ["Total", "12"]]),
    ],
)
def test_what_cannot_be_added_is_not(names: list[str], rows: list[list[str]]):
    assert total("How much is it in total?", names, rows) is None


def test_the_total_of_the_table_itself_is_quoted():
    rows = [["boat", "12"], ["museum", "5"], ["Total", "17"]]
    assert total("How much is the total price?", ["item", "price"], rows) == Total((2,), "")
