"""The row with the most or the least is found by value, and none is named if cells cannot be compared."""

import pytest

from xnai_pipelines.answers.superlatives import extreme, is_superlative

NAMES = ["plan", "users", "storage", "price", "contract since"]
ROWS = [
    ["Starter", "5", "500 GB", "49 €", "2021-04-01"],
    ["Team", "25", "2 TB", "1,199 €", "2019-09-15"],
    ["Enterprise", "unlimited", "10 TB", "1,499 €", "2024-06-01"],
]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Which plan is the cheapest?", [0]),
        ("What is the most expensive plan?", [2]),
        ("Welcher Tarif ist der billigste?", [0]),
        ("Какой тариф самый дорогой?", [2]),
        ("Which plan has the most storage?", [2]),
        ("Which plan has the smallest storage?", [0]),
        ("Which plan has the most users?", [2]),
        ("Which contract is the oldest?", [1]),
        ("Which is the latest contract?", [2]),
        ("Which plan is the best known?", []),
        ("Which plan is the largest?", []),
        ("Which plan has the highest storage price?", []),
    ],
)
def test_the_row_is_found_in_the_column_that_is_meant(question: str, found: list[int]):
    assert extreme(question, NAMES, ROWS) == (found if is_superlative(question) else [])


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["1.499 €", "999,50 €"], [0]),
        (["$1.5m", "$900k"], [0]),
        (["1.5 kg", "1.25 kg"], [0]),
        (["5 €", "5 €"], [0, 1]),
        (["90 minutes", "2 hours"], [1]),
        (["5 €", "6 $"], []),
        (["5 €", "on request"], []),
        (["5 €", ""], []),
        (["5 to 9 €", "6 €"], []),
    ],
)
def test_only_cells_of_one_kind_are_compared(cells: list[str], found: list[int]):
    assert extreme("Which has the highest fee?", ["name", "fee"], [["a", cells[0]], ["b", cells[1]]]) == found
