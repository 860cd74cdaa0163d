"""The small world after one whole run of the job `retrain` whose challenger awaits approval; made once a session."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from tests.support.adaptation_world import TRAINING, copy_world, make_measured_home
from tests.support.once import made_once
from tests.support.pipeline import Pipeline, failures, materialized, settled, stale, variables
from tests.support.workplace import Workplace
from xnai_pipelines.encoders.encoder import Encoder

ASSETS = (
    "questions", "training_pairs", "lora_adapter", "adapted_encoder", "challenger_index", "adapter_evaluation",
    "promotion_decision", "release",
)  # fmt: skip
WRITABLE = (str, int, float, dict)  # what JSON keeps as it is; a table's schema is none of them


@dataclass(frozen=True)
class Retrained:
    """The home as the run left it, which tests copy, and what the run showed.

    Attributes:
        work: The home and its documents.
        shown: The metadata of each asset that the run materialized.
        checks: Whether each check passed.
        stale: The assets that the UI marked as out of date after it.
    """

    work: Workplace
    shown: dict[str, dict[str, Any]]
    checks: dict[str, bool]
    stale: dict[str, list[str]]


def of_world(work: Workplace, **settings: object) -> dict[str, str]:
    """Return the environment of the small world: its questions, its short training, a wide tolerance of latency."""
    given: dict[str, Any] = {
        "questions": work.documents.parent / "questions.jsonl",
        "training": TRAINING.description,
        "least_pairs": 0,
        "max_search_ms": 10_000,
    }
    return variables(work, **{**given, **settings})


def _retrain(root: Path, encoder: Encoder) -> None:
    work = make_measured_home(root, encoder)
    with settled(of_world(work, approval=True)), dg.DagsterInstance.ephemeral() as instance:
        result = Pipeline(work, instance).run("retrain")
        marked = stale(instance)
    assert result.success, failures(result)
    shown = {
        asset: {name: value for name, value in materialized(result, asset).items() if isinstance(value, WRITABLE)}
        for asset in ASSETS
    }
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    (root / "run.json").write_text(json.dumps([shown, checks, marked]))


def retrained_once(folders: pytest.TempPathFactory, encoder: Encoder) -> Retrained:
    """Return the world after the run."""
    root = made_once(folders, "retrained", lambda folder: _retrain(folder, encoder))
    return Retrained(Workplace(root, encoder), *json.loads((root / "run.json").read_text()))


__all__ = ["Retrained", "copy_world", "of_world", "retrained_once"]
