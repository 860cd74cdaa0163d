"""A home belongs to one folder of documents for good, and says so before anything is read or deleted."""

from pathlib import Path

import pytest

from xnai_pipelines.errors import HomeError, InputsError
from xnai_pipelines.state.claim import GENERATED, Inputs, claim, recorded_inputs, resolve_inputs
from xnai_pipelines.state.layout import Home, write_json

A, B, QUESTIONS = Path("/documents/a"), Path("/documents/b"), Path("/questions.jsonl")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_nothing_is_known_of_a_new_home(home: Home):
    assert recorded_inputs(home) is None
    with pytest.raises(InputsError, match=r"XNAI_DOCUMENTS.*xnai sample"):
        resolve_inputs(home, None, None)
    assert not home.root.exists()


def test_the_sample_is_read_where_it_was_written(home: Home):
    home.sample.mkdir(parents=True)
    sample = Inputs(home.sample / "documents", home.sample / "questions.jsonl")
    assert resolve_inputs(home, None, None) == sample
    assert resolve_inputs(home, None, QUESTIONS) == Inputs(sample.documents, QUESTIONS)
    assert resolve_inputs(home, A, None) == Inputs(A, None)


def test_inputs_are_remembered(home: Home):
    claim(home, Inputs(A, QUESTIONS))
    assert recorded_inputs(home) == Inputs(A, QUESTIONS)
    assert resolve_inputs(home, None, None) == Inputs(A, QUESTIONS)
    assert resolve_inputs(home, A, B) == Inputs(A, B)


def test_other_questions_may_follow_and_another_folder_may_not(home: Home):
    claim(home, Inputs(A, None))
    claim(home, Inputs(A, QUESTIONS))
    for refused in (lambda: resolve_inputs(home, B, None), lambda: claim(home, Inputs(B, QUESTIONS))):
        with pytest.raises(
            InputsError, match=r"is bound to the documents in /documents/a, not to /documents/b.*XNAI_HOME"
        ):
            refused()
    assert recorded_inputs(home) == Inputs(A, QUESTIONS)


def test_generated_questions_are_gone_back_to(home: Home):
    claim(home, Inputs(A, QUESTIONS))
    assert resolve_inputs(home, None, GENERATED) == Inputs(A, None)
    claim(home, Inputs(A, None))
    assert resolve_inputs(home, None, None) == Inputs(A, None)
    new = Home(home.root / "new")
    assert resolve_inputs(new, A, GENERATED) == Inputs(A, None)
    new.sample.mkdir(parents=True)
    assert resolve_inputs(new, None, GENERATED) == Inputs(new.sample / "documents", None)


def test_the_same_claim_writes_nothing(home: Home):
    claim(home, Inputs(A, None))
    before = (home.root / "home.json").stat()
    claim(home, Inputs(A, None))
    assert (home.root / "home.json").stat().st_ino == before.st_ino


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HomeError, match=r"cannot be written.*XNAI_HOME"):
        claim(Home(tmp_path / "file"), Inputs(A, None))


def test_json_is_replaced_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "deep" / "value.json"
    write_json(path, {"text": "猫"})
    with pytest.raises(TypeError):
        write_json(path, {"half": 1, "not json": object()})
    assert path.read_text(encoding="utf-8") == '{\n  "text": "猫"\n}'
    assert [found.name for found in path.parent.iterdir()] == ["value.json"]
