"""YAML and TOML: the text as it is written, with keys and tables as headings. No value is ever evaluated."""

import re

from xnai_pipelines.documents.parsers.markup.code import placed_lines
from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup, Page
from xnai_pipelines.documents.parsers.text.normalise import single_line

_KEY = re.compile(r"""(?:"([^"\n]+)"|'([^'\n]+)'|([^\s#&*!|>%@`\-?:{}\[\],"'][^\n#:]*)):(?:[ \t]+(.*))?$""")
_DOCUMENT = re.compile(r"---(?:[ \t].*)?$")
_BLOCK = re.compile(r"^(?:[&!]\S+[ \t]+)*$|^#")
_TABLE = re.compile(r"[ \t]*\[{1,2}[ \t]*([^\[\]\n]+?)[ \t]*\]{1,2}[ \t]*(?:#.*)?$")
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^."']+))\s*(?:\.|$)""")
_TITLE = re.compile(r"""^(?:title|name)[ \t]*[:=][ \t]*(["']?)([^\n]{1,300}?)\1[ \t]{0,300}$""", re.MULTILINE)
_MULTILINE = ('"""', "'''")
_MAX_LEVEL = 6


def parse_yaml(text: str, stem: str) -> Content:
    """Return YAML as it is written. Top keys that hold more than a value are headings, documents after the first pages.

    The title is the value of a top key `title` or `name`, else `stem`. Aliases are never expanded.
    """
    headings: list[Heading] = []
    pages: list[Page] = []
    for start, line in placed_lines(text):
        if _DOCUMENT.match(line):
            pages.append(Page(start, f"document {len(pages) + 1}"))
        elif (key := _KEY.match(line)) and _BLOCK.match(key.group(4) or ""):
            headings.append(Heading(start, 1, single_line(key.group(1) or key.group(2) or key.group(3))))
    if pages and text[: pages[0].start].strip():  # the first document needs no mark
        pages = [Page(0, "document 1"), *(Page(page.start, f"document {at}") for at, page in enumerate(pages, 2))]
    return Content(_title(text) or stem, text, Markup.CODE, tuple(headings), tuple(pages) if len(pages) > 1 else ())


def parse_toml(text: str, stem: str) -> Content:
    """Return TOML as it is written, with its tables as headings.

    The title is the value of a top key `title` or `name`, else `stem`.
    """
    headings: list[Heading] = []
    string = ""  # what ends the string over several lines that this line is in
    for start, line in placed_lines(text):
        if not string and (table := _TABLE.match(line)):
            parts = ["".join(part) for part in _PART.findall(table.group(1))]
            headings.append(
                Heading(start, min(max(len(parts), 1), _MAX_LEVEL), single_line(parts[-1] if parts else line))
            )
        for mark in _MULTILINE:
            if string in {"", mark} and line.count(mark) % 2:
                string = "" if string else mark
    return Content(_title(text) or stem, text, Markup.CODE, tuple(headings))


def _title(text: str) -> str:
    found = _TITLE.search(text)
    return single_line(found.group(2)) if found else ""
