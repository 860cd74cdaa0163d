"""Feedback grows into labelled questions; nothing of it is lost silently, and no slip stops the night."""

import json
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing import get_context

import pytest

from xnai_pipelines.errors import FeedbackError
from xnai_pipelines.questions.feedback import (
    Feedback,
    feedback_questions,
    merged_labels,
    read_feedback,
    record_feedback,
)
from xnai_pipelines.questions.labelled import LabelledQuestions, read_labelled
from xnai_pipelines.questions.question import Origin, Relevant, Split, question_id
from xnai_pipelines.questions.split import split_by_document
from xnai_pipelines.state.day_files import file_of_day

KNOWN = {"guide/install.md": "A", "guide/Usage.md": "B", "corpus.jsonl#7": "C", "faq.md": "D"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def judge(folder, question, source, right=True, minutes=0):
    return record_feedback(
        folder,
        question=question,
        source=source,
        right=right,
        at=NOON + timedelta(minutes=minutes),
        who="ada",
        known=KNOWN,
    )


def drop(folder, *lines, name="people.jsonl"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(
        "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines), encoding="utf-8"
    )


def answers(labelled: LabelledQuestions):
    return {question.question: question.document_ids for question in labelled.questions}


def test_a_judgement_is_a_line_in_the_file_of_its_day_and_is_read_back(tmp_path):
    tokyo = timezone(timedelta(hours=9))
    at = datetime(2026, 3, 2, 3, tzinfo=tokyo)  # still the first of March in UTC
    recorded = record_feedback(
        tmp_path / "feedback",
        question=" Wie installiere ich? ",
        source="faq.md",
        right=True,
        at=at,
        who=None,
        known=KNOWN,
    )
    path = file_of_day(tmp_path / "feedback", "2026-03-01")
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "question": "Wie installiere ich?",
        "source": "faq.md",
        "right": True,
        "at": "2026-03-01T18:00:00+00:00",
        "who": None,
    }
    (read,) = read_feedback(tmp_path / "feedback").judgements
    assert read == recorded == Feedback("Wie installiere ich?", "faq.md", True, at, None)
    assert read.where == f"{path}:1"


def test_right_sources_answer_a_question_and_a_record_id_is_enough(tmp_path):
    judge(tmp_path, "How to install?", "guide/install.md")
    judge(tmp_path, "how to  INSTALL?", "7")
    labelled = feedback_questions(tmp_path, KNOWN)
    (question,) = labelled.questions
    assert question.question == "How to install?"
    assert question.relevant == (Relevant("A", None, 1), Relevant("C", None, 1))
    assert (question.origin, question.split) == (Origin.LABELLED, None)
    assert not labelled.splits_given
    assert '"source": "corpus.jsonl#7"' in file_of_day(tmp_path, "2026-03-01").read_text(encoding="utf-8")


def test_the_id_of_a_question_does_not_depend_on_who_spelled_it_first(tmp_path):
    for folder, spelling in ((tmp_path / "a", "How to install?"), (tmp_path / "b", "how to  install?")):
        judge(folder, spelling, "faq.md")
    first, second = (feedback_questions(tmp_path / name, KNOWN).questions[0].question_id for name in "ab")
    assert first == second


def test_the_later_judgement_wins_whatever_the_order_of_the_lines(tmp_path):
    judge(tmp_path, "q", "faq.md", right=False, minutes=2)
    judge(tmp_path, "q", "faq.md", right=True, minutes=1)
    judge(tmp_path, "q", "guide/install.md", right=True)
    judge(tmp_path, "r", "faq.md", right=False)
    judge(tmp_path, "r", "faq.md", right=True)  # at the same moment: the later line
    assert answers(feedback_questions(tmp_path, KNOWN)) == {"q": {"A"}, "r": {"D"}}


def test_a_question_with_wrong_answers_only_is_counted_and_left_out(tmp_path):
    judge(tmp_path, "q", "faq.md", right=False)
    labelled = feedback_questions(tmp_path, KNOWN)
    assert labelled.questions == ()
    assert labelled.without_answer == 1


def test_files_that_people_drop_are_read_too_and_a_judgement_outweighs_them(tmp_path):
    drop(
        tmp_path,
        {"question": "q", "documents": ["faq.md", "guide/install.md"], "grade": 2, "split": "dev"},
        {"question": "r", "documents": ["7"]},
        {"question": "s", "documents": ["7"], "grade": 0},
    )
    drop(tmp_path, {"question": "Q", "documents": ["guide/Usage.md"], "split": "test"}, name="more.jsonl")
    judge(tmp_path, "q", "faq.md", right=False)
    judge(tmp_path, "q", "guide/install.md", right=True)
    labelled = feedback_questions(tmp_path, KNOWN)
    assert answers(labelled) == {"Q": {"A", "B"}, "r": {"C"}}
    asked = labelled.questions[0]
    assert asked.relevant == (Relevant("B", None, 1), Relevant("A", None, 2))
    assert asked.split is Split.TEST, "the most held-out of the two splits"
    assert labelled.overlap.questions == 1
    assert labelled.splits_given
    assert labelled.without_answer == 1


def test_malformed_lines_are_named_and_the_others_are_read(tmp_path):
    drop(
        tmp_path,
        "{not json",
        '{"question": "", "documents": ["faq.md"]}',
        '{"question": "q", "documents": "faq.md"}',
        '{"question": "q", "source": "faq.md", "right": "yes", "at": "2026-03-01T12:00:00+00:00"}',
        '{"question": "q", "source": "faq.md", "right": true, "at": "2026-03-01"}',
        '{"question": "q", "documents": ["faq.md"], "split": "exam"}',
        json.dumps({"question": "q" * 4001, "documents": ["faq.md"]}),
        "[" * 100_000,
        json.dumps({"question": "q", "documents": ["x" * 1_100_000]}),
        {"question": "good", "documents": ["faq.md"]},
    )
    (tmp_path / "latin.jsonl").write_bytes('{"question": "é"}'.encode("latin-1"))
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / ".half-copied.jsonl").write_text("{")
    found = read_feedback(tmp_path)
    assert [row.question for row in found.labelled] == ["good"]
    assert len(found.malformed) == 11
    told = "\n".join(found.malformed)
    for said in (
        "folder.jsonl: cannot be read (Is a directory)",
        "latin.jsonl:1: not UTF-8",
        "people.jsonl:1: not JSON",
        'people.jsonl:2: "question" must be a string',
        'people.jsonl:3: "documents" must be a list with at least one source',
        "people.jsonl:4: \"right\" must be true or false, not 'yes'",
        "people.jsonl:5: \"at\" must be a time with a time zone, not '2026-03-01'",
        "people.jsonl:6: the split 'exam' is not one of",
        "people.jsonl:7: the question has 4,001 characters; the max is 4,000",
        "people.jsonl:8: n",
        "people.jsonl:9: the line is longer than",
    ):
        assert said in told
    labelled = feedback_questions(tmp_path, KNOWN)
    assert answers(labelled) == {"good": {"D"}}
    assert labelled.unresolved.rows == 11


