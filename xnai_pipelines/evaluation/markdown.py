"""Evaluation reports as Markdown, for the Dagster UI and MLflow."""

from collections.abc import Sequence

from xnai_pipelines.evaluation.report import EvaluationReport, Level

_COLUMNS = {
    "ndcg_at_10": "nDCG@10",
    "recall_at_1": "recall@1",
    "recall_at_5": "recall@5",
    "recall_at_10": "recall@10",
    "recall_at_100": "recall@100",
    "mrr_at_10": "MRR@10",
    "map_at_100": "MAP",
    "success_at_10": "success@10",
}


def summary_markdown(report: EvaluationReport) -> str:
    """Return the headlines' figures with 95 % intervals, then the latency and errors of each mode."""
    parts = []
    for headline in report.headlines:
        for level in Level:
            sections = report.sections_of(headline, level)
            if not sections:
                continue
            parts.append(f"**{headline.statement}, by {level}** (mean [95 % CI])\n")
            parts.append(
                markdown_table(
                    ["mode", *_COLUMNS.values()],
                    [[section.mode, *(f"{section.metrics[name]:.3f}" for name in _COLUMNS)] for section in sections],
                )
            )
    parts.append(f"**Search latency ({report.depth} chunks per search)**\n")
    parts.append(
        markdown_table(
            ["mode", "p50 ms", "p95 ms", "searches", "errors", "first error"],
            [
                [
                    calls.mode,
                    _ms(calls.p50_ms),
                    _ms(calls.p95_ms),
                    str(calls.calls),
                    str(calls.errors),
                    calls.first_error or "",
                ]
                for calls in report.calls
            ],
        )
    )
    return "\n".join(parts)


def worst_questions_markdown(report: EvaluationReport) -> str:
    """Return the worst questions: their answers, the rank of the first answer found, and the top results."""
    parts = [
        f"# Worst questions in {report.worst_mode} search\n",
        f"Questions with the lowest nDCG@10 of {report.headline.statement}, worst first.\n",
    ]
    rows = [
        [
            worst.question,
            ", ".join(worst.relevant),
            "not found" if worst.first_relevant_rank is None else str(worst.first_relevant_rank),
            worst.error or ", ".join(worst.found),
            f"{worst.ndcg_at_10:.2f}",
        ]
        for worst in report.worst
    ]
    parts.append(markdown_table(["question", "relevant", "rank", "top results", "nDCG@10"], rows))
    return "\n".join(parts)


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return columns and rows as a Markdown table. Each cell is one line, with bars escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")


def one_line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())
