"""What answers within a quote is marked if its kind tells it, and nothing is if it does not."""

import pytest

from xnai_pipelines.answers.spans import answering_span


@pytest.mark.parametrize(
    ("question", "quote", "marked"),
    [
        ("When was the lighthouse built?", "The lighthouse was built in 1871.", "1871"),
        ("How many boats are there?", "In 1990 there were 12 men, 3 dogs, 40 boats and 7 oars.", "40"),
        ("How much does the unit weigh?", "The unit of 2 parts weighs 112 kg.", "112 kg"),
        ("Who designed the bridge?", "The bridge was designed by Harriet Vole.", "Harriet Vole"),
        (
            "Where does it write its backup?",
            "It writes a backup to `/var/backups/ledger` every night.",
            "/var/backups/ledger",
        ),
        ("Which version added it?", "New in version 3.11.", "3.11"),
        ("Кто был первым смотрителем?", "Первым смотрителем был Егор Лапин.", "Егор Лапин"),
        ("Wie viel kostet die Fahrt?", "Die Fahrt kostet 12 €.", "12 €"),
        ("How do I start it?", "Press the button 2 times.", None),
        ("Where was she born?", "She was born in Leeds.", "Leeds"),
        ("How many are there?", "There are 3, 4, 5 or 6.", None),
        ("When did it open?", "It opened late.", None),
    ],
)
def test_the_shortest_part_that_answers_is_marked(question: str, quote: str, marked: str | None):
    found = answering_span(question, quote)
    assert (found and quote[slice(*found)]) == marked
