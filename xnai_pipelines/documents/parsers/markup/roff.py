"""Manual pages: roff with the macros of man(7) or mdoc(7), as a reader sees them in a terminal of any width."""

import re
from collections.abc import Callable, Iterator

from xnai_pipelines.documents.parsers.markup.mdoc import MdocLine, is_mdoc
from xnai_pipelines.documents.parsers.markup.roff_escapes import PREDEFINED, typeset, without_comment
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content, Heading, Markup
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line
from xnai_pipelines.errors import SkippedFileError

_ARGUMENT = re.compile(r'"((?:[^"]|"")*)"?|((?:\\.|[^ \t\\])+|\\$)')
_REQUEST = re.compile(r"[.'][ \t]*([A-Za-z%\\}1][^\s\\]*|\\\}|)[ \t]*(.*)", re.DOTALL)
_CONDITION = re.compile(r"(!?)[ \t]*(?:([ntoe])(?![\w(])|'([^']*)'([^']*)'|\"([^\"]*)\"([^\"]*)\"|(\S+))[ \t]*(.*)")
_TABLE_OPTION = re.compile(r"tab\s*\((.)\)")
_ONE_FONT = {"B", "I", "SM", "SB", "R", "CW", "C"}
_TWO_FONTS = {"BI", "BR", "IB", "IR", "RB", "RI"}
_PARAGRAPHS = {"PP", "P", "LP", "HP", "Pp", "sp", "Sp"}
_TERM = re.compile(r"\S[^\n]{0,100}(?<![.:;!?])")  # a line above an indented text
_BREAKS = {"br", "RS", "RE", "in", "ti", "ce", "bp"}
_AS_WRITTEN = {"nf": True, "EX": True, "Vb": True, "fi": False, "EE": False, "Ve": False}
_DEFINITIONS = {"de", "de1", "am", "ig"}
_DRAWINGS = {"EQ": ".EN", "PS": ".PE"}
_WITHOUT_WORDS = {"PD", "DT", "UC", "AT", "IX", "LINKSTYLE", "YS", "INDENT", "UNINDENT"}
_PLACEHOLDER = re.compile(r"\\+\$([1-9*@])")
_MAX_EXPANSIONS = 3  # of macros within macros


def parse_roff(text: str, stem: str) -> Content:
    """Return a manual page as it is typeset, with its sections as headings.

    The title is its name and section, "tar(1)". Definitions of macros are no text; equations and drawings, and files
    that the page includes, are counted.

    Raises:
        SkippedFileError: "link" if all of the page is a reference to another page.
    """
    page = _Page()
    for line in page.lines_of(text):
        page.put(line)
    page.end_paragraph()
    if not page.paragraphs and page.included:
        raise SkippedFileError("link", "manual page that only names another one")
    for name in page.included:
        page.omitted.add("included file", name)
    body = normalise("\n\n".join(page.paragraphs))
    return Content(
        page.title or stem, body, Markup.PLAIN, _placed(body, page.headings), omissions=page.omitted.listed()
    )


def _placed(body: str, headings: list[tuple[str, int]]) -> tuple[Heading, ...]:
    """Return the headings with their places: each is a paragraph of its own, in this order."""
    found, at = [], 0
    for words, level in headings:
        line = re.compile(rf"(?:\A|(?<=\n\n)){re.escape(normalise(words))}(?=\n\n|\Z)").search(body, at)
        if line is not None:
            found.append(Heading(line.start(), level, line.group()))
            at = line.end()
    return tuple(found)


