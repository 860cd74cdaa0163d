"""LaTeX as Markdown: what is typeset, without the commands. Formulas stay as they are written."""

import re
from dataclasses import dataclass, field, replace

from xnai_pipelines.documents.parsers.markup.latex_arguments import OPTION, after_options, after_space, argument
from xnai_pipelines.documents.parsers.markup.latex_macros import DEFINING, Macros
from xnai_pipelines.documents.parsers.markup.latex_words import (
    ACCENTS,
    ARGUMENTS_SKIPPED,
    CODE,
    DRAWINGS,
    GERMAN,
    HEADINGS,
    LETTERS,
    MATH,
    OMITTED,
    REFERENCES,
    SILENT,
    TABLES,
    UNITS,
    WITH_SPECIFICATION,
    WITH_UNIT,
)
from xnai_pipelines.documents.parsers.markup.markdown import markdown_headings, title_of
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.parsed import Content, Markup
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line

_TOKEN = re.compile(
    r"\\([A-Za-z@]+)\*?|\\(.|\n)|(%[^\n]*\n?[ \t]*)|(\$\$?)|([{}~&])|(-{2,3})|(``|'')"
    r"|(\"[aouAOUeiszSZ`'=~|\"-])",
    re.DOTALL,
)
_BODY = re.compile(r"\\begin\s*\{document\}(.*?)(?:\\end\s*\{document\}|\Z)", re.DOTALL)
_TITLE = re.compile(r"\\title\s*(?:\[[^\]]*\]\s*)?(?=\{)")
_AUTHOR = re.compile(r"\\author\s*(?:\[[^\]]*\]\s*)?(?=\{)")
_GERMAN = re.compile(r"\\(?:usepackage|documentclass)\s*\[[^\]]*german|\\usepackage\s*\{n?german\}")
_CHAPTERS = re.compile(r"\\(?:chapter|part)\b")
_SPACES = re.compile(r"[ \t]+")
_LINE_ENDS = re.compile(r" ?\n ?")
_BLANK_LINES = re.compile(r"\n{3,}")
_CONDITION = re.compile(r"\\(if(?!f\b)[A-Za-z@]*|else|fi)(?![A-Za-z@])")
_UNIT = re.compile(r"\\([A-Za-z]+)|([^\\{}\s~])")
_HYPHEN = re.compile("-(?=-)")  # two make no dash in typewriter type
_DASHES = {"--": "–", "---": "—"}
_MAX_DEPTH = 100
_LISTS = {"itemize", "enumerate", "description"}
_NO_WORD = re.compile(r"(?!-\w|-{2})[\W\d_]*\w?[\W\d_]*")  # a label that is no term
_PARAGRAPH = re.compile(
    r"(?<=\n\n)(?:(?P<code>```.*?(?:```|\Z))|(?=[\w`\"'“(\\])(?![^\n]*\n: ))|(?<=\n): \n", re.DOTALL
)


def parse_latex(text: str, stem: str) -> Content:
    r"""Return what a LaTeX file typesets. Sections are headings, items lists, rows of tables lines with bars.

    The title is that of `\title`, else the first heading, else `stem`. Files that it includes are only named.

    Raises:
        RecursionError: Groups are nested too deeply.
    """
    omitted = Omitted()
    body = _BODY.search(text)
    macros = Macros.of(text[: body.start()] if body else "")
    german = _GERMAN.search(text[: body.start()]) is not None if body else False
    title, author = (_of_command(command, text, macros, german=german) for command in (_TITLE, _AUTHOR))
    reader = _Reader(omitted, macros, german, lower=1 if _CHAPTERS.search(text) else 0)
    words = _tidy(reader.markdown(body.group(1) if body else text))
    before = (f"# {title}" if title and title not in words else "", author if author not in words else "")
    words = "\n\n".join(filter(None, [*before, words]))
    headings = markdown_headings(words)
    content = Content(title or title_of(headings) or stem, words, Markup.MARKDOWN, headings)
    return replace(content, omissions=omitted.listed())


def _of_command(command: re.Pattern[str], text: str, macros: Macros, *, german: bool) -> str:
    named = command.search(text)
    words = _Reader(Omitted(), macros, german).markdown(argument(text, named.end())[0]) if named else ""
    return single_line(normalise(words), 1000)


