"""The evidence of an answer: passages of a release, without copies, neighbours merged, within a budget of tokens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of one document that an answer may rest on. `text` equals `document.text[start:end]`.

    Attributes:
        document_id: Document it is from.
        source: Its path in the documents folder.
        title: Its title.
        chunk_ids: Passages that it was merged from, in the order of the text.
        start: First character in the document's text.
        end: Character after the last.
        text: The characters.
        heading_path: Headings above its start, the topmost first.
        page: Label of the page at its start; None if the document has none.
        score: Score of its best passage in the search.
    """

    document_id: str
    source: str
    title: str
    chunk_ids: tuple[str, ...]
    start: int
    end: int
    text: str
    heading_path: tuple[str, ...]
    page: str | None
    score: float
