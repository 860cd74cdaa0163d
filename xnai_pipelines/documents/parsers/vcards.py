"""Contact files (vCard, RFC 6350 and the older 2.1 and 3.0) as text: a block of lines per contact."""

import re
from collections.abc import Iterator
from quopri import decodestring

from xnai_pipelines.documents.parsers.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup
from xnai_pipelines.errors import UnreadableError

_FOLD = re.compile(r"\n[ \t]")
_SOFT_BREAK = re.compile(r"=\n")
_LINE = re.compile(r'(?:[\w-]+\.)?([A-Za-z-]+)((?:;(?:"[^"\n]*"|[^:"\n])*)?):(.*)')
_PARAMETER = re.compile(r';([^;=:]+)(?:=("[^"]*"|[^;]*))?')
_ESCAPE = re.compile(r"\\([\\;,:nN])")
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
_KINDS_OF = {"EMAIL", "TEL", "ADR", "LABEL", "URL", "IMPP", "RELATED"}
_NO_KIND = {"internet", "pref", "voice", "x400", "quoted-printable", "utf-8"}


def parse_vcards(text: str, stem: str) -> Content:
    """Return the contacts of a file. Each begins with its name, which is a heading.

    Raises:
        UnreadableError: "no_text" if the file has no contact.
    """
    omitted = Omitted()
    blocks: list[str] = []
    headings: list[Heading] = []
    at = 0
    for lines in _contacts(_FOLD.sub("", _unbroken(text)), omitted):
        name = next((line.partition(": ")[2] for line in lines if line.startswith("Name: ")), "")
        block = normalise("\n".join(lines))
        if name:
            headings.append(Heading(at, 1, single_line(normalise(name))))
        blocks.append(block)
        at += len(block) + len("\n\n")
    if not blocks:
        raise UnreadableError("no_text", "The file has no contact: it is empty or cut. Export it again.")
    title = headings[0].title if len(blocks) == 1 and headings else stem
    return Content(title, "\n\n".join(blocks), Markup.PLAIN, tuple(headings), omissions=omitted.listed())


def _unbroken(text: str) -> str:
    """Return the text with the soft line breaks of quoted-printable values (vCard 2.1) removed."""
    return _SOFT_BREAK.sub("", text) if "QUOTED-PRINTABLE" in text.upper() else text


def _contacts(text: str, omitted: Omitted) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in text.split("\n"):
        found = _LINE.match(line.strip())
        if found is None:
            continue
        name, parameters, value = found.group(1).upper(), _parameters(found.group(2)), found.group(3)
        if name == "END" and value.strip().upper() == "VCARD":
            yield from [_named_first(lines)] if lines else []
            lines = []
        elif name in _BINARY and not value.startswith("http"):
            omitted.add(_BINARY[name])
        elif words := _value(name, parameters, value):
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


def _parameters(text: str) -> dict[str, str]:
    """Return the parameters of a line, those of the same name joined by commas. A bare word is a type (vCard 2.1)."""
    found: dict[str, str] = {}
    for name, value in _PARAMETER.findall(text):
        key, words = (name.upper(), value.strip('"')) if value else ("TYPE", name)
        found[key] = f"{found[key]},{words}" if key in found else words
    return found


def _value(name: str, parameters: dict[str, str], value: str) -> str:
    if "QUOTED-PRINTABLE" in f"{parameters.get('ENCODING')},{parameters.get('TYPE')}".upper():
        value = decodestring(value.encode()).decode("utf-8", "replace")
    parts = [
        _ESCAPE.sub(lambda sign: "\n" if sign.group(1) in "nN" else sign.group(1), part) for part in _PARTS.split(value)
    ]
    if name == "N":
        family, given, *middle = [part.strip() for part in [*parts, "", ""]]
        words = " ".join(filter(None, [*middle[2:3], given, *middle[:1], family]))
        return f"Name in parts: {words}" if words else ""
    words = ", ".join(filter(None, (part.strip() for part in parts)))
    if name not in _SHOWN or not words:
        return ""
    kinds = parameters.get("TYPE", "").lower().split(",") if name in _KINDS_OF else []
    kind = ", ".join(kind for kind in kinds if kind and kind not in _NO_KIND)
    return f"{_SHOWN[name]}{f' ({kind})' if kind else ''}: {re.sub('^(?:mailto|tel):', '', words)}"
