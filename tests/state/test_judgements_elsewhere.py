"""A judgement given to a service that follows a home counts in that home's next evaluation."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.workplace import Workplace
from xnai_pipelines.errors import HomeError
from xnai_pipelines.questions.feedback import read_feedback, record_feedback
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.serving.current import CurrentRelease
from xnai_pipelines.state.following import Follower
from xnai_pipelines.state.judgements import JUDGEMENTS, exchange_judgements
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.objects import Objects
from xnai_pipelines.state.sharing import objects_at
from xnai_pipelines.state.taking_over import take_over


def judge(home: Home, question: str) -> None:
    known = {"guide.md": "guide", "notes/rain.txt": "rain"}
    record_feedback(
        home.feedback, question=question, source="guide.md", right=True, at=datetime.now(UTC), who=None, known=known
    )


def judged(home: Home) -> list[str]:
    return sorted(one.question for one in read_feedback(home.feedback).judgements)


def test_judgements_given_to_a_follower_count_in_the_home_that_runs(shared: Workplace, prefix: str, tmp_path: Path):
    there = Home(tmp_path / "there")
    current = CurrentRelease(there, Follower(there, prefix))
    current.refresh()
    judge(there, "How is it installed?")
    judge(shared.home, "How is it removed?")
    current.refresh()
    judge(there, "What is the guide about?")
    current.refresh()
    report = make_questions(shared.context(), None)
    everything = ["How is it installed?", "How is it removed?", "What is the guide about?"]
    assert judged(shared.home) == everything
    assert report.by_origin["labelled"] == len(everything)
    assert exchange_judgements(shared.home) == 0

    take_over(there, prefix, print)
    exchange_judgements(there)
    assert judged(there) == everything


def test_a_follower_stores_what_is_new_alone_and_serves_on_if_it_may_not_store(
    shared: Workplace, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def refuse(*_: object) -> None:
        raise HomeError("The bucket is read-only.")

    there = Home(tmp_path / "there")
    current = CurrentRelease(there, Follower(there, prefix))
    judge(there, "How is it installed?")
    with monkeypatch.context() as patched:
        patched.setattr(Objects, "write", refuse)
        current.refresh()
        current.refresh()
    assert (current.failure, current.served.index.release.release) == (None, 1)
    assert caplog.text.count("Judgements stay on this machine. The bucket is read-only.") == 1
    current.refresh()
    assert len(objects_at(prefix).sizes(JUDGEMENTS)) == 1
    with monkeypatch.context() as patched:
        patched.setattr(Objects, "write", refuse)
        current.refresh()
    assert caplog.text.count("Judgements stay") == 1
