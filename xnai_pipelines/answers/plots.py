"""The plot of an evaluation of answers as PNG bytes."""

from xnai_pipelines.answers.evaluation import AnswerReport
from xnai_pipelines.drawing import BLUE, GRID, png
from xnai_pipelines.evaluation.plots import draw_interval


def answers_plot(report: AnswerReport) -> bytes:
    """Return a PNG of the figures with their 95 % intervals."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 0.9 + 0.28 * len(report.figures)), dpi=100, layout="constrained")
    axes = figure.subplots()
    for row, estimate in enumerate(report.figures.values()):
        draw_interval(axes, row, estimate, label=f"{estimate.mean:.3f}", colour=BLUE)
    axes.set_yticks(range(len(report.figures)), [name.replace("_", " ") for name in report.figures])
    axes.set_ylim(len(report.figures) - 0.5, -0.5)
    axes.set_xlim(0, 1.12)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    return png(figure, f"{report.answerer} answers to {report.questions} test questions, 95 % CI")