class _Page:
    """A page as it is typeset: paragraphs so far, and the lines of the one that is being filled."""

    def __init__(self) -> None:
        self.title = ""
        self.paragraphs: list[str] = []
        self.headings: list[tuple[str, int]] = []
        self.included: list[str] = []
        self.omitted = Omitted()
        self._strings = dict(PREDEFINED)
        self._macros: dict[str, list[str]] = {}  # of the page's own
        self._expanding = 0
        self._mdoc = MdocLine()
        self._done: list[str] = []  # lines of the paragraph
        self._words = ""  # the line that is being filled
        self._below_term = False  # whether the words that are being filled say what the term above them means
        self._hanging = False  # whether only the first line of the paragraph is not indented
        self._joined = False  # whether the next words follow without a space
        self._as_written = False
        self._awaited = ""  # what the next words are: the name of a macro that had no arguments
        self._link = ""
        self._was_true = False

    def lines_of(self, text: str) -> Iterator[str]:
        """Yield the lines that are text or requests, with conditions resolved as a terminal would, without comments."""
        lines = iter(re.sub(r"(?<!\\)((?:\\\\)*)\\\n", r"\1", text).split("\n"))
        for line in lines:
            yield from self._resolved(line, lines)

    def _resolved(self, line: str, lines: Iterator[str]) -> Iterator[str]:
        line = without_comment(line)
        request = _REQUEST.fullmatch(line) if line[:1] in {".", "'"} else None
        name, rest = request.groups() if request else ("", "")
        if name in {"if", "ie"}:
            holds, rest = _holds(rest)
            self._was_true = holds
            yield from self._branch(holds, rest, lines)
        elif name == "el":
            yield from self._branch(not self._was_true, rest, lines)
        elif name in _DEFINITIONS:
            macro, end = [*rest.split(), "", "."][:2] if name != "ig" else ("", rest.strip() or ".")
            body = list(_until(f".{end or '.'}", lines))
            self._macros[macro] = [*(self._macros.get(macro, []) if name == "am" else []), *body]
        elif name in _DRAWINGS:
            self.omitted.add("equation or drawing", " ".join(_until(_DRAWINGS[name], lines)))
        elif name == "TS":
            yield ".sp"
            for row in _rows(_until(".TE", lines), self._inline):
                yield f"\0{row}"
            yield ".sp"
        else:
            yield line.replace("\\}", "").replace("\\{", "")

    def _branch(self, taken: bool, rest: str, lines: Iterator[str]) -> Iterator[str]:
        depth = rest.count("\\{") - rest.count("\\}")
        if taken:
            first = rest.replace("\\{", "").replace("\\}", "").strip()
            if first:
                yield from self._resolved(first, lines)
            return
        while depth > 0 and (line := next(lines, None)) is not None:
            depth += line.count("\\{") - line.count("\\}")

    def put(self, line: str) -> None:
        """Add a line of the source."""
        if line.startswith("\0"):  # the row of a table
            self._break()
            self._done.append(line[1:])
            return
        request = _REQUEST.fullmatch(line) if line[:1] in {".", "'"} else None
        if request is None:
            if not line.strip() and not self._as_written:
                self.end_paragraph()
            else:
                self._take(typeset(line, self._strings), joined=line.endswith("\\c"))
            return
        name, rest = request.groups()
        if name and not name.startswith("\\"):
            self._request(name, rest)

    def _request(self, name: str, rest: str) -> None:
        arguments = [typeset(one, self._strings) for one in _arguments(rest)]
        if name in {"TH", "Dt"} and arguments:
            self.title = self.title or _title(arguments)
        elif name in {"SH", "SS", "Sh", "Ss"}:
            self.end_paragraph()
            self._as_written = False
            self._mdoc.section = " ".join(arguments)
            self._heading_or_await(name, " ".join(arguments))
        elif name in _PARAGRAPHS:
            self.end_paragraph()
            self._hanging = name == "HP"
        elif (name == "RS" or (name == "IP" and self._hanging)) and not self._done and _TERM.fullmatch(self._words):
            words, self._words = self._words, ""
            self._tag(words)
        elif name in _BREAKS:
            self._break()
        elif name in _AS_WRITTEN:
            self._break()
            self._as_written = _AS_WRITTEN[name]
        elif name in {"TP", "TQ"}:
            # a term without a text of its own shares that of the next one
            self._break() if name == "TQ" or (self._below_term and not self._words.strip()) else self.end_paragraph()
            self._awaited = "tag"
        elif name == "IP":
            self.end_paragraph()
            self._tag(arguments[0] if arguments else "")
        elif name in _ONE_FONT or name in _TWO_FONTS:
            self._take((" " if name in _ONE_FONT else "").join(arguments), joined=rest.endswith("\\c"))
        elif name in {"ds", "ds1", "as"}:
            self._define(name, rest)
        elif name == "so":
            self.included.append(rest.strip())
        elif name in {"UR", "MT"}:
            self._link = arguments[0] if arguments else ""
        elif name in {"UE", "ME"}:
            address = f"({self._link})" if self._words else f"<{self._link}>"
            self._take(address + "".join(arguments[:1]))
        elif name == "MR" and len(arguments) > 1:
            self._take(f"{arguments[0]}({arguments[1]}){''.join(arguments[2:3])}")
        elif name == "OP":
            self._take(f"[{' '.join(arguments)}]")
        elif name == "SY":
            self._break()
            self._take(" ".join(arguments))
        elif is_mdoc(name):
            self._put_mdoc(name, [*_arguments(rest)])
        elif name in self._macros:
            self._expand(self._macros[name], [*_arguments(rest)])
        elif name == "als" and len(arguments) > 1 and arguments[1] in self._macros:
            self._macros[arguments[0]] = self._macros[arguments[1]]
        elif not name.islower() and name not in _WITHOUT_WORDS and arguments:
            self._take(" ".join(arguments))  # a macro of a package that is not known

    def _expand(self, body: list[str], arguments: list[str]) -> None:
        """Add what a macro of the page's own stands for."""

        def given(place: re.Match[str]) -> str:
            number = place.group(1)
            return " ".join(arguments) if number in "*@" else "".join(arguments[int(number) - 1 : int(number)])

        if self._expanding < _MAX_EXPANSIONS:
            self._expanding += 1
            for line in self.lines_of("\n".join(_PLACEHOLDER.sub(given, one).replace("\\\\", "\\") for one in body)):
                self.put(line)
            self._expanding -= 1

    def _put_mdoc(self, name: str, arguments: list[str]) -> None:
        line = self._mdoc.read(name, [typeset(one, self._strings) for one in arguments])
        if line.breaks == "paragraph":
            self.end_paragraph()
        elif line.breaks == "line":
            self._break()
        if line.as_written is not None:
            self._as_written = line.as_written
        if line.is_tag:
            self._tag(line.words)
        elif line.words or line.joins_next:
            self._take(line.words, joined=line.joins_next, to_last=line.joins_last)

    def _take(self, words: str, *, joined: bool = False, to_last: bool = False) -> None:
        awaited, self._awaited = self._awaited, ""
        if awaited == "tag":
            self._tag(words)
        elif awaited:
            self._heading_or_await(awaited, words)
        elif self._as_written:
            self._words += words
            if not joined:
                self._break()
        else:
            between = "" if self._joined or to_last or not self._words else " "
            self._words += between + words.strip()
        self._joined = joined

    def _heading_or_await(self, name: str, words: str) -> None:
        words = single_line(words)
        if not words:
            self._awaited = name
            return
        self.headings.append((words, 1 if name.upper() == "SH" else 2))
        self.paragraphs.append(words)

    def _tag(self, words: str) -> None:
        if words.strip() in {"", "•", "·", "*", "-", "—", "–"}:
            self._words = f"{words.strip()} ".lstrip()
            self._joined = bool(self._words)
        else:
            self._done.append(words.strip())
            self._below_term = True

    def _break(self) -> None:
        if self._words.strip():
            mark = ": " if self._below_term and not self._as_written else ""
            self._done.append(mark + (self._words.rstrip() if self._as_written else self._words.strip()))
            self._below_term = False
        self._words = ""
        self._joined = False

    def end_paragraph(self) -> None:
        """End the paragraph that is being filled."""
        self._break()
        if self._done:
            self.paragraphs.append("\n".join(self._done))
        self._done = []
        self._below_term = False

    def _define(self, name: str, rest: str) -> None:
        string, _, value = rest.lstrip().partition(" ")
        value = typeset(value.lstrip(" \t").removeprefix('"'), self._strings)
        self._strings[string] = (self._strings.get(string, "") if name == "as" else "") + value

    def _inline(self, text: str) -> str:
        """Return the words of a table's cell, which may hold macros."""
        words = []
        for line in text.split("\n"):
            request = _REQUEST.fullmatch(line) if line[:1] in {".", "'"} else None
            if request is None:
                words.append(typeset(line, self._strings))
            elif is_mdoc(request.group(1)):
                words.append(self._mdoc.read(request.group(1), [*_arguments(request.group(2))]).words)
            elif request.group(1) in _ONE_FONT | _TWO_FONTS:
                space = " " if request.group(1) in _ONE_FONT else ""
                words.append(typeset(space.join(_arguments(request.group(2))), self._strings))
        return single_line(" ".join(words))


