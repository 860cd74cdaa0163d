"""Documents table to health report: reads the table, inspects, and keeps the report and the history."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from xnai_pipelines.documents.health.corpus import Examined, ExaminedCorpus
from xnai_pipelines.documents.health.demand import Demand
from xnai_pipelines.documents.health.examination import Examination
from xnai_pipelines.documents.health.examine import examine, point_of
from xnai_pipelines.documents.health.external_links import ExternalLinks, checked, external_urls
from xnai_pipelines.documents.health.git_dates import commit_dates
from xnai_pipelines.documents.health.links import html_links, page_ids
from xnai_pipelines.documents.health.reading import COLUMNS, EXAMINED_CHARACTERS, examined
from xnai_pipelines.documents.health.report import HealthHistory, HealthReport
from xnai_pipelines.documents.health.rules import HealthRules
from xnai_pipelines.documents.identity import source_name
from xnai_pipelines.documents.parsers.media_types import HTML
from xnai_pipelines.documents.parsers.parsed import Markup
from xnai_pipelines.documents.parsers.text.normalise import normalise
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.schemas import DOCUMENTS, FILES
from xnai_pipelines.state.tables import Tables

KEPT_POINTS = 400  # inspections in the history: a year of nights


def inspect_documents(
    context: StageContext,
    folder: Path | None,
    rules: HealthRules,
    demand: Demand | None,
    function_words: Iterable[str] = (),
) -> HealthReport:
    """Return the health of the stored documents, after adding it to the history.

    Args:
        context: Where the documents are stored.
        folder: Folder of the documents, None if it is not at hand: commits and links of HTML files are then unknown.
        rules: Thresholds.
        demand: What questions ask for, None if that was not measured.
        function_words: Words that say nothing of a topic.

    Raises:
        RecordError: A record of an earlier inspection is damaged.
    """
    with stage(context, "document_health") as watch:
        corpus = read_corpus(context.tables, folder, demand)
        watch.items = len(corpus.documents)
        seen = Examination(corpus, rules)
        if rules.external_links:
            seen = replace(seen, external=_asked(context.home, seen))
        report = examine(seen, demand, function_words)
        history = health_history(context.home)
        points = (*history.points, point_of(report))[-KEPT_POINTS:]
        write_record(_history_path(context.home), HealthHistory(points))
    report = replace(report, seconds=watch.seconds)
    write_record(_report_path(context.home), report)
    return report


def read_corpus(tables: Tables, folder: Path | None, demand: Demand | None) -> ExaminedCorpus:
    """Return the stored documents with what the folder says of them."""
    documents: list[Examined] = []
    for batch in tables.stream(DOCUMENTS, COLUMNS):
        for row in batch.to_pylist():
            document = examined(row)
            is_file = document.media_type == HTML and source_name(document.path) == document.source
            documents.append(_with_html_links(document, folder) if folder and is_file else document)
    paths = [normalise(path) for path in tables.read(FILES, ["path"])["path"].to_pylist()]
    return ExaminedCorpus(
        documents=tuple(sorted(documents, key=lambda document: document.source)),
        files=frozenset(path for path in paths if not path.endswith("/")),
        opaque=tuple(path for path in paths if path.endswith("/")),
        committed={normalise(path): at for path, at in commit_dates(folder).items()} if folder else {},
        landings=demand.landings if demand else None,
        now=datetime.now(UTC),
    )


def last_health(home: Home) -> HealthReport | None:
    """Return the report of the last inspection, None before the first.

    Raises:
        RecordError: The record is damaged.
    """
    return read_record(_report_path(home), HealthReport)


def health_history(home: Home) -> HealthHistory:
    """Return the past inspections.

    Raises:
        RecordError: The record is damaged.
    """
    return read_record(_history_path(home), HealthHistory) or HealthHistory()


def _with_html_links(document: Examined, folder: Path) -> Examined:
    """Return a web page with the links and anchors of its file: its text has neither."""
    try:
        with (folder / document.path).open("rb") as file:
            html = file.read(EXAMINED_CHARACTERS).decode("utf-8", "replace")
    except OSError:
        return document
    ids = page_ids("", html, Markup.PLAIN)
    return replace(document, links=html_links(html), ids=ids)


def _asked(home: Home, seen: Examination) -> ExternalLinks:
    path = home.state / "external_links.json"
    known = read_record(path, ExternalLinks) or ExternalLinks()
    found = checked(known, external_urls(seen.targets), seen.corpus.now.date().isoformat())
    write_record(path, found)
    return found


def _report_path(home: Home) -> Path:
    return home.state / "document_health.json"


def _history_path(home: Home) -> Path:
    return home.state / "document_health_history.json"
