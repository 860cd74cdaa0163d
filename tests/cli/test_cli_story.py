"""The story of `make demo-retrain` goes on until a remedy is released or an adapter was rejected."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from tests.support.decisions import NOW, decision
from tests.support.defs_automation import Automation, publish
from tests.support.pipeline import settled, variables
from xnai_pipelines.cli.story import _await_remedy, _write_pages
from xnai_pipelines.defs.jobs import RETRAINING
from xnai_pipelines.errors import StoryError
from xnai_pipelines.questions.labelled import read_labelled
from xnai_pipelines.questions.make import SEED
from xnai_pipelines.questions.question import Split
from xnai_pipelines.questions.split import split_by_document
from xnai_pipelines.releases.decision import PromotionOutcome, write_decision
from xnai_pipelines.sample.documents import questions_path
from xnai_pipelines.state.layout import Home

pytestmark = pytest.mark.slow

REJECTED, PROMOTED = PromotionOutcome.REJECTED, PromotionOutcome.PROMOTED


@dataclass
class Story:
    """What the sensor asks for, remedy by remedy, each as soon as the one before was told of; and what is told."""

    sensor: Automation
    remedies: list[dict[str, Any]]
    told: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        self.told.append(sentence)
        if sentence.startswith("The challenger was rejected"):
            self.go_on()

    def go_on(self) -> None:
        """End the run of the next remedy well."""
        given = self.remedies.pop(0)
        number = len(self.told)
        made = decision(champion_release=1, decided_at=NOW + timedelta(hours=number), judged_on=f"{number}", **given)
        write_decision(self.sensor.home.decisions, made)
        if made.outcome is PROMOTED:
            publish(self.sensor.home, 2)
        job = "retrain" if made.adapter else "try_encoder"
        self.sensor.succeed(self.sensor.begin(job, {**RETRAINING, "reason": f"{job} is asked for."}))

    def await_remedy(self) -> bool:
        return _await_remedy(self.sensor.instance, self.sensor.home, lambda: None, self.say)


@pytest.fixture
def sensor(tmp_path: Path) -> Iterator[Automation]:
    publish(Home(tmp_path))
    with settled(variables(home=tmp_path)), dg.DagsterInstance.ephemeral() as instance:
        yield Automation(Home(tmp_path), instance)


def test_a_promoted_encoder_ends_it(sensor):
    story = Story(sensor, [{"outcome": PROMOTED, "encoder": "e5", "adapter": None}])
    story.go_on()
    assert story.await_remedy()
    assert story.told == ["The sensor: try_encoder is asked for.", "Release 2 answers searches: e5. Better."]


@pytest.mark.parametrize("outcome", [REJECTED, PROMOTED])
def test_after_a_rejected_encoder_an_adapter_ends_it_either_way(sensor, outcome):
    trial = {"outcome": REJECTED, "encoder": "e5", "adapter": None}
    story = Story(sensor, [trial, {"outcome": outcome, "encoder": "minilm", "adapter": "lora-1"}, trial])
    story.go_on()
    assert story.await_remedy() is (outcome is PROMOTED)
    end = "Release 2 answers searches" if outcome is PROMOTED else "The challenger was rejected"
    assert story.told[:3] == [
        "The sensor: try_encoder is asked for.",
        "The challenger was rejected: e5. Too slow.",
        "The sensor: retrain is asked for.",
    ]
    assert story.told[3].startswith(f"{end}: minilm with adapter lora-1.")


def test_a_challenger_that_awaits_approval_ends_it(sensor):
    story = Story(sensor, [{"outcome": PromotionOutcome.AWAITING_APPROVAL, "encoder": "e5", "adapter": None}])
    story.go_on()
    assert not story.await_remedy()
    assert story.told[1] == "The challenger awaits approval: e5. Better."


def test_a_run_that_failed_is_named(sensor):
    run = sensor.begin("try_encoder", {**RETRAINING, "reason": "asked for"})
    sensor.instance.report_run_failed(run, "killed")
    with pytest.raises(StoryError, match=f"The run of try_encoder ended as FAILURE; .* run {run.run_id}"):
        Story(sensor, []).await_remedy()


def test_its_short_pages_leave_enough_english_questions_for_the_gate_to_judge(tmp_path):
    kept = _write_pages(tmp_path)
    pages = list(tmp_path.iterdir())
    assert kept == len(pages) < 50
    asked = read_labelled(questions_path(), {page.name: page.name for page in pages}).questions
    splits = [question.split for question in split_by_document(asked, SEED)]
    assert splits.count(Split.TEST) >= 40, "the gate judges a language by 30 questions or more"
