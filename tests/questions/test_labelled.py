"""Labelled questions get known documents and their splits; what does not fit is counted and named."""

import json

import pytest

from xnai_pipelines.errors import LabelledQuestionsError
from xnai_pipelines.questions.labelled import read_labelled
from xnai_pipelines.questions.question import Origin, Relevant, Split

KNOWN = {"corpus.jsonl#4983": "A", "corpus.jsonl#7": "B", "guide/install.md": "C", "c#/notes.md": "D"}


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def beir(tmp_path):
    write_jsonl(tmp_path / "queries.jsonl", [{"_id": str(n), "text": f"question {n}"} for n in range(1, 6)])
    (tmp_path / "qrels").mkdir()

    def write(**qrels):
        for name, rows in qrels.items():
            lines = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, row)) for row in rows)]
            (tmp_path / "qrels" / f"{name}.tsv").write_text("\n".join(lines) + "\n")
        return tmp_path

    return write


def test_beir_ids_are_matched_with_record_ids_and_files_name_the_splits(beir):
    folder = beir(train=[(1, 4983, 1)], dev=[(2, 7, 1)], test=[(3, 4983, 2), (3, "guide/install.md", 1)])
    labelled = read_labelled(folder, KNOWN)
    assert [(q.question, q.split, q.relevant) for q in labelled.questions] == [
        ("question 2", Split.VALIDATION, (Relevant("B", None, 1),)),
        ("question 3", Split.TEST, (Relevant("A", None, 2), Relevant("C", None, 1))),
        ("question 1", Split.TRAIN, (Relevant("A", None, 1),)),
    ]
    assert all(question.origin is Origin.LABELLED for question in labelled.questions)
    assert labelled.splits_given
    assert labelled.unresolved.rows == 0


def test_grade_0_and_below_means_not_relevant(beir):
    labelled = read_labelled(beir(test=[(1, 4983, -2), (1, 7, 1), (2, 7, 0)]), KNOWN)
    assert [question.document_ids for question in labelled.questions] == [{"B"}]
    assert labelled.without_answer == 1
    assert labelled.unresolved.rows == 0


@pytest.mark.parametrize("question", ["???", "word " * 1_000, "half of \ud83d"])
def test_a_question_that_cannot_be_asked_is_counted_and_named(tmp_path, question):
    rows = [{"question": question, "documents": ["7"], "id": 1}, {"question": "Why?", "documents": ["7"], "id": 2}]
    labelled = read_labelled(write_jsonl(tmp_path / "questions.jsonl", rows), KNOWN)
    assert [question.question for question in labelled.questions] == ["Why?"]
    assert labelled.unresolved.rows == 1
    assert "questions.jsonl:1: the question " in labelled.unresolved.examples[0]


def test_a_label_with_another_folder_or_other_letters_is_told_the_document_that_it_may_mean(tmp_path):
    names = ["docs/Keys.md", "safe.md", "a.md", "none.md"]
    rows = [{"question": f"Which one is {name}?", "documents": [name]} for name in names]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    known = {"keys.md": "K", "house/safe.md": "S", "b/a.md": "A", "c/a.md": "B"}
    told = read_labelled(tmp_path / "q.jsonl", known).unresolved.examples
    assert [one.partition("no document is named ")[2] for one in told] == [
        "'docs/Keys.md'; is it 'keys.md'?",
        "'safe.md'; is it 'house/safe.md'?",
        "'a.md'",
        "'none.md'",
    ]


def test_unknown_documents_ambiguous_documents_and_unknown_questions_are_counted_and_named(beir):
    folder = beir(test=[(1, 999, 1), (1, 4983, 1), (2, 12, 1), (77, 4983, 1)])
    labelled = read_labelled(folder, KNOWN | {"a.jsonl#12": "X", "b.jsonl#12": "Y"})
    assert len(labelled.questions) == 1
    assert labelled.without_answer == 1
    assert labelled.unresolved.rows == 3
    told = "\n".join(labelled.unresolved.examples)
    assert "test.tsv:2: no document is named '999'" in told
    assert "test.tsv:4: 2 documents are named '12'" in told
    assert "test.tsv:5: no question has the id '77'" in told


