"""The report as Markdown, for the Dagster UI and for MLflow."""

from xnai_pipelines.autonomy.drift.report import DriftReport, DriftTest
from xnai_pipelines.evaluation.markdown import markdown_table


def report_markdown(report: DriftReport) -> str:
    """Return the conclusion, then every test with its interval, size that matters and words; what drifted in bold."""
    heading = (
        f"**{report.conclusion}**\n\n"
        f"Cause: {report.cause.replace('_', ' ')}; training {'may' if report.trainable else 'cannot'} mend it. "
        f"Release {report.release} of {report.reference_at:%Y-%m-%d %H:%M}, compared at "
        f"{report.current_at:%Y-%m-%d %H:%M}.\n\n"
    )
    columns = ["of", "looked at", "measured by", "value", "95 % interval", "p", "matters from", "found"]
    return heading + markdown_table(columns, [_row(test) for test in report.tests])


def _row(test: DriftTest) -> list[str]:
    interval = "" if test.low is None or test.high is None else f"{test.low:.3f} to {test.high:.3f}"
    return [
        test.part,
        f"**{test.what}**" if test.drifted else test.what,
        test.statistic,
        "" if test.value is None else f"{test.value:.3f}",
        interval,
        "" if test.p is None else f"{test.p:.4f}",
        f"{test.threshold:g}",
        test.words,
    ]
