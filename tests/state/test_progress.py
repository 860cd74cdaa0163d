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


def test_a_slow_beginning_without_an_item_done_is_told(monkeypatch: pytest.MonkeyPatch):
    clock = iter([0.0, 60.0])
    monkeypatch.setattr(context.time, "monotonic", lambda: next(clock))
    said: list[str] = []
    with Progress(said.append, bar=False).work("adapter", 3, "steps") as advance:
        advance(0)  # the figures before training
    assert said == ["adapter: 0/3 steps"]
