"""Calendar files (iCalendar, RFC 5545) as text: what, when, where and who."""

import re
from collections.abc import Iterator

from xnai_pipelines.documents.parsers.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.parsed import Content, Markup

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r'([A-Za-z-]+)((?:;[^:;"]+(?:"[^"]*"[^:;"]*)*)*):(.*)')
_PARAMETER = re.compile(r';([A-Za-z-]+)=(?:"([^"]*)"|([^;:]*))')
_ESCAPE = re.compile(r"\\([\\;,nN])")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?")
_SHOWN = {
    "SUMMARY": "Summary",
    "DTSTART": "Start",
    "DTEND": "End",
    "DUE": "Due",
    "DURATION": "Duration",
    "RRULE": "Repeats",
    "EXDATE": "Except",
    "LOCATION": "Location",
    "ORGANIZER": "Organizer",
    "ATTENDEE": "Attendee",
    "STATUS": "Status",
    "PRIORITY": "Priority",
    "CATEGORIES": "Categories",
    "URL": "URL",
    "CONTACT": "Contact",
    "COMMENT": "Comment",
    "RESOURCES": "Resources",
    "ATTACH": "Attachment",
    "DESCRIPTION": "Description",
}
_COMPONENTS = {"VEVENT": "Event", "VTODO": "Task", "VJOURNAL": "Journal entry"}


def parse_calendar(text: str, stem: str) -> Content:
    """Return a calendar file. Its title is the calendar's name, else the summary of its first event, else `stem`."""
    words = calendar_text(text)
    named = re.search(r"^(?:X-WR-CALNAME|NAME)[^:\n]*:(.+)$", text, re.MULTILINE)
    summary = re.search(r"^Summary: (.+)$", words, re.MULTILINE)
    title = next((single_line(normalise(found.group(1))) for found in (named, summary) if found), "")
    return Content(title or stem, normalise(words).strip(), Markup.PLAIN)


def calendar_text(text: str) -> str:
    """Return events and tasks, one property per line. Text that has none is returned as it is."""
    blocks: list[list[str]] = []
    inside: list[str] = []
    for line in _FOLD.sub("", text).splitlines():
        found = _LINE.match(line.strip())
        if found is None:
            continue
        name, value = found.group(1).upper(), found.group(3)
        if name == "BEGIN":
            inside.append(value.strip().upper())
            if inside[-1] in _COMPONENTS:
                blocks.append([_COMPONENTS[inside[-1]]])
        elif name == "END":
            inside = inside[:-1]
        elif inside and inside[-1] in _COMPONENTS and name in _SHOWN:  # an alarm repeats its event
            blocks[-1] += _shown(name, dict(_parameters(found.group(2))), value)
    return "\n\n".join("\n".join(block) for block in blocks) or text.strip()


def _parameters(text: str) -> Iterator[tuple[str, str]]:
    for name, quoted, plain in _PARAMETER.findall(text):
        yield name.upper(), quoted or plain


def _shown(name: str, parameters: dict[str, str], value: str) -> Iterator[str]:
    if parameters.get("ENCODING") == "BASE64" or parameters.get("VALUE") == "BINARY":
        value = f"{parameters.get('X-FILENAME') or parameters.get('FILENAME') or 'unnamed'} ({len(value):,} characters)"
    if name in {"DTSTART", "DTEND", "DUE", "EXDATE"}:
        zone = f" ({parameters['TZID']})" if "TZID" in parameters else ""
        value = _MOMENT.sub(_moment, value) + zone
    elif name in {"ORGANIZER", "ATTENDEE"}:
        address = re.sub("^mailto:", "", value.strip(), flags=re.IGNORECASE)
        value = f"{parameters['CN']} <{address}>" if "CN" in parameters else address
    else:
        value = _ESCAPE.sub(lambda escape: "\n" if escape.group(1) in "nN" else escape.group(1), value)
    if value.strip():
        yield f"{_SHOWN[name]}: {value.strip()}"


def _moment(found: re.Match[str]) -> str:
    year, month, day, hour, minute, second, utc = found.groups()
    if hour is None:
        return f"{year}-{month}-{day}"
    seconds = f":{second}" if second != "00" else ""
    return f"{year}-{month}-{day} {hour}:{minute}{seconds}{' UTC' if utc else ''}"
