"""The passage of a chunk: what the encoder and the keyword index read. Pure."""

from collections.abc import Iterable, Mapping, Sequence

VERSION = 4  # raise it when the same chunks get other passages or columns, so that they are made again
LONGEST_CONTEXT = 200  # characters of headings before a chunk's own text


def passage(title: str, heading_path: Sequence[str], text: str, lead: str = "") -> str:
    """Return the chunk's text after its title, its headings and its lead. What the text repeats is dropped.

    A chunk from the middle of a document seldom names its subject, but its headings do. If they are too long, only the
    innermost are kept. `lead` is a line that the text needs to be read, such as the names of a table's columns.
    """
    if lead and lead not in text:
        text = f"{lead}\n{text}"
    context: list[str] = []
    for heading in reversed(dict.fromkeys([title, *heading_path])):
        if not heading or heading in text:
            continue
        if len(heading) + sum(map(len, context)) > LONGEST_CONTEXT:
            break
        context.append(heading)
    return f"{' > '.join(reversed(context))}\n{text}" if context else text


def page_at(pages: Iterable[Mapping[str, object]], start: int) -> str | None:
    """Return the label of the page that the character at `start` is on, None without pages."""
    label = None
    for page in pages:
        if int(str(page["start"])) > start:
            break
        label = str(page["label"])
    return label
