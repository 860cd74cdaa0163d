"""Plots that are drawn again only if what they show has changed. Drawing costs more than a run with nothing to do."""

import hashlib
from collections.abc import Callable
from importlib.metadata import version

from xnai_pipelines.state.layout import Home, write_bytes
from xnai_pipelines.state.records import json_bytes


def drawn(home: Home, name: str, shown: object, draw: Callable[[], bytes]) -> bytes:
    """Return a plot as PNG: the one drawn last if it shows the same.

    Args:
        home: State folder; the plot is kept among its reports.
        name: Name of the plot, one per place where it is shown.
        shown: What the plot is made of, as `json_bytes` takes it.
        draw: Draws the plot.
    """
    key = hashlib.sha256(version("xnai-pipelines").encode() + json_bytes(shown)).hexdigest()[:16]
    folder = home.reports / "plots"
    path = folder / f"{name}.{key}.png"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        plot = draw()
    for earlier in folder.glob(f"{name}.*.png"):
        earlier.unlink(missing_ok=True)
    write_bytes(path, plot)
    return plot