def test_overlap_of_given_splits_is_reported_and_the_held_out_split_keeps_the_question(beir):
    labelled = read_labelled(beir(train=[(1, 4983, 1), (2, 7, 1), (3, 4983, 1)], test=[(2, 4983, 1)]), KNOWN)
    splits = {question.question: (question.split, question.document_ids) for question in labelled.questions}
    assert splits["question 2"] == (Split.TEST, {"A"})
    assert (labelled.overlap.questions, labelled.overlap.documents) == (1, 1)
    assert labelled.overlap.examples == (
        "question in more than one split: 2",
        "document in test, train: corpus.jsonl#4983",
    )


def test_jsonl_of_sources_needs_no_ids_or_splits(tmp_path):
    rows = [
        {"question": "How do I install it?", "documents": ["./guide/install.md", "c#/notes.md"]},
        {"question": "Who?", "documents": ["4983"], "id": 5, "grade": 3},
    ]
    labelled = read_labelled(write_jsonl(tmp_path / "q.jsonl", rows), KNOWN)
    assert [question.document_ids for question in labelled.questions] == [{"C", "D"}, {"A"}]
    assert labelled.questions[1].relevant[0].grade == 3
    assert not labelled.splits_given
    assert all(question.split is None for question in labelled.questions)


def test_question_ids_are_stable_and_differ_by_given_id(tmp_path):
    rows = [{"id": str(n), "question": "Same words?", "documents": ["7"]} for n in range(2)]
    path = write_jsonl(tmp_path / "q.jsonl", rows)
    ids = [question.question_id for question in read_labelled(path, KNOWN).questions]
    assert len(set(ids)) == 2
    assert ids == [question.question_id for question in read_labelled(path, KNOWN).questions]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "not JSON"),
        ("[1]", "expected a JSON object, found list"),
        ('{"documents": ["7"]}', '"question" must be a string'),
        ('{"question": " ", "documents": ["7"]}', '"question" must be a string'),
        ('{"question": "b", "documents": "7"}', '"documents" must be a list'),
        ('{"question": "b", "documents": []}', '"documents" must be a list'),
        ('{"question": "b", "documents": ["7"], "grade": "good"}', "the grade must be an integer"),
        ('{"question": "b", "documents": ["7"], "grade": true}', "the grade must be an integer"),
        (
            '{"question": "b", "documents": ["7"], "split": "exam"}',
            "the split 'exam' is not one of train, dev",
        ),
        ('{"question": "a", "documents": ["7"]}', "repeats the question of"),
        ('{"question": "b\udcff", "documents": ["7"]}', "not UTF-8 (byte 16 of the line)"),
    ],
)
def test_a_malformed_line_is_named_with_its_number(tmp_path, line, told):
    path = tmp_path / "q.jsonl"
    text = f'{{"question": "a", "documents": ["7"]}}\n\n{line}\n'
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(LabelledQuestionsError) as raised:
        read_labelled(path, KNOWN)
    assert f"{path}:3: " in str(raised.value)
    assert told in str(raised.value)


def test_malformed_qrels_are_named_with_their_line(beir):
    for row, told in [
        ((1, 7), "expected 3 columns"),
        ((1, 7, "x"), "the grade must"),
    ]:
        folder = beir(test=[(1, 7, 1), row])
        with pytest.raises(LabelledQuestionsError, match=rf"test\.tsv:3: {told}"):
            read_labelled(folder, KNOWN)


def test_a_missing_file_or_folder_says_what_is_expected(tmp_path):
    with pytest.raises(LabelledQuestionsError, match=r"No such file.*Expected a JSONL file"):
        read_labelled(tmp_path / "nothing.jsonl", KNOWN)
    with pytest.raises(LabelledQuestionsError, match=r"queries\.jsonl: cannot be read"):
        read_labelled(tmp_path, KNOWN)
    (tmp_path / "queries.jsonl").write_text("")
    with pytest.raises(LabelledQuestionsError, match=r"has no train\.tsv, dev\.tsv or test\.tsv"):
        read_labelled(tmp_path, KNOWN)
