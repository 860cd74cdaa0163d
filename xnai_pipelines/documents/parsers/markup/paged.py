"""A document put together from labelled texts, such as pages, sheets or slides, and the limit of its size."""

from collections.abc import Iterable
from itertools import accumulate

from xnai_pipelines.documents.parsers.markup.markdown import markdown_headings, title_of
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content, Markup, Page
from xnai_pipelines.errors import UnreadableError


def paged_content(title: str, stem: str, parts: Iterable[tuple[str, str]], omitted: Omitted | None = None) -> Content:
    """Return labelled Markdown texts as one document. A text with a label is a page; empty texts are dropped.

    The title is `title`, else the first heading that is not a page's label, else `stem`.

    Raises:
        UnreadableError: "no_text" if nothing is left.
    """
    filled = [(label, text) for label, text in parts if text.strip()]
    if not filled:
        raise UnreadableError("no_text", "The file has no text: it is empty or has only pictures.")
    starts = list(accumulate((len(text) + len("\n\n") for _, text in filled), initial=0))
    pages = tuple(Page(start, label) for start, (label, _) in zip(starts, filled, strict=False) if label)
    text = "\n\n".join(text for _, text in filled)
    headings = markdown_headings(text)
    of_pages = {page.label.removeprefix("sheet ") for page in pages}
    named = title_of(tuple(heading for heading in headings if heading.title not in of_pages))
    return Content(
        title=title or named or stem,
        text=text,
        markup=Markup.MARKDOWN,
        headings=headings,
        pages=pages,
        omissions=omitted.listed() if omitted else (),
    )


def check_size(chars: int, max_chars: int) -> None:
    """Refuse a text beyond the limit.

    Raises:
        UnreadableError: "too_large".
    """
    if chars > max_chars:
        raise UnreadableError("too_large", f"The file has more than {max_chars:,} characters. Split it.")
