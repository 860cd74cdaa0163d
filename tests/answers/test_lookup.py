"""A passage that defines what a question names is evidence wherever the ranking has it."""

from pathlib import Path

import pytest

from tests.answers.test_small_homes import opened
from tests.support.asked import ask
from xnai_pipelines.answers.lookup import defining_passages
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.search.query import Filters

# Each passage says more of the option's words than the entry does.
REMARKS = {
    f"notes-{at}.txt": f"Note {at}: what the option -k of tidy does, and what -k does for tidy, is an option {at}."
    for at in range(12)
}
MANUALS = {
    "tidy.html": "<h1>tidy</h1><dl><dt>-k</dt><dt>--keep</dt><dd>Leave the sources alone.</dd></dl>",
    "sweep.html": "<h1>sweep</h1><dl><dt>-k</dt><dd>Kill the dust.</dd></dl>",
    "files.md": "# Files\n\n| File | Meaning |\n| --- | --- |\n| broom/watch | Where a broom comes from. |\n",
}


@pytest.fixture(scope="module")
def manuals(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Passages:
    return opened(tmp_path_factory.mktemp("manuals"), built_encoder, REMARKS | MANUALS)


def found(manuals: Passages, question: str, filters: Filters) -> list[str]:
    rows = defining_passages(manuals, manuals.index.understood(question, filters))
    return [Path(one["source"]).stem for one in manuals.index.corpus.shown(rows)]


@pytest.mark.parametrize(
    ("question", "sources"),
    [
        ("What does the option -k of tidy do?", ["tidy", "sweep"]),
        ("What does sweep -k do?", ["sweep", "tidy"]),
        ("What does --keep do?", ["tidy"]),
        ("What is broom/watch for?", ["files"]),
        ("What does --lose do?", []),
        ("Who keeps the broom?", []),
    ],
)
def test_the_passages_with_an_entry_of_that_name_are_found(manuals: Passages, question: str, sources: list[str]):
    assert found(manuals, question, Filters()) == sources


def test_what_may_not_be_read_or_is_filtered_out_defines_nothing(manuals: Passages):
    hidden = manuals.for_reader(lambda source: not source.startswith("tidy"))
    assert found(hidden, "What does tidy -k do?", Filters()) == ["sweep"]
    assert found(manuals, "What does tidy -k do?", Filters(source_prefix="sweep")) == ["sweep"]


def test_the_entry_answers_before_remarks(manuals: Passages):
    answer = ask(manuals, "What does the option -k of tidy do?")
    assert answer.sentences[0].text == "-k, --keep: Leave the sources alone."


@pytest.mark.parametrize("question", ["What does the option --keep do?", "What does broom --keep do?"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("broom.adoc", "= broom\n\n== Options\n\n-k::\n--keep <dir>::\n\tLeave the dust alone.\n\n-v:: Say more."),
        ("broom.rst", "broom\n=====\n\n.. option:: -k, --keep\n   :type: folder\n\n   Leave the dust alone.\n"),
        ("broom.rst", "broom\n=====\n\n-k, --keep  Leave the dust alone.\n-v          Say more.\n"),
        (
            "broom.tex",
            r"""\section{broom}\begin{description}\item[\texttt{-k}, \texttt{--keep}] Leave the dust alone.
            \item[\texttt{-v}] Say more.\end{description}""",
        ),
    ],
    ids=["AsciiDoc", "directive", "option list", "LaTeX"],
)
def test_an_option_is_found_in_the_manuals_of_every_format(
    tmp_path: Path, built_encoder: Encoder, name: str, text: str, question: str
):
    answer = ask(opened(tmp_path, built_encoder, REMARKS | {name: text}), question)
    assert answer.sentences[0].text.endswith(": Leave the dust alone.")
    assert answer.sentences[0].citations[0].quote == "Leave the dust alone."


def test_the_head_of_a_function_is_evidence_beside_any_passage_of_it_if_the_question_asks_how(
    tmp_path: Path, built_encoder: Encoder
):
    said = "\n\n".join(f"In case {at} the rule {at} of them applies, whatever {at} says of it." for at in range(90))
    head = "# feed\n\n## loads\n\n`loads(s, *, fast=False)`\n\nTurn text into records."
    text = f"{head}\n\n{said}\n\nfast: Parse a feed in a hurry."
    passages = opened(tmp_path, built_encoder, {"feed.md": text, "other.md": "# Other\n\nNothing of the kind."})
    answer = ask(passages, "How do I parse a feed in a hurry?")
    assert [one.text for one in answer.sentences[:2]] == ["Turn text into records.", "`loads(s, *, fast=False)`"]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What does max_age do?", "`max_age` - Seconds that dust may rest."),
        ("What is the default of max_age in brooms?", "It defaults to `600`."),
        ("What is Feather?", "[Feather](https://feather.example/) (once Plume) is a tool for corners."),
    ],
)
def test_items_of_lists_and_sections_of_a_name_define_it(
    tmp_path: Path, built_encoder: Encoder, question: str, said: str
):
    text = """# Brooms

These are accepted:

* `min_age` - Seconds that a broom rests. It defaults to `5`.
* `max_age` - Seconds that dust may rest. It defaults to `600`.

## [Feather](https://feather.example/) { #feather }

Corners are hard.

[Feather](https://feather.example/) (once Plume) is a tool for corners.
"""
    notes = {f"{at}.md": f"# Note {at}\n\nRead what Feather {at} is, and its max_age {at} default." for at in range(12)}
    answer = ask(opened(tmp_path, built_encoder, notes | {"brooms.md": text}), question)
    assert answer.sentences[0].citations[0].quote == said or answer.sentences[0].citations[0].quote == f"* {said}"