def test_unknown_documents_are_counted_unless_they_were_judged_wrong(tmp_path):
    judge(tmp_path, "q", "faq.md")
    judge(tmp_path, "q", "guide/install.md")
    judge(tmp_path, "r", "guide/install.md", right=False)
    drop(tmp_path, {"question": "s", "documents": ["gone.md"]})
    labelled = feedback_questions(tmp_path, {"faq.md": "D"})
    assert answers(labelled) == {"q": {"D"}}
    assert labelled.unresolved.rows == 2
    assert labelled.without_answer == 2
    assert "no document is named 'guide/install.md'" in "\n".join(labelled.unresolved.examples)


def test_a_folder_that_is_not_there_holds_no_feedback(tmp_path):
    assert feedback_questions(tmp_path / "none", KNOWN).questions == ()


@pytest.mark.parametrize(
    ("question", "source", "said"),
    [
        ("  ", "faq.md", "The question is empty"),
        ("q" * 4001, "faq.md", "has 4,001 characters; the max is 4,000"),
        ("q\udcff", "faq.md", "is not valid text"),
        ("q", "guide/usage.md", "no document is named 'guide/usage.md'; the nearest names are 'guide/Usage.md'"),
        ("q", "zzzz", "no document is named 'zzzz'. `xnai search` shows"),
    ],
)
def test_what_cannot_be_feedback_is_refused_and_not_written(tmp_path, question, source, said):
    with pytest.raises(FeedbackError, match=said):
        judge(tmp_path / "feedback", question, source)
    assert not (tmp_path / "feedback").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "feedback").write_text("in the way")
    with pytest.raises(FeedbackError, match=r"jsonl cannot be written \(File exists\)"):
        judge(tmp_path / "feedback", "q", "faq.md")


