"""The comparison as a PNG for an event log: differences with intervals by slice and mode."""

from xnai_pipelines.drawing import FAINT, GRID, PINK, png
from xnai_pipelines.evaluation.plots import COLOURS, draw_interval
from xnai_pipelines.evaluation.slices import OVERALL, Slice
from xnai_pipelines.extras import require
from xnai_pipelines.releases.comparison import MODES, Comparison

_MAX_SLICES = 10
_LONGEST_LABEL = 34


def comparison_plot(comparison: Comparison, max_slice_loss: float) -> bytes:
    """Return a PNG of the nDCG@10 differences with 95 % intervals, by slice and mode: a forest plot.

    The dashed line is the loss that the gate allows on a slice. If there are many slices, those that lost and gained
    the most are shown.

    Args:
        comparison: From `compare`.
        max_slice_loss: The gate's limit.
    """
    require("plots", "A plot")
    from matplotlib.figure import Figure

    shown, all_slices = _shown(comparison)
    height = 1.1 + 0.21 * (len(MODES) + 0.6) * len(shown)
    figure = Figure(figsize=(7, height), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color=FAINT, linewidth=1)
    axes.axvline(-max_slice_loss, color=PINK, linewidth=1.44, linestyle="--")
    row, centres, labels = 0.0, [], []
    for part in shown:
        for mode in MODES:
            compared = comparison.of(part, mode)
            if compared is None:
                continue
            colour, difference = COLOURS[mode], compared.ndcg
            draw_interval(axes, row, difference, label=f"{mode} {difference.mean:+.3f}", colour=colour)
            row += 1
        centres.append(row - (len(MODES) + 1) / 2)
        first = comparison.of(part, MODES[0])
        labels.append(f"{_shortened(str(part))}\n{first.questions if first else 0} questions")
        row += 0.6
    axes.set_yticks(centres, labels)
    axes.set_ylim(row - 1, -0.7)
    differences = [compared.ndcg for compared in comparison.compared if compared.slice in shown]
    low = min(-max_slice_loss, *(difference.low for difference in differences))
    high = max(max_slice_loss, *(difference.high for difference in differences))
    # room on the right for the labels
    axes.set_xlim(low - 0.05 * (high - low), high + 0.3 * (high - low))
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    few = (
        ""
        if len(shown) == all_slices
        else f"\n{len(shown)} of {all_slices} slices: all questions, and the largest losses and gains"
    )
    title = "nDCG@10, challenger - champion, paired, 95 % intervals; dashed: max loss allowed on a slice"
    return png(figure, title + few)


def _shown(comparison: Comparison) -> tuple[list[Slice], int]:
    """Return the slices to draw, in the comparison's order, and the number of all slices."""
    parts = list(dict.fromkeys(compared.slice for compared in comparison.compared))
    if len(parts) <= _MAX_SLICES:
        return parts, len(parts)

    def lowest(part: Slice) -> float:
        return min(compared.ndcg.mean for compared in comparison.compared if compared.slice == part)

    # larger gains must not hide a loss that rejects
    ranked = sorted((part for part in parts if part != OVERALL), key=lowest)
    half = _MAX_SLICES // 2
    kept = {OVERALL, *ranked[:half], *ranked[half + 1 - _MAX_SLICES :]}
    return [part for part in parts if part in kept], len(parts)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL // 2]}...{text[3 - _LONGEST_LABEL // 2 :]}"
