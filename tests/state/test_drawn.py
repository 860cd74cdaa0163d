"""A plot is drawn again only if what it shows has changed."""

from datetime import UTC, datetime
from pathlib import Path

from xnai_pipelines.state.drawn import drawn
from xnai_pipelines.state.layout import Home


def test_a_plot_is_drawn_again_only_if_what_it_shows_has_changed(tmp_path: Path):
    home, made = Home(tmp_path), []

    def draw() -> bytes:
        made.append(len(made))
        return f"plot {made[-1]}".encode()

    before, after = (datetime(2026, 1, 1, tzinfo=UTC), [("a", 1)]), (datetime(2026, 1, 1, tzinfo=UTC), [("a", 2)])
    assert [drawn(home, "bars", before, draw) for _ in range(2)] == [b"plot 0"] * 2
    assert drawn(home, "lines", before, draw) == b"plot 1"
    assert drawn(home, "bars", after, draw) == b"plot 2"
    assert len(list((home.reports / "plots").iterdir())) == 2, "the plot before is removed"
    assert drawn(home, "lines", before, draw) == b"plot 1"


def test_a_plot_that_was_deleted_is_drawn_again(tmp_path: Path):
    home = Home(tmp_path)
    drawn(home, "bars", [1], lambda: b"first")
    for path in (home.reports / "plots").iterdir():
        path.unlink()
    assert drawn(home, "bars", [1], lambda: b"second") == b"second"
