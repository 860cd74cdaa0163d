"""Content lines, of which contact and calendar files consist: a name, parameters, a value (RFC 6350, RFC 5545)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from quopri import decodestring

from xnai_pipelines.documents.parsers.mail.headers import text_of

_LINE = re.compile(r'\s*(?:[\w-]+\.)?([A-Za-z][A-Za-z0-9-]*)((?:;(?:"[^"\n]*"|[^:"\n])*)?):(?!//)(.*)')
_PARAMETER = re.compile(r';([^;=:]+)(?:=("[^"]*"|[^;]*))?')
_FOLDED_CHARACTER = re.compile(rb"(?<=[\x80-\xff])\r?\n[ \t](?=[\x80-\xbf])")
_ESCAPE = re.compile(r"\\([\\;,:nN])")
_FLAG = re.compile(r"\d{0,3}|TRUE|FALSE|[A-Z]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ContentLine:
    """A property of a contact or an event.

    Attributes:
        name: Its name in capitals.
        parameters: Its parameters by their names in capitals. A bare word is a TYPE (vCard 2.1).
        value: Its value, with escapes.
        repair: What was repaired in the encoding of the value, None if nothing was.
    """

    name: str
    parameters: Mapping[str, str]
    value: str
    repair: str | None = None

    @property
    def is_binary(self) -> bool:
        """Whether the value stands for bytes."""
        named = {self.parameters.get(name, "").upper() for name in ("ENCODING", "VALUE", "TYPE")}
        return bool(named & {"B", "BASE64", "BINARY"})

    @property
    def is_flag(self) -> bool:
        """Whether it is a program's own property with a number or a word for programs."""
        return self.name.startswith("X-") and _FLAG.fullmatch(self.value.strip()) is not None

    @property
    def label(self) -> str:
        """The name as words."""
        return self.name.removeprefix("X-").replace("-", " ").capitalize()


def whole_characters(data: bytes) -> bytes:
    """Return a file without the folds in which a line ends within a character, as programs that count bytes write."""
    return _FOLDED_CHARACTER.sub(b"", data)


def content_lines(text: str) -> Iterator[ContentLine]:
    """Yield the lines of a file, each with what continues it: folded lines, soft breaks, lines without a name."""
    head: tuple[str, dict[str, str]] | None = None
    value: list[str] = []
    for line in text.splitlines():
        quoted = head is not None and _is_quoted(head[1])
        if head is not None and line[:1] in {" ", "\t"}:
            value.append(line[1:])
        elif quoted and value[-1].endswith("="):
            value[-1] = value[-1][:-1]
            value.append(line)
        elif found := _LINE.fullmatch(line):
            if head is not None:
                yield _line(*head, "".join(value))
            head, value = (found.group(1).upper(), _parameters(found.group(2))), [found.group(3)]
        elif head is not None and line.strip():
            value.append(f"\n{line}")
    if head is not None:
        yield _line(*head, "".join(value))


def unescaped(value: str) -> str:
    """Return a value without its escapes."""
    return _ESCAPE.sub(lambda sign: "\n" if sign.group(1) in "nN" else sign.group(1), value)


def _line(name: str, parameters: dict[str, str], value: str) -> ContentLine:
    if not _is_quoted(parameters):
        return ContentLine(name, parameters, value)
    data = decodestring(value.encode("utf-8", "surrogatepass"))
    return ContentLine(name, parameters, *text_of(data, parameters.get("CHARSET")))


def _is_quoted(parameters: Mapping[str, str]) -> bool:
    return "QUOTED-PRINTABLE" in f"{parameters.get('ENCODING')},{parameters.get('TYPE')}".upper()


def _parameters(text: str) -> dict[str, str]:
    """Return the parameters of a line, those of the same name joined by commas."""
    found: dict[str, str] = {}
    for name, value in _PARAMETER.findall(text):
        key, words = (name.upper(), value.strip('"')) if value else ("TYPE", name)
        found[key] = f"{found[key]},{words}" if key in found else words
    return found
