"""Calendar files (iCalendar, RFC 5545) as text: what, when, where and who."""

import re
from collections.abc import Iterator
from dataclasses import replace

from xnai_pipelines.documents.parsers.mail.content_lines import ContentLine, content_lines, unescaped
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content, Markup
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.documents.parsers.text.repair import all_repairs

_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?")
_SHOWN = {
    "SUMMARY": "Summary",
    "DTSTART": "Start",
    "DTEND": "End",
    "DUE": "Due",
    "DURATION": "Duration",
    "RRULE": "Repeats",
    "EXDATE": "Except",
    "RDATE": "Also",
    "RECURRENCE-ID": "Instead of",
    "FREEBUSY": "Busy",
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
_MOMENTS = {"DTSTART", "DTEND", "DUE", "EXDATE", "RDATE", "RECURRENCE-ID", "FREEBUSY", "COMPLETED"}
_IN_HTML = "X-ALT-DESC"  # the description again
_TECHNICAL = {
    *("UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "TRANSP", "CLASS", "RELATED-TO", "REQUEST-STATUS"),
    *("REFRESH-INTERVAL", "X-APPLE-STRUCTURED-LOCATION", "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR", _IN_HTML),
}
_DESCRIBED = re.compile("Description: ")
_COMPONENTS = {"VEVENT": "Event", "VTODO": "Task", "VJOURNAL": "Journal entry", "VFREEBUSY": "Free and busy times"}


def parse_calendar(text: str, stem: str) -> Content:
    """Return a calendar file. Its title is the calendar's name, else the summary of its first event, else `stem`."""
    omitted, repairs = Omitted(), list[str | None]()
    words = calendar_text(text, omitted, repairs)
    named = re.search(r"^(?:X-WR-CALNAME|NAME)[^:\n]*:(.+)$", text, re.MULTILINE)
    summary = re.search(r"^Summary: (.+)$", words, re.MULTILINE)
    title = next((single_line(normalise(found.group(1))) for found in (named, summary) if found), "")
    content = Content(title or stem, normalise(words).strip(), Markup.PLAIN, omissions=omitted.listed())
    return replace(content, encoding_repair=all_repairs(repairs))


def calendar_text(text: str, omitted: Omitted, repairs: list[str | None]) -> str:
    """Return events and tasks, one property per line. Text that has none is returned as it is."""
    blocks: list[list[str]] = []
    inside: list[str] = []
    in_html = False
    for line in content_lines(text):
        if line.name == "BEGIN":
            inside.append(line.value.strip().upper())
            if inside[-1] in _COMPONENTS:
                blocks.append([_COMPONENTS[inside[-1]]])
        elif line.name == "END":
            if in_html and inside[-1:] != ["VALARM"]:
                omitted.add("description in HTML", count=not any(map(_DESCRIBED.match, blocks[-1])))
                in_html = False
            inside = inside[:-1]
        elif inside and inside[-1] in _COMPONENTS:  # an alarm repeats its event
            repairs.append(line.repair)
            in_html |= line.name == _IN_HTML
            if line.name not in _TECHNICAL and not line.is_flag:
                blocks[-1] += _shown(line)
    return "\n\n".join("\n".join(block) for block in blocks) or text.strip()


def _shown(line: ContentLine) -> Iterator[str]:
    value, parameters = line.value, line.parameters
    if line.is_binary:
        value = f"{parameters.get('X-FILENAME') or parameters.get('FILENAME') or 'unnamed'} ({len(value):,} characters)"
    if line.name in _MOMENTS:
        zone = f" ({parameters['TZID']})" if "TZID" in parameters else ""
        value = _MOMENT.sub(_moment, value) + zone
    elif line.name in {"ORGANIZER", "ATTENDEE"}:
        address = re.sub("^mailto:", "", value.strip(), flags=re.IGNORECASE)
        value = f"{parameters['CN']} <{address}>" if "CN" in parameters else address
    else:
        value = unescaped(value)
    if value.strip():
        yield f"{_SHOWN.get(line.name, line.label)}: {value.strip()}"


def _moment(found: re.Match[str]) -> str:
    year, month, day, hour, minute, second, utc = found.groups()
    if hour is None:
        return f"{year}-{month}-{day}"
    seconds = f":{second}" if second != "00" else ""
    return f"{year}-{month}-{day} {hour}:{minute}{seconds}{' UTC' if utc else ''}"
