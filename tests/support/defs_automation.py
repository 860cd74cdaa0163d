"""A home whose evaluations are made up, and the sensor on accuracy as the daemon ticks it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType

from tests.support.pipeline import loaded, resource, settled, tick, variables
from xnai_pipelines.autonomy.alerts.send import LogSink
from xnai_pipelines.autonomy.drift.report import Area, Cause, DriftReport, DriftTest
from xnai_pipelines.defs.runs import HOME_TAG
from xnai_pipelines.evaluation.evaluate import Evaluation, evaluate
from xnai_pipelines.evaluation.logged import log_evaluation
from xnai_pipelines.evaluation.slices import DocumentFacts
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import EncoderOrigin, Release, Releases
from xnai_pipelines.state.records import write_record

QUESTIONS = [
    Question(f"q{n}", f"What is number {n}?", (Relevant(f"d{n}", None, 1),), Origin.LABELLED, Split.TEST)
    for n in range(40)
]
DOCUMENTS = {f"d{n}": DocumentFacts(f"{n}.md", "en", "text/markdown") for n in range(40)}
BEGAN = datetime.now(UTC) - timedelta(days=30)
SPACE = "space_of_minilm"
NO_ORIGIN = EncoderOrigin()
HEALTHY, DEGRADED = 40, 16  # of 40 questions


def release(number: int = 1, **fields: Any) -> Release:
    """Return the manifest of a release whose encoder is minilm."""
    given = Release(number, BEGAN.isoformat(), f"embeddings_{number}", {}, SPACE, 384, "minilm", "fp32", None, None, {})
    return replace(given, **fields)


def publish(home: Home, number: int = 1, origin: EncoderOrigin = NO_ORIGIN) -> None:
    """Make a release the current one, of which only the manifest is there."""
    Releases(home.releases).publish(release(number, **asdict(origin)), "test")


def write_drift(home: Home, cause: Cause, sentence: str, release: int = 1, *, found: str | None = None) -> None:
    """Write a drift report that names a cause; `found` is the test of the index that found it."""
    tests = [
        DriftTest(part=Area.INDEX, what=found, statistic="", value=1.0, threshold=0.0, drifted=True, words="")
        for found in ([found] if found else [])
    ]
    report = DriftReport(release, BEGAN, datetime.now(UTC), tuple(tests), cause, cause.trainable, sentence)
    write_record(home.state / "drift" / "report.json", report)


@cache
def evaluation(found: int) -> Evaluation:
    """Return what is measured where so many of 40 questions find their document, at rank 1, and the others do not."""
    answers = {question.question: question.relevant[0].document_id for question in QUESTIONS[:found]}
    return evaluate(
        questions=QUESTIONS,
        modes=["hybrid", "vector"],
        search=lambda question, mode, k: [("c", answers.get(question, "other"), 1.0)],
        fingerprint="",
        splits_given=True,
        documents=DOCUMENTS,
        settings={},
    )


@dataclass
class Automation:
    """The sensor on accuracy over a home: each tick is given the cursor of the last one.

    A run key is started once, as by the daemon.
    """

    home: Home
    instance: dg.DagsterInstance
    cursor: str | None = None
    nights: int = 0
    requests: list[dg.RunRequest] = field(default_factory=list)
    started: set[str | None] = field(default_factory=set)

    def evaluate(self, found: int, release: int = 1) -> str:
        """Log an evaluation, a day after the last one, of which so many of 40 questions were answered right."""
        self.nights += 1
        made = evaluation(found)
        night = BEGAN + timedelta(days=self.nights)
        report = replace(made.report, evaluated_at=night, fingerprint=f"night {self.nights}")
        tags = {"vector_space": SPACE, "dagster_run_id": "", "release": str(release)}
        tracker = resource("tracking").tracker()
        return log_evaluation(tracker, report, per_question=made.per_question, plots={}, tags=tags).run_id

    def tick(self, **changed: object) -> str:
        """Evaluate the sensor once; return why it asked for nothing, or the job that it asked for."""
        given = variables(home=self.home.root, **changed)
        with settled(given):
            result = tick(self.instance, "accuracy_degradation_sensor", self.cursor)
        self.cursor = result.cursor or self.cursor
        if not result.run_requests:
            assert result.skip_message
            return result.skip_message
        [request] = result.run_requests
        self.requests.append(request)
        return "skipped: its key was run" if request.run_key in self.started else request.job_name

    def job(self, name: str) -> dg.JobDefinition:
        return loaded().resolve_job_def(name)

    def start(self) -> dg.DagsterRun:
        """Begin the run that was asked for last, as the daemon would."""
        request = self.requests[-1]
        self.started.add(request.run_key)
        return self.begin(request.job_name, request.tags)

    def begin(self, name: str, tags: Mapping[str, str]) -> dg.DagsterRun:
        """Begin a run of a job, with the tag of the home and these."""
        tags = {HOME_TAG: str(self.home.root), **tags}
        return self.instance.create_run_for_job(self.job(name), tags=tags, status=dg.DagsterRunStatus.STARTED)

    def succeed(self, run: dg.DagsterRun) -> None:
        """End a run well."""
        ended = DagsterEvent(DagsterEventType.RUN_SUCCESS.value, run.job_name)
        self.instance.report_dagster_event(ended, run.run_id)

    def alerts(self) -> list[dict[str, Any]]:
        return [record["alert"] for record in LogSink(self.home.alerts).tail() if "alert" in record]
