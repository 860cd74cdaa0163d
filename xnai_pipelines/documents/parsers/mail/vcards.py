"""Contact files (vCard, RFC 6350 and the older 2.1 and 3.0) as text: a block of lines per contact."""

import re
from collections.abc import Iterator
from dataclasses import replace

from xnai_pipelines.documents.parsers.mail.content_lines import ContentLine, content_lines, unescaped
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.text.repair import all_repairs
from xnai_pipelines.errors import UnreadableError

_PARTS = re.compile(r"(?<!\\);")
_BINARY = {"PHOTO": "photo", "LOGO": "logo", "SOUND": "sound", "KEY": "key"}
_SHOWN = {
    "FN": "Name",
    "NICKNAME": "Nickname",
    "ORG": "Organisation",
    "TITLE": "Title",
    "ROLE": "Role",
    "EMAIL": "E-mail",
    "TEL": "Phone",
    "ADR": "Address",
    "LABEL": "Address",
    "URL": "URL",
    "IMPP": "Messaging",
    "BDAY": "Birthday",
    "ANNIVERSARY": "Anniversary",
    "CATEGORIES": "Categories",
    "NOTE": "Note",
    "LANG": "Language",
    "RELATED": "Related",
    "MEMBER": "Member",
    "TZ": "Time zone",
    "GEO": "Place",
}
_TECHNICAL = {
    *("BEGIN", "VERSION", "PRODID", "UID", "REV", "CLIENTPIDMAP", "PROFILE", "SORT-STRING", "MAILER"),
    *("X-ABUID", "X-ABADR", "X-MS-OL-DESIGN"),
}
_KINDS_OF = {"EMAIL", "TEL", "ADR", "LABEL", "URL", "IMPP", "RELATED"}
_NO_KIND = {"internet", "pref", "voice", "x400", "quoted-printable"}


def parse_vcards(text: str, stem: str) -> Content:
    """Return the contacts of a file. Each begins with its name, which is a heading.

    Raises:
        UnreadableError: "no_text" if the file has no contact.
    """
    omitted = Omitted()
    blocks: list[str] = []
    headings: list[Heading] = []
    repairs: list[str | None] = []
    at = 0
    for lines in _contacts(text, omitted, repairs):
        name = next((line.partition(": ")[2] for line in lines if line.startswith("Name: ")), "")
        block = normalise("\n".join(lines))
        if name:
            headings.append(Heading(at, 1, single_line(normalise(name))))
        blocks.append(block)
        at += len(block) + len("\n\n")
    if not blocks:
        raise UnreadableError("no_text", "The file has no contact: it is empty or truncated. Export it again.")
    title = headings[0].title if len(blocks) == 1 and headings else stem
    content = Content(title, "\n\n".join(blocks), Markup.PLAIN, tuple(headings), omissions=omitted.listed())
    return replace(content, encoding_repair=all_repairs(repairs))


def _contacts(text: str, omitted: Omitted, repairs: list[str | None]) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in content_lines(text):
        repairs.append(line.repair)
        if line.name == "END" and line.value.strip().upper() == "VCARD":
            yield from [_named_first(lines)] if lines else []
            lines = []
        elif line.is_binary or (line.name in _BINARY and not line.value.startswith("http")):
            omitted.add(_BINARY.get(line.name, "embedded file"))
        elif words := _words(line):
            lines.append(words)
    if lines:
        yield _named_first(lines)


def _named_first(lines: list[str]) -> list[str]:
    """Return the lines with the full name first. The name in parts is for contacts without it."""
    full = [line for line in lines if line.startswith("Name: ")]
    parts = [line for line in lines if line.startswith("Name in parts: ")]
    if not full:
        full = [f"Name: {line.partition(': ')[2]}" for line in parts]
    return [*full, *(line for line in lines if line not in full and line not in parts)]


def _words(line: ContentLine) -> str:
    """Return a property as a line of text, "" for one that only programs read."""
    if line.name in _TECHNICAL or line.is_flag:
        return ""
    parts = list(map(unescaped, _PARTS.split(line.value)))
    if line.name == "N":
        family, given, *middle = [part.strip() for part in [*parts, "", ""]]
        words = " ".join(filter(None, [*middle[2:3], given, *middle[:1], family]))
        return f"Name in parts: {words}" if words else ""
    words = ", ".join(filter(None, (part.strip() for part in parts)))
    kinds = line.parameters.get("TYPE", "").lower().split(",") if line.name in _KINDS_OF else []
    kind = ", ".join(kind for kind in kinds if kind and kind not in _NO_KIND)
    label = f"{_SHOWN.get(line.name, line.label)}{f' ({kind})' if kind else ''}"
    return f"{label}: {re.sub('^(?:mailto|tel):', '', words)}" if words else ""
