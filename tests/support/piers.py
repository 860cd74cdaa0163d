"""Four documents that say nearly the same, questions about them, and the known answers."""

import json

from tests.support.workplace import Workplace
from xnai_pipelines.questions.make import make_questions

PIERS = ("Agate", "Basalt", "Coral", "Dolomite")


def with_piers(work: Workplace) -> None:
    """Write documents, questions with splits, and known answers for the test questions."""
    asked, known = [], []
    for number, name in enumerate(PIERS):
        text = f"The pier of {name} is closed in winter. The pier of {name} was built in {1870 + number}."
        work.write(f"{name}.txt", text)
        question = f"When was the pier of {name} built?"
        asked.append({"question": question, "documents": [f"{name}.txt"], "split": "test" if number else "train"})
        year = str(1870 + number)
        known.append(
            {
                "question_id": question,
                "document_id": f"{name}.txt",
                "answers": [{"text": year, "start": text.find(year)}],
            }
        )
    folder = work.documents.parent
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    (folder / "answers.jsonl").write_text("\n".join(map(json.dumps, known)), encoding="utf-8")
    work.ingest()
    make_questions(work.context(), folder / "questions.jsonl")