def test_a_torn_last_line_costs_itself_only(tmp_path):
    judge(tmp_path, "q", "faq.md")
    with (tmp_path / "2026-03-01.jsonl").open("ab") as file:
        file.write(b'{"question": "torn')
    judge(tmp_path, "r", "faq.md")
    found = read_feedback(tmp_path)
    assert [judgement.question for judgement in found.judgements] == ["q", "r"]
    assert len(found.malformed) == 1


def judge_many(folder, name):
    for number in range(50):
        judge(folder, f"{name} {number} " + "x" * 3000, "faq.md")


@pytest.mark.slow
def test_lines_of_several_processes_do_not_mix(tmp_path):
    processes = [get_context("spawn").Process(target=judge_many, args=(tmp_path, name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    found = read_feedback(tmp_path)
    assert len(found.judgements) == 100
    assert found.malformed == ()


def labels(tmp_path, *rows):
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_labelled(path, KNOWN)


def test_a_question_in_labels_and_feedback_is_one_with_both_answers_and_the_given_split(tmp_path):
    given = labels(tmp_path, {"question": "How to install?", "documents": ["faq.md"], "split": "train"})
    judge(tmp_path / "feedback", "how to install?", "guide/install.md")
    judge(tmp_path / "feedback", "how to install?", "faq.md", right=False)
    judge(tmp_path / "feedback", "another", "7")
    merged = merged_labels(given, feedback_questions(tmp_path / "feedback", KNOWN), KNOWN)
    assert answers(merged) == {"How to install?": {"D", "A"}, "another": {"C"}}
    first = merged.questions[0]
    assert first.question_id == question_id(Origin.LABELLED, "How to install?", "How to install?")
    assert first.split is Split.TRAIN
    assert merged.splits_given


def test_merging_counts_what_the_added_answers_let_training_and_test_share(tmp_path):
    given = labels(
        tmp_path,
        {"question": "q", "documents": ["faq.md"], "split": "train"},
        {"question": "r", "documents": ["7"], "split": "test"},
        {"question": "s", "documents": ["gone.md"]},
    )
    assert given.overlap.documents == 0
    judge(tmp_path / "feedback", "q", "7")
    judge(tmp_path / "feedback", "t", "7", right=False)
    merged = merged_labels(given, feedback_questions(tmp_path / "feedback", KNOWN), KNOWN)
    assert merged.overlap.documents == 1
    assert "corpus.jsonl#7" in merged.overlap.examples[0]
    assert (merged.unresolved.rows, merged.without_answer) == (1, 2)


def test_merging_keeps_which_questions_are_in_two_splits(tmp_path):
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    (folder / "queries.jsonl").write_text('{"_id": "document in", "text": "q"}\n')
    for split in ("train", "test"):
        (folder / "qrels" / f"{split}.tsv").write_text("query-id\tcorpus-id\tscore\ndocument in\tfaq.md\t1\n")
    given = read_labelled(folder, KNOWN)
    drop(tmp_path / "feedback", *({"question": "r", "documents": ["7"], "split": split} for split in ("dev", "test")))
    merged = merged_labels(given, feedback_questions(tmp_path / "feedback", KNOWN), KNOWN)
    assert merged.overlap.questions == 2
    assert merged.overlap.question_examples == ("document in", "r")
    assert merged.overlap.document_examples == ()
    assert merged.overlap.examples[1] == "question in more than one split: r"


def test_feedback_on_a_held_out_document_is_held_out(tmp_path):
    given = labels(tmp_path, {"question": "q", "documents": ["faq.md"], "split": "test"})
    judge(tmp_path / "feedback", "r", "faq.md")
    merged = merged_labels(given, feedback_questions(tmp_path / "feedback", KNOWN), KNOWN)
    assert {question.split for question in split_by_document(merged.questions, seed=0)} == {Split.TEST}


def test_feedback_alone_is_as_good_as_labels(tmp_path):
    judge(tmp_path, "q", "faq.md")
    feedback = feedback_questions(tmp_path, KNOWN)
    assert merged_labels(None, feedback, KNOWN) == feedback
