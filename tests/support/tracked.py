"""MLflow on SQLite, as the room's tests use it."""

from pathlib import Path

import pytest

from xnai_pipelines.evaluation.evaluate import Evaluation, evaluate
from xnai_pipelines.evaluation.slices import DocumentFacts
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split
from xnai_pipelines.state import tracker as tracker_module
from xnai_pipelines.state.tracker import Tracker


@pytest.fixture
def database(mlflow_database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "mlflow.db"
    path.write_bytes(mlflow_database.read_bytes())
    return path


@pytest.fixture
def tracker(database: Path, tmp_path: Path) -> Tracker:
    return Tracker(f"sqlite:///{database}", (tmp_path / "artifacts").as_uri(), timeout_seconds=0.2)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A locked MLflow is given up after a moment, not after the seconds that it is given otherwise."""
    real = tracker_module.connect
    monkeypatch.setattr(tracker_module, "connect", lambda uri, _: real(uri, 0.2))


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    def search(query, mode, k):
        if query == "question 3":
            raise RuntimeError("index is gone")
        return [("x", "x", 0.9), ("c", "d", 0.8)]

    questions = [
        Question(str(n), f"question {n}", (Relevant("d", None, 1),), Origin.LABELLED, Split.TEST) for n in range(5)
    ]
    return evaluate(
        questions=questions,
        modes=["vector", "hybrid"],
        search=search,
        fingerprint="f1",
        splits_given=True,
        documents={"d": DocumentFacts("guide.md", "en", "text/markdown")},
        settings={"precision": "int8_dynamic", "reranker": None},
    )
