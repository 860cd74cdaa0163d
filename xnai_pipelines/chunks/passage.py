"""The passage of a chunk: what the encoder and the keyword index read. Pure."""

from collections.abc import Iterable, Mapping, Sequence

VERSION = 1  # raise it when the passages of the same chunks change: they are then made again
LONGEST_CONTEXT = 200  # characters of headings before a chunk's own text


def passage(title: str, heading_path: Sequence[str], text: str) -> str:
    """Return the chunk's text after the title and headings it stands under, those that the text does not say itself.

    A chunk from the middle of a document seldom names what it is about; its headings do. The innermost headings are
    kept where all of them would be too long.
    """
    context: list[str] = []
    for heading in reversed(dict.fromkeys([title, *heading_path])):
        if not heading or heading in text:
            continue
        if len(heading) + sum(map(len, context)) > LONGEST_CONTEXT:
            break
        context.append(heading)
    return f"{' > '.join(reversed(context))}\n{text}" if context else text


def page_at(pages: Iterable[Mapping[str, object]], start: int) -> str | None:
    """Return the label of the page that the character at `start` stands on, None without pages."""
    label = None
    for page in pages:
        if int(str(page["start"])) > start:
            break
        label = str(page["label"])
    return label
