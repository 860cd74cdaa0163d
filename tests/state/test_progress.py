"""Progress in a log says how far the work is and how long it still takes."""

from itertools import count

import pytest

from xnai_pipelines.state import context
from xnai_pipelines.state.context import Progress


@pytest.mark.parametrize(
    ("total", "left"), [(20, "50 s left"), (110, "8 min left"), (1_000, "82 min left"), (10_000, "13.9 h left")]
)
def test_a_log_tells_the_time_left(monkeypatch: pytest.MonkeyPatch, total: int, left: str) -> None:
    said: list[str] = []
    clock = count(0, 50)
    monkeypatch.setattr(context.time, "monotonic", lambda: next(clock))
    with Progress(said.append, bar=False).work("embeddings", total, "chunks") as advance:
        advance(10)
    assert said == [f"embeddings: 10/{total:,} chunks, 0.2 chunks/s, {left}"]


def test_work_that_has_done_nothing_yet_tells_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a training does that looks at the first step."""
    said: list[str] = []
    clock = count(0, 50)
    monkeypatch.setattr(context.time, "monotonic", lambda: next(clock))
    with Progress(said.append, bar=False).work("adapter", 8, "steps") as advance:
        advance(0)
    assert said == ["adapter: 0/8 steps, 0.0 steps/s"]