def _title(arguments: list[str]) -> str:
    name, section = arguments[0], arguments[1] if len(arguments) > 1 else ""
    shown = name.lower() if name.isupper() else name
    return single_line(f"{shown}({section})" if section else shown)


def _arguments(rest: str) -> Iterator[str]:
    for quoted, plain in _ARGUMENT.findall(rest.strip()):
        yield plain or quoted.replace('""', '"')


def _holds(rest: str) -> tuple[bool, str]:
    """Return whether a condition holds for a terminal that groff typesets for, and what follows it."""
    condition = _CONDITION.match(rest)
    if condition is None:
        return False, rest
    negated, letter, one, two, first, second, other, after = condition.groups()
    if letter:
        holds = letter in "no"
    elif other is None:
        holds = one == two if one is not None else first == second
    else:
        holds = other.lstrip("(").startswith(("\\n(.g", "\\n[.g]", "\\n(.x", "1"))
    return holds != bool(negated), after


def _until(end: str, lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line[:1] == "." and f".{line[1:].strip()} ".startswith(f"{end} "):
            return
        yield line


def _rows(lines: Iterator[str], inline: Callable[[str], str]) -> Iterator[str]:
    """Yield the rows of a table (tbl(1)), their cells divided by bars."""
    tab, in_format, row, in_cell = "\t", True, "", False

    def cells() -> str:
        return " | ".join(filter(None, map(inline, row.split(tab))))

    for line in lines:
        if in_format:
            option = _TABLE_OPTION.search(line)
            tab = option.group(1) if option and line.rstrip().endswith(";") else tab
            in_format = not line.rstrip().endswith(".")
            continue
        if line.rstrip() == ".T&":
            in_format = True
        elif in_cell or line.endswith("T{"):
            row += ("\n" if in_cell and not line.startswith("T}") else "") + line.removeprefix("T}").removesuffix("T{")
            in_cell = line.endswith("T{") or (in_cell and not line.startswith("T}"))
        elif line[:1] not in {".", "'"} and line.strip(" _=\t" + tab):
            row = line
        if row and not in_cell:
            yield cells()
            row = ""
    if row:
        yield cells()
