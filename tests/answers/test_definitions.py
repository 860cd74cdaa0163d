"""What a question asks of a symbol is answered from the section or the entry that defines it."""

from dataclasses import replace

import pytest

from tests.answers.test_preferred import weighed
from xnai_pipelines.answers.belonging import text_of
from xnai_pipelines.answers.extractive import chosen_units
from xnai_pipelines.answers.landmarks import Landmark
from xnai_pipelines.answers.preferred import preferred

WALK = (
    "os/walk",
    (
        "`walk(top, topdown=True)`\n\nTree generator.\n\nFor each directory in the tree, yields a 3-tuple\n\n"
        "    dirpath, dirnames, filenames\n\nThe flag topdown defaults to True. By default os.walk follows no links."
        " It raises an OSError if top is missing."
    ),
)
FWALK = ("os/fwalk", "`fwalk(top)`\n\nIt behaves like walk(), and yields a 4-tuple.")
CLONE = (
    "git-clone(1)/OPTIONS",
    (
        "--mirror\n\nSet up a mirror. This implies --bare.\n\n-b\n\n--bare\n\nMake a bare repository. It has no files."
        "\n\n--depth <depth>\n\nMake a shallow one.\n\npop [--index]\n\nRemove a state and apply it."
    ),
)
BRANCH = ("git-branch(1)/OPTIONS", "--bare\n\nIt is nothing here.")
SECTIONS = [FWALK, BRANCH, WALK, CLONE]


def answer(question: str, sections: list[tuple[str, str]]) -> list[str]:
    """Return what is quoted if all parts score 0.5, but remarks 0.9."""
    found, evidence = weighed(sections, {"By default": 0.9, "Set up": 0.9, "": 0.5})
    chosen = chosen_units(question, preferred(question, found, evidence), evidence)
    return [text_of(unit, evidence) for unit in chosen]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What does os.walk do?", "Tree generator."),
        ("What does os.walk return?", "For each directory in the tree, yields a 3-tuple"),
        ("What does os.walk raise?", "It raises an OSError if top is missing."),
        ("What arguments does os.walk take?", "`walk(top, topdown=True)`"),
        ("What does git clone --bare do?", "Make a bare repository."),
        ("What does git clone --depth do?", "Make a shallow one."),
        ("What does git clone pop do?", "Remove a state and apply it."),
        ("What does os.fwalk return?", "It behaves like walk(), and yields a 4-tuple."),
    ],
)
def test_the_part_that_defines_a_symbol_answers_before_remarks(question: str, first: str):
    assert answer(question, SECTIONS)[0] == first


@pytest.mark.parametrize(
    "question",
    ["What does shutil.walk do?", "What does os.talk do?", "What does git mv -k do?", "What does a walk do?"],
)
def test_a_symbol_that_nothing_defines_changes_nothing(question: str):
    assert answer(question, SECTIONS)[0] not in {"Tree generator.", "It is nothing here.", "Make a bare repository."}


NOTES = "The `tray.size` may be 5. {0} It is made of wood. If you have `tray` files, keep them."


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is tray for?", "The `tray` fixture holds cups."),
        ("What is a tray?", 'A "tray" holds cups.'),
        ("What does tray.py do?", "Tray.py holds cups."),
    ],
)
def test_what_nothing_defines_is_answered_with_a_sentence_about_it_before_one_that_names_it(question: str, said: str):
    scores = {"If you": 0.9, "The `tray.size": 0.88, said: 0.85, "": 0.5}
    found, evidence = weighed([("cups", NOTES.format(said))], scores)
    assert text_of(preferred(question, found, evidence)[0], evidence) == said
    assert text_of(preferred("Who has a tray?", found, evidence)[0], evidence).startswith("If you")


def test_a_short_definition_brings_the_sentence_after_it_and_what_that_announces():
    assert answer("What does os.walk do?", SECTIONS)[:3] == [
        "Tree generator.",
        "For each directory in the tree, yields a 3-tuple",
        "dirpath, dirnames, filenames",
    ]


def test_a_section_that_begins_outside_the_evidence_does_not_define():
    found, evidence = weighed([("os/walk", WALK[1])], {"By default": 0.9})
    evidence[0] = replace(evidence[0], text=evidence[0].text.replace("## walk", "## talk"))
    assert text_of(preferred("What does os.walk do?", found, evidence)[0], evidence).startswith("By default")


def test_what_the_last_line_of_a_piece_of_evidence_names_is_defined_in_the_next_piece():
    found, evidence = weighed([("git-clone(1)/OPTIONS", "Some say this.\n\n--bare\n\nMake a bare one.")], {"Some": 0.9})
    one = evidence[0]
    cut = one.text.index("\n\nMake")
    rest = one.start + cut + 2
    pieces = [replace(one, text=one.text[:cut], end=rest - 2), replace(one, text=one.text[cut + 2 :], start=rest)]
    units = [replace(unit, evidence=int(unit.start >= rest)) for unit in found]
    assert text_of(preferred("What does git clone --bare do?", units, pieces)[0], pieces) == "Make a bare one."


@pytest.mark.parametrize(
    ("call", "quoted"),
    [
        ("`decoder(strict=True)`", ["It reads JSON.", "`decoder(strict=True)`"]),
        ("decoder(strict=True) -- read JSON", ["decoder(strict=True) -- read JSON"]),
    ],
)
def test_a_call_alone_is_quoted_with_what_it_does(call: str, quoted: list[str]):
    found, evidence = weighed([("json/decoder", f"{call}\n\nIt reads JSON.")], {"`decoder": 0.9, "decoder": 0.9})
    chosen = chosen_units("Which one parses?", preferred("Which one parses?", found, evidence), evidence)
    assert [text_of(unit, evidence) for unit in chosen] == quoted


def test_an_exception_class_of_the_next_section_is_no_exception_to_what_is_quoted():
    sections = [("queue/Empty", "Raised by get().\n\n## Full\n\nException raised by put().")]
    found, evidence = weighed(sections, {"Raised": 0.9})
    full = Landmark(evidence[0].text.index("## Full"), ("queue", "Full"), None)
    evidence[0] = replace(evidence[0], landmarks=(*evidence[0].landmarks, full))
    assert [text_of(unit, evidence) for unit in chosen_units("When is it raised?", found, evidence)] == [
        "Raised by get()."
    ]
