"""A home that has no question to test with says which of the reasons it is, and what to do."""

import json
from pathlib import Path

import pytest

from tests.support.workplace import Workplace
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.questions.make import make_questions, why_untested


@pytest.mark.parametrize(
    ("text", "labels", "told"),
    [
        ("", None, "No document has text. `xnai status`"),
        ("Rain.", None, "Set XNAI_QUESTIONS to a file of labelled questions."),
        ("Rain.", {"documents": ["wet/rain.txt"]}, "No stored document answers the 1 labelled question."),
        ("Rain.", {"documents": ["rain.txt"], "split": "train"}, "None of the 1 question is in the test split."),
    ],
)
def test_the_reason_is_named(tmp_path: Path, built_encoder: Encoder, text: str, labels: dict[str, object], told: str):
    work = Workplace(tmp_path, built_encoder)
    work.write("rain.txt", text)
    work.ingest()
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps({"question": "What fell?", **labels}) if labels else "", encoding="utf-8")
    make_questions(work.context(), file if labels else None)
    assert told in why_untested(work.home, work.tables)
