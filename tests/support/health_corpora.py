"""Corpora of a few small files, parsed as a run parses them, without a home."""

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from xnai_pipelines.documents.health.corpus import ExaminedCorpus
from xnai_pipelines.documents.health.examination import Examination
from xnai_pipelines.documents.health.finding import Finding
from xnai_pipelines.documents.health.inspections import INSPECTIONS
from xnai_pipelines.documents.health.reading import examined
from xnai_pipelines.documents.health.rules import HealthRules
from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.documents.parsers.markup.code import parse_plain, parse_python
from xnai_pipelines.documents.parsers.markup.markdown import parse_markdown
from xnai_pipelines.documents.parsers.markup.rst import parse_rst

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PARSERS = {
    ".md": (parse_markdown, "text/markdown"),
    ".rst": (parse_rst, "text/x-rst"),
    ".py": (parse_python, "text/x-python"),
    ".txt": (parse_plain, "text/plain"),
}


def corpus_of(
    files: dict[str, str], *, language: str = "en", modified_at: datetime = NOW, **facts: Any
) -> ExaminedCorpus:
    """Return the corpus of a folder with these files; those without a parser are listed only."""
    documents = []
    for path, text in sorted(files.items()):
        suffix = PurePosixPath(path).suffix
        if suffix in PARSERS:
            parse, media_type = PARSERS[suffix]
            content = parse(text, PurePosixPath(path).stem)
            row = {
                "document_id": document_id(path),
                "source": path,
                "path": path,
                "title": content.title,
                "text": text,
                "media_type": media_type,
                "markup": str(content.markup),
                "language": language,
                "headings": [{"start": h.start, "level": h.level, "title": h.title} for h in content.headings],
                "modified_at": modified_at,
            }
            documents.append(examined(row))
    return ExaminedCorpus(tuple(documents), frozenset(files), now=NOW, **facts)


def examination_of(files: dict[str, str], **facts: Any) -> Examination:
    """Return the examination of a corpus by the default rules."""
    return Examination(corpus_of(files, **facts), HealthRules())


def findings_of(files: dict[str, str], *kinds: str, **facts: Any) -> list[Finding]:
    """Return the findings of these kinds in the corpus."""
    seen = examination_of(files, **facts)
    return [one for inspection in INSPECTIONS for one in inspection.inspect(seen) if one.kind in kinds]