@dataclass(slots=True)
class _Reader:
    """Reads a piece of LaTeX.

    Attributes:
        omitted: What the text does not carry.
        macros: Commands that the file defines.
        german: Whether babel's shorthands for German are on.
        lower: Levels by which sections are lower, because chapters stand above them.
        depth: Groups around the piece.
        tables: Tables around the piece.
        unclosed: Names of environments that have no end.
        lists: Lists around the piece, the innermost last, each with where its items begin among the pieces.
        out: Pieces of the Markdown.
    """

    omitted: Omitted
    macros: Macros
    german: bool = False
    lower: int = 0
    depth: int = 0
    tables: int = 0
    unclosed: set[str] = field(default_factory=set)
    lists: list[tuple[str, int]] = field(default_factory=list)
    out: list[str] = field(default_factory=list)

    def markdown(self, text: str) -> str:
        """Return a piece as Markdown."""
        if self.depth > _MAX_DEPTH:
            raise RecursionError
        outer, self.out = self.out, []
        self.depth += 1
        at = 0
        while token := _TOKEN.search(text, at):
            self.out.append(text[at : token.start()])
            at = self._token(text, token)
        self.out.append(text[at:])
        self.depth -= 1
        told, self.out = "".join(self.out), outer
        return told

    def _token(self, text: str, token: re.Match[str]) -> int:
        """Add what a token stands for. Return where the text goes on."""
        command, sign, comment, dollar, char, dashes, quotes, shorthand = token.groups()
        at = token.end()
        if command:
            return self._command(text, command, at)
        if dollar:
            return self._copied(text, token.start(), text.find(dollar, at), len(dollar))
        if sign in {"(", "["}:
            return self._copied(text, token.start(), text.find("\\)" if sign == "(" else "\\]", at), 2)
        if sign in ACCENTS:
            return self._accent(text, sign, at)
        if sign:
            self.out.append("\n" if sign == "\\" else " " if sign in " ,;:!\n/" else sign)
        elif char:
            between = " " if char == "}" and text[at : at + 1] == "{" else ""
            self.out.append({"~": " ", "&": " | " if self.tables else "&"}.get(char, between))
        elif dashes or quotes:
            self.out.append(_DASHES.get(dashes, "") if dashes else "“" if quotes == "``" else "”")
        elif shorthand:
            self.out.append(GERMAN.get(shorthand, shorthand) if self.german else shorthand)
        elif comment and comment.count("\n") == 0:
            self.out.append("\n")
        return at

    def _command(self, text: str, name: str, at: int) -> int:
        if name in {"begin", "end"}:
            return self._environment(text, name, at)
        if name in LETTERS:
            self.out.append(LETTERS[name])
            return after_space(text, at)
        if name in ACCENTS:
            return self._accent(text, name, at)
        if name == "item":
            return self._item(text, at)
        if name == "verb" and at < len(text):
            end = text.find(text[at], at + 1)
            self.out.append(f"`{text[at + 1 : end]}`" if end > 0 else "")
            return end + 1 if end > 0 else at
        if name in DEFINING:
            return self.macros.define(text, at)
        if name == "iffalse":
            return self._hidden(text, at)
        if expanded := None if name in HEADINGS else self.macros.expanded(name, text, at):
            words, at = expanded
            self.macros.depth += 1
            self.out.append(self.markdown(words))
            self.macros.depth -= 1
            return at
        return self._standard(text, name, after_options(text, at))

    def _standard(self, text: str, name: str, at: int) -> int:
        """Add what a command of LaTeX or of a package stands for. Of an unknown one its arguments are text."""
        if name in HEADINGS:
            words, at = argument(text, at)
            level = HEADINGS[name] + (self.lower if HEADINGS[name] >= HEADINGS["section"] and name != "chapter" else 0)
            self.out.append(f"\n\n{'#' * min(level, 6)} {' '.join(self.markdown(words).split())}\n\n")
            return at
        if name in OMITTED:
            what, at = argument(text, at)
            self.omitted.add(OMITTED[name], what)
        elif name in REFERENCES:
            words, at = argument(text, at)
            self.out.append(f"[{words.strip()}]")
        elif name in ARGUMENTS_SKIPPED:
            for _ in range(ARGUMENTS_SKIPPED[name]):
                at = argument(text, after_options(text, at))[1]
        elif name in {"footnote", "thanks", "marginpar"}:
            words, at = argument(text, at)
            self.out.append(f" ({self.markdown(words).strip()})")
        elif name == "texttt":
            words, at = argument(text, at)
            self.out.append(self.markdown(_HYPHEN.sub("-{}", words)))
        elif name == "href":
            target, at = argument(text, at)
            words, at = argument(text, at)
            self.out.append(f"{self.markdown(words)} ({target})")
        elif name in WITH_UNIT:
            numbers = []
            for _ in range(WITH_UNIT[name]):
                number, at = argument(text, after_options(text, at))
                numbers.append(self.markdown(number).strip())
            unit, at = argument(text, after_options(text, at))
            self.out.append(f"{'–'.join(numbers)} {_unit(unit)}".strip())
        elif name in {"url", "path", "nolinkurl"}:
            target, at = argument(text, at)
            self.out.append(target)
        elif name in {"par", "newpage", "clearpage", "maketitle", "caption", "bibitem", "hline", "midrule"}:
            self.out.append("\n\n" if name != "hline" and name != "midrule" else "")
        elif name in {"newline", "linebreak"}:
            self.out.append("\n")
        elif name not in SILENT and not name.startswith("if") and text[at : at + 1] != "{":
            self.omitted.add("command", f"\\{name}")
        return at

    def _item(self, text: str, at: int) -> int:
        """Add the mark of an item, or the term that is its label."""
        option = OPTION.match(text, at)
        label = " ".join(self.markdown(option.group().strip()[1:-1]).split()) if option else ""
        if (self.lists and self.lists[-1][0] != "description") or _NO_WORD.fullmatch(label):
            self.out.append("\n\n- " + (f"{label}: " if label else ""))
            return option.end() if option else at
        self.out.append(f"\n\n{label}\n: ")
        return after_space(text, option.end()) if option else at

    def _end_of_list(self, name: str, begins: int) -> None:
        """Mark the further paragraphs of what terms mean."""
        if name == "description":
            text = _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("\n", "".join(self.out[begins:])))
            first, term, others = text.partition("\n: ")
            self.out[begins:] = [first, _PARAGRAPH.sub(lambda found: found["code"] or ": ", term + others)]

    def _hidden(self, text: str, at: int) -> int:
        r"""Count what stands from `\iffalse` to its `\else` or `\fi`. Return where the text goes on."""
        depth, end, after = 1, len(text), len(text)
        for condition in _CONDITION.finditer(text, at):
            depth += {"fi": -1, "else": 0}.get(condition.group(1), 1)
            if depth == 0 or (depth == 1 and condition.group(1) == "else"):
                end, after = condition.span()
                break
        self.omitted.add("comment", text[at:end].strip())
        return after

    def _environment(self, text: str, which: str, at: int) -> int:
        name, at = argument(text, at)
        name = name.strip().rstrip("*")
        if which == "end":
            self.tables -= name in TABLES and self.tables > 0
            if self.lists and self.lists[-1][0] == name:
                self._end_of_list(*self.lists.pop())
            self.out.append("\n\n")
            return at
        closing = re.compile(r"\\end\s*\{" + re.escape(name) + r"\*?\}")
        is_copied = (name in MATH or name in CODE or name in DRAWINGS) and name not in self.unclosed
        end = closing.search(text, at) if is_copied else None
        if end:
            inner = text[at : end.start()]
            if name in MATH:
                self.out.append(f"\n\n$$\n{inner.strip()}\n$$\n\n")
            elif name in CODE:
                code = inner[option.end() :] if (option := OPTION.match(inner)) else inner
                language, start = argument(code, 0) if name == "minted" else ("", 0)
                self.out.append(f"\n\n```{language}\n{code[start:].strip(chr(10))}\n```\n\n")
            else:
                self.omitted.add(DRAWINGS[name], inner.strip())
            return end.end()
        if is_copied:
            self.unclosed.add(name)  # it will not be found further on either
        at = after_options(text, at)
        for _ in range(WITH_SPECIFICATION.get(name, 0)):
            at = argument(text, at)[1]
        self.tables += name in TABLES
        self.lists += [(name, len(self.out))] if name in _LISTS else []
        self.out.append("\n\n")
        return at

    def _accent(self, text: str, sign: str, at: int) -> int:
        """Add a letter with its accent, which stands before it."""
        if sign.isalpha() and text[at : at + 1] not in {"{", " "}:
            self.out.append("")
            return at
        letter, at = argument(text, at)
        letter = {"\\i": "i", "\\j": "j"}.get(letter.strip(), letter.strip())
        self.out.append(letter[:1] + ACCENTS[sign] + letter[1:] if letter else "")
        return at

    def _copied(self, text: str, start: int, end: int, mark: int) -> int:
        if end < 0:
            return start + mark
        self.out.append(text[start : end + mark])
        return end + mark


def _unit(text: str) -> str:
    """Return a unit of the package siunitx as it is typeset."""
    return "".join(UNITS.get(name, name) or sign for name, sign in _UNIT.findall(text))


def _tidy(text: str) -> str:
    """Return the text with single blank lines and spaces. Code keeps its lines as they are."""
    pieces = text.split("```")
    for at in range(0, len(pieces), 2):
        pieces[at] = _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("\n", _SPACES.sub(" ", pieces[at])))
    return normalise("```".join(pieces)).strip()
