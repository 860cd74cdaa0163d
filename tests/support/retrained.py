"""The small world after one whole run of the job `retrain` whose challenger awaits approval; made once a session."""

from dataclasses import dataclass
from typing import Any

import dagster as dg
import pytest

from tests.support.adaptation_world import TRAINING, copy_world, make_measured_home
from tests.support.pipeline import Pipeline, failures, settled, variables
from tests.support.workplace import Workplace
from xnai_pipelines.encoders.encoder import Encoder

_MADE: list["Retrained"] = []


@dataclass(frozen=True)
class Retrained:
    """The home as the run left it, which tests copy, and the run."""

    work: Workplace
    result: dg.ExecuteInProcessResult


def of_world(work: Workplace, **settings: object) -> dict[str, str]:
    """Return the environment of the small world: its questions, its short training, a wide tolerance of latency."""
    given: dict[str, Any] = {
        "questions": work.documents.parent / "questions.jsonl",
        "training": TRAINING.description,
        "least_pairs": 0,
        "max_search_ms": 10_000,
    }
    return variables(work, **{**given, **settings})


def retrained_once(folders: pytest.TempPathFactory, encoder: Encoder) -> Retrained:
    """Return the world after the run; the second call returns what the first one made."""
    if not _MADE:
        work = make_measured_home(folders.mktemp("retrained"), encoder)
        with settled(of_world(work, approval=True)), dg.DagsterInstance.ephemeral() as instance:
            result = Pipeline(work, instance).run("retrain")
        assert result.success, failures(result)
        _MADE.append(Retrained(work, result))
    return _MADE[0]


__all__ = ["Retrained", "copy_world", "of_world", "retrained_once"]
