"""Documents of the table as the inspections see them."""

from collections.abc import Mapping
from typing import Any

from xnai_pipelines.documents.health.corpus import Examined
from xnai_pipelines.documents.health.links import page_ids, page_links
from xnai_pipelines.documents.health.prose import front_matter, prose_of
from xnai_pipelines.documents.parsers.parsed import Heading, Markup

COLUMNS = [
    "document_id", "source", "path", "title", "text", "media_type", "markup", "language", "headings", "modified_at"
]  # fmt: skip
EXAMINED_CHARACTERS = 1_000_000  # of one document; what follows is not examined


def examined(row: Mapping[str, Any]) -> Examined:
    """Return a row of the documents table with its prose, links and front matter."""
    text, markup = row["text"][:EXAMINED_CHARACTERS], Markup(row["markup"])
    is_file = row["source"] == row["path"]
    matter, matter_end = front_matter(text) if is_file and markup in (Markup.MARKDOWN, Markup.RST) else ({}, 0)
    prose = prose_of(text, markup, matter_end)
    return Examined(
        document_id=row["document_id"],
        source=row["source"],
        path=row["path"],
        title=row["title"],
        text=text,
        prose=prose,
        media_type=row["media_type"],
        markup=markup,
        language=row["language"],
        headings=tuple(Heading(**heading) for heading in row["headings"] or ()),
        matter=matter,
        modified_at=row["modified_at"],
        links=page_links(prose, text, markup) if is_file else (),
        ids=page_ids(prose, text, markup) if is_file else frozenset(),
    )
