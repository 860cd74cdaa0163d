"""Generated questions are sentences and headings of the text; the passage they come from is the answer."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest

from xnai_pipelines.questions.generated import COPIES, Passage, first_sentence, without_markup
from xnai_pipelines.questions.generated import generate_questions as generate
from xnai_pipelines.questions.question import Origin, Question


def generate_questions(passages: Collection[Passage], limit: int, seed: int) -> tuple[Question, ...]:
    return generate(lambda: passages, limit, seed)


def passage(document, ordinal, text, *headings):
    return Passage(f"{document}-{ordinal}", document, f"Title of {document}", headings, text)


def corpus(documents, passages=6):
    return [
        passage(f"d{d}", p, f"Passage {p} of document {d} says something of its own here.", f"Part {p}", "Details")
        for d in range(documents)
        for p in range(passages)
    ]


def test_the_passage_it_comes_from_is_the_answer():
    passages = {one.chunk_id: one for one in corpus(5)}
    questions = generate_questions(passages.values(), 100, seed=1)
    assert questions
    for question in questions:
        assert question.origin is Origin.GENERATED
        assert question.split is None
        for relevant in question.relevant:
            source = passages[relevant.chunk_id]
            assert relevant.document_id == source.document_id
            assert question.question in source.text or question.question == ": ".join(source.heading_path)


def test_questions_are_spread_over_documents_and_few_a_document():
    questions = generate_questions(
        [
            *corpus(10),
            *(
                passage("big", n, text)
                for n, text in enumerate(
                    f"The long document has sentence number {n} about many things." for n in range(200)
                )
            ),
        ],
        12,
        seed=1,
    )
    per_document = [next(iter(question.document_ids)) for question in questions]
    assert len(questions) == 12
    assert len(set(per_document)) == 11
    everything = generate_questions(corpus(10), 1000, seed=1)
    assert len(everything) == 30


def test_the_same_passages_in_any_order_give_the_same_questions():
    passages = corpus(20)
    shuffled = [passages[place] for place in np.random.default_rng(0).permutation(len(passages))]
    assert generate_questions(passages, 25, 7) == generate_questions(shuffled, 25, 7)
    assert generate_questions(passages, 25, 7) != generate_questions(passages, 25, 8)


def test_editing_a_document_changes_no_other_documents_questions():
    before = generate_questions(corpus(20), 1000, 1)
    edited = [one for one in corpus(20) if one.document_id != "d3"]
    edited.append(passage("d3", 0, "This document was written again with other words."))
    after = generate_questions(edited, 1000, 1)
    assert [q for q in before if "d3" not in q.document_ids] == [q for q in after if "d3" not in q.document_ids]


def test_what_fits_two_documents_is_not_asked():
    text = "All rights to this very text are reserved by nobody."
    licences = [Passage("1", "a", "Licence", (), text), Passage("2", "b", "Licence", (), text)]
    assert generate_questions([*licences, Passage("3", "b", "Licence", (), "And more.")], 9, 1) == ()


def copy_of(document, name):
    return [
        replace(one, chunk_id=f"{name}-{one.chunk_id}", document_id=name)
        for one in corpus(9)
        if one.document_id == document
    ]


def test_a_document_and_its_copy_answer_together():
    alone = generate_questions(corpus(9), 99, 1)
    together = generate_questions([*copy_of("d1", "link"), *corpus(9)], 99, 1)
    assert {question.question for question in together} == {question.question for question in alone}
    answers = {question.document_ids for question in together}
    assert answers == {frozenset({f"d{n}"}) for n in range(9) if n != 1} | {frozenset({"d1", "link"})}


def test_what_many_copies_answer_is_not_asked():
    copies = [one for n in range(COPIES) for one in copy_of("d1", f"link{n}")]
    assert all("d1" not in question.document_ids for question in generate_questions([*corpus(9), *copies], 99, 1))


def test_a_few_questions_are_the_first_of_many():
    """What is kept of other documents than the asked ones are hashes: these decide the same."""
    passages = [*corpus(9), *(passage(f"e{n}", 0, "The same sentence is in several documents here.") for n in range(3))]
    everything = generate_questions(passages, 1000, 1)
    assert [generate_questions(passages, limit, 1) for limit in range(len(everything))] == [
        everything[:limit] for limit in range(len(everything))
    ]


def test_a_section_in_several_passages_has_them_all_as_answers():
    long_section = [Passage(str(n), "a", "Guide", ("Install", "On Linux"), "```\ncode\n```") for n in range(3)]
    (question,) = generate_questions(long_section, 9, 1)
    assert question.question == "Install: On Linux"
    assert [relevant.chunk_id for relevant in question.relevant] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "# Heading\n\nThe *first* sentence has [a link](http://x.y). Another one.",
            "The first sentence has a link.",
        ),
        (
            "Heading\n=======\n\nUse :func:`os.path.join` to put two paths together. So.",
            "Use os.path.join to put two paths together.",
        ),
        (
            "of an earlier sentence. The next one is whole and has words.",
            "The next one is whole and has words.",
        ),
        (
            "```python\nprint('A long line of code is here.')\n```\n\nAfter the code comes a line of prose.",
            "After the code comes a line of prose.",
        ),
        (
            "| a table | of two |\n|---|---|\n\n- a list of words.\n\nThen prose follows table and list.",
            "Then prose follows table and list.",
        ),
        (
            "Numbers like 3.14 and names, e.g. this one, do not end it. Next.",
            "Numbers like 3.14 and names, e.g. this one, do not end it.",
        ),
        (
            "Предложение на русском языке состоит из слов. Второе.",
            "Предложение на русском языке состоит из слов.",
        ),
        ("この文は日本語で書かれています。次の文。", "この文は日本語で書かれています。"),
        ("डेटाबेस का बैकअप हर रात लिया जाता है। और।", "डेटाबेस का बैकअप हर रात लिया जाता है।"),
        ("هل يمكن نسخ المجلد كله إلى مكان آخر؟ نعم.", "هل يمكن نسخ المجلد كله إلى مكان آخر؟"),
        ("การสำรองฐานข้อมูลจะเริ่มทุกคืน และไฟล์จะถูกเก็บไว้", "การสำรองฐานข้อมูลจะเริ่มทุกคืน"),
        (
            'She said "it ends inside the quotation marks." Next.',
            'She said "it ends inside the quotation marks."',
        ),
        ("Too short. Also.", None),
        ("A paragraph without any end that goes on and on", None),
        ("", None),
    ],
)
def test_the_first_whole_sentence_of_prose(text, expected):
    assert first_sentence(text) == expected


def test_a_heading_of_two_words_or_more_is_asked():
    headings = ["数据库备份", "猫", "डेटाबेस बैकअप", "Install"]
    passages = [Passage(name, name, title=name, heading_path=(), text="") for name in headings]
    assert {question.question for question in generate_questions(passages, 10, 0)} == {"数据库备份", "डेटाबेस बैकअप"}


def test_headings_lose_markup_and_numbers_but_keep_their_words():
    assert without_markup("2.1. The `__init__` method of **Path**") == "The init method of Path"
    assert without_markup("Path parameters { #path-parameters }") == "Path parameters"
    assert without_markup("snake_case names") == "snake_case names"
    assert without_markup("3D plots") == "3D plots"
    assert without_markup("List[int] or a < b") == "List[int] or a < b"
