"""History shows accuracy with what happened to the model, whatever there is of either."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from xnai_pipelines.evaluation import timeline
from xnai_pipelines.evaluation.report import PastEvaluation
from xnai_pipelines.evaluation.timeline import TIMELINE_COLUMNS, Event, EventKind, timeline_plot, timeline_rows
from xnai_pipelines.questions.question import Origin

MODES = ("hybrid", "vector", "keyword")


def at(night, hour=2):
    return datetime(2026, 1, 1, hour, tzinfo=UTC) + timedelta(days=night)


def past(night, release="1", question_set="q", modes=MODES):
    metrics = {
        f"labelled.{mode}.ndcg_at_10{end}": 0.8 - 0.1 * number + change
        for number, mode in enumerate(modes)
        for end, change in (("", 0.0), ("_low", -0.05), ("_high", 0.05))
    }
    return PastEvaluation(f"run {night}", at(night), metrics, {"release": release, "question_set": question_set})


STORY = [
    Event(at(0, 1), EventKind.RELEASE, "release 1"),
    Event(at(20, 3), EventKind.DEGRADED, "language ru below the release"),
    Event(at(21, 3), EventKind.RETRAINING, "language ru fell"),
    Event(at(21, 6), EventKind.REJECTED, "no gain on language ru, and more words"),
    Event(at(30, 3), EventKind.RETRAINING, "language ru, $1 attempt"),
    Event(at(30, 5), EventKind.RELEASE, "release 2"),
    Event(at(52, 3), EventKind.ROLLBACK, "back to release 1"),
    Event(at(58, 3), EventKind.RELEASE, "release 2"),
]
NIGHTS = [past(night, "1" if night < 30 else "2", "q" if night < 40 else "r") for night in range(60)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("history", "events"),
    [
        (NIGHTS, STORY),
        ([], []),
        ([past(1)], []),
        ([], STORY),
        ([], STORY[:1]),
        ([past(1, modes=[])], STORY),
        (NIGHTS, [Event(at(1), kind, "") for kind in EventKind] * 20),
    ],
    ids=["a story", "nothing", "one evaluation", "events alone", "one event", "other questions only", "all at once"],
)
def test_the_plot_is_a_small_png(history, events):
    data = timeline_plot(history, events, Origin.LABELLED, MODES)
    assert data.startswith(b"\x89PNG\r\n")
    assert len(data) < 80_000


def test_names_of_events_do_not_lie_on_each_other_and_stay_within_the_picture(monkeypatch):
    drawn = []
    png = timeline.png
    monkeypatch.setattr(timeline, "png", lambda figure, title: drawn.append(figure) or png(figure, title))
    timeline_plot(NIGHTS, STORY, Origin.LABELLED, MODES)
    (figure,) = drawn
    renderer = FigureCanvasAgg(figure).get_renderer()
    (axes,) = figure.axes
    # Annotations are the curves' ends; what is left are the names.
    names = [text for text in axes.texts if type(text).__name__ == "Text"]
    assert len(names) == len(STORY) + 1, "the story, and where the questions changed"
    boxes = [text.get_window_extent(renderer) for text in [*names, figure._suptitle]]
    for number, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])


def test_a_single_evaluation_has_an_axis_of_days_and_not_of_seconds(monkeypatch):
    """The release and its first evaluation are seconds apart."""
    released = Event(at(1) - timedelta(seconds=3), EventKind.RELEASE, "release 1")
    drawn = []
    monkeypatch.setattr(timeline, "png", lambda figure, title: drawn.append(figure.axes[0].get_xlim()) or b"")
    timeline_plot([past(1)], [released], Origin.LABELLED, MODES)
    timeline_plot([past(1), past(2)], [released], Origin.LABELLED, MODES)
    (one_left, one_right), (two_left, two_right) = drawn
    assert one_right - one_left == pytest.approx(2)
    assert 1 < two_right - two_left < 1.1


def test_rows_are_evaluations_and_events_in_the_order_of_time():
    tokyo = timezone(timedelta(hours=9))
    history = [past(2, "2", "r"), past(1), past(3, "2", "r", modes=["vector"])]
    events = [
        Event(at(2, 1), EventKind.RELEASE, "release 2"),
        Event(datetime(2026, 1, 2, 20, tzinfo=tokyo), EventKind.RETRAINING, "language ru fell"),
    ]
    assert TIMELINE_COLUMNS == ("when (UTC)", "release", "hybrid", "vector", "what happened")
    assert timeline_rows(history, events, Origin.LABELLED) == [
        ("2026-01-02 02:00", "1", "0.800 [0.750, 0.850]", "0.700 [0.650, 0.750]", ""),
        ("2026-01-02 11:00", "", "", "", "retraining: language ru fell"),
        ("2026-01-03 01:00", "", "", "", "release 2"),
        ("2026-01-03 02:00", "2", "0.800 [0.750, 0.850]", "0.700 [0.650, 0.750]", "other questions"),
        ("2026-01-04 02:00", "2", "", "0.800 [0.750, 0.850]", ""),
    ]


def test_rows_of_nothing_are_none_and_a_figure_without_bounds_stands_alone():
    assert timeline_rows([], [], Origin.LABELLED) == []
    bare = PastEvaluation("run", at(1), {"generated.hybrid.ndcg_at_10": 0.5}, {})
    assert timeline_rows([bare], [], Origin.GENERATED) == [("2026-01-02 02:00", "", "0.500", "", "")]
    assert timeline_rows([bare], [], Origin.LABELLED) == [("2026-01-02 02:00", "", "", "", "")]
