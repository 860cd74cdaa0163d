"""All inspections of a corpus, and the report they add up to. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from xnai_pipelines.documents.health.content import citations, status_of
from xnai_pipelines.documents.health.corpus import Examined
from xnai_pipelines.documents.health.demand import Demand, topics
from xnai_pipelines.documents.health.examination import Examination
from xnai_pipelines.documents.health.finding import Finding, Severity
from xnai_pipelines.documents.health.inspections import INSPECTIONS, Aspect
from xnai_pipelines.documents.health.readability import Readability
from xnai_pipelines.documents.health.report import FIRST, DocumentHealth, HealthPoint, HealthReport
from xnai_pipelines.documents.health.score import aspects_of, score_of

KEPT = 20  # findings of one kind of one document
_ORDER = list(Severity)

ByAspect = Mapping[Aspect, Sequence[Finding]]


def examine(seen: Examination, demand: Demand | None, function_words: Iterable[str] = ()) -> HealthReport:
    """Return the health of all documents of an examination.

    Args:
        seen: Documents, rules and known links.
        demand: What questions ask for, None if that was not measured.
        function_words: Words that say nothing of a topic.
    """
    found: dict[str, dict[Aspect, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for inspection in INSPECTIONS:
        for finding in inspection.inspect(seen):
            found[finding.source][inspection.aspect].append(finding)
    pages = [_health(document, seen, found[document.source]) for document in seen.corpus.documents]
    pages.sort(key=lambda page: (-page.priority, page.score, page.source))
    severities = Counter(finding.severity for kept in found.values() for one in kept.values() for finding in one)
    kinds = Counter(finding.kind for kept in found.values() for one in kept.values() for finding in one)
    values: dict[str, list[float]] = defaultdict(list)
    for page in pages:
        for aspect, value in page.aspects.items():
            values[aspect].append(value)
    means = {str(aspect): _mean(values[aspect]) for aspect in Aspect if aspect in values}
    urgent = [page.source for page in pages if page.counts and page.score < 1]
    return HealthReport(
        inspected_at=seen.corpus.now,
        documents=len(pages),
        score=_mean([page.score for page in pages]),
        freshness=means.get(Aspect.FRESHNESS, 1.0),
        aspects=means,
        findings=dict(kinds.most_common()),
        severities={str(severity): severities[severity] for severity in Severity},
        unhealthy=sum(page.score < seen.rules.quality for page in pages),
        statuses=dict(Counter(page.status for page in pages if page.status)),
        untranslated=seen.translations.untranslated,
        questions=demand.questions if demand else None,
        topics=topics(demand.unanswered, frozenset(function_words)) if demand else (),
        first=tuple(urgent[:FIRST]),
        pages=tuple(pages),
        seconds=0.0,
    )


def point_of(report: HealthReport) -> HealthPoint:
    """Return what the history keeps of a report."""
    return HealthPoint(
        inspected_at=report.inspected_at,
        documents=report.documents,
        score=report.score,
        freshness=report.freshness,
        unhealthy=report.unhealthy,
        severities=report.severities,
    )


def _health(document: Examined, seen: Examination, found: ByAspect) -> DocumentHealth:
    aspects = aspects_of(document, seen, found)
    score = score_of(aspects)
    landings = seen.corpus.landings.get(document.document_id, 0.0) if seen.corpus.landings is not None else None
    when, read = seen.dates[document.source], seen.readings.get(document.source, Readability(0, None))
    findings = sorted(
        (finding for kept in found.values() for finding in kept),
        key=lambda finding: (_ORDER.index(finding.severity), finding.start),
    )
    return DocumentHealth(
        source=document.source,
        title=document.title,
        score=round(score, 4),
        aspects={str(aspect): round(value, 4) for aspect, value in aspects.items()},
        priority=round((1 - score) * (1.0 if landings is None else landings), 4),
        landings=None if landings is None else round(landings, 4),
        changed_at=when.at,
        dated_by=when.by,
        words=read.words,
        reading_ease=None if read.ease is None else round(read.ease, 1),
        citations=citations(document) if document.is_page else 0,
        status=status_of(document),
        findings=_first_of_each_kind(findings),
        counts=dict(Counter(finding.kind for finding in findings)),
    )


def _first_of_each_kind(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    kept: Counter[str] = Counter()
    chosen = []
    for finding in findings:
        kept[finding.kind] += 1
        if kept[finding.kind] <= KEPT:
            chosen.append(finding)
    return tuple(chosen)


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 1.0
