"""The command on the health of the documents."""

from typing import TYPE_CHECKING, Annotated

import typer

from xnai_pipelines.cli.app import AsJson, app, execute, print_json, settings
from xnai_pipelines.state.layout import Home
from xnai_pipelines.wording import counted

if TYPE_CHECKING:
    from xnai_pipelines.documents.health.report import DocumentHealth, HealthReport

FIRST = 5
FINDINGS_SHOWN = 20
WORST_CHARACTERS = 110


@app.command()
def health(
    source: Annotated[str, typer.Option(metavar="PREFIX", help="Show only documents under this prefix.")] = "",
    as_json: AsJson = False,
) -> None:
    """Inspect the documents: what is stale, broken, unfinished or repeated, and which pages to fix first."""
    from xnai_pipelines.documents.health.make import last_health
    from xnai_pipelines.errors import OptionError

    execute("health", {}, as_json=False, show=False)
    report = last_health(Home(settings().home))
    pages = [page for page in report.pages if page.source.startswith(source)] if report else []
    if report is None or (source and not pages):
        raise OptionError(f"No document's source begins with {source!r}. `xnai search` shows sources.")
    if as_json:
        from pydantic_core import to_jsonable_python

        print_json({**to_jsonable_python(report), "figures": report.figures(), "pages": to_jsonable_python(pages)})
        return
    _show(report, pages, whole=not source)


def _show(report: "HealthReport", pages: "list[DocumentHealth]", *, whole: bool) -> None:
    from collections import Counter

    from xnai_pipelines.cli.terminal import say, table

    unwell = [page for page in pages if page.counts]
    rows = [
        [page.source, f"{page.score:.2f}", f"{page.landings or 0:.1f}", _worst(page), page.findings[0].action]
        for page in unwell[:FIRST]
    ]
    columns = ["page", "score", "asked", "worst finding", "what to do"]
    if rows:
        table(f"These {counted(len(rows), 'page')} first", columns, rows, ["score", "asked"])
    counts = Counter[str]()
    for page in pages:
        counts.update(page.counts)
    kinds = [[kind.replace("_", " "), f"{count:,}"] for kind, count in counts.most_common()]
    table(f"Findings in {counted(len(pages), 'document')}", ["finding", "count"], kinds, ["count"])
    if not whole:
        _show_findings(unwell)
        return
    for topic in report.topics:
        examples = "; ".join(topic.examples)
        say(f"Asked without an answer, {counted(topic.questions, 'question')}: {examples}", fold=True)
    for language, number in report.untranslated.items():
        say(f"Not translated into {language}: {counted(number, 'page')}.", fold=True)
    say(
        f"Score {report.score:.2f}, freshness {report.freshness:.2f}; {counted(report.unhealthy, 'document')} below "
        f"{settings().health.quality:g}. Every finding: `xnai health --source PREFIX`, or --json.",
        fold=True,
    )


def _show_findings(pages: "list[DocumentHealth]") -> None:
    from xnai_pipelines.cli.terminal import say, table

    findings = [finding for page in pages for finding in page.findings]
    rows = [[f"{one.source}:{one.line}", one.severity, one.message, one.action] for one in findings[:FINDINGS_SHOWN]]
    table("Findings", ["place", "severity", "finding", "what to do"], rows)
    if len(findings) > FINDINGS_SHOWN:
        say(f"{len(findings) - FINDINGS_SHOWN:,} more: --json shows all of them.", fold=True)


def _worst(page: "DocumentHealth") -> str:
    message = page.findings[0].message
    return message if len(message) <= WORST_CHARACTERS else f"{message[: WORST_CHARACTERS - 3]}..."
