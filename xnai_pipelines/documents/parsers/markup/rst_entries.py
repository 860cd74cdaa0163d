"""The entries of reStructuredText in the form that definition lists have in Markdown: a term, then `: ` and its text.

They are those of definition lists and option lists, and what Sphinx documents with a directive, such as
`.. option:: -q`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_DIRECTIVE = re.compile(r"\.\. (?P<name>[\w:.+-]+?)::(?:[ \t]+(?P<argument>\S.*))?\Z")
# Directives that document what their argument names; those of a domain are written `py:function`.
_OBJECTS = frozenset(
    {
        *("attribute", "class", "classmethod", "cmdoption", "confval", "data", "decorator", "decoratormethod"),
        *("describe", "directive", "enum", "envvar", "event", "exception", "fixture", "function", "globalvar", "hook"),
        *("macro", "member", "method", "object", "option", "property", "role", "setting", "signal", "staticmethod"),
        *("struct", "templatefilter", "templatetag", "type", "var", "django-admin", "django-admin-option"),
        *("autoattribute", "autoclass", "autodata", "autodecorator", "autoexception", "autofunction", "automethod"),
    }
)
# Directives whose content is text that may have lists.
_TEXTS = frozenset(
    {
        *("admonition", "attention", "caution", "compound", "container", "danger", "deprecated", "error", "glossary"),
        *("hint", "important", "note", "only", "seealso", "sidebar", "tip", "topic", "versionadded"),
        *("versionchanged", "versionremoved", "warning"),
    }
)
_FIELD = re.compile(r":(?P<name>[^:`\s][^:`]{0,60}):(?:[ \t]+(?P<value>\S.*))?\Z")
_ROLE = re.compile(r":[\w:.+-]+:(?=`)")
_OPTION = re.compile(r"(?P<term>-{1,2}[\w?](?:\S| (?! ))*)[ \t]{2,}(?P<said>\S.*)\Z")
# What begins another block than a paragraph: a list, a field, a directive, a table, code, the line of a heading.
_BLOCK = re.compile(
    r"(?:[-*+•|>]|\(?(?:\d+|[A-Za-z#])[.)])(?:\s|\Z)|:[^:`]+:(?:\s|\Z)|\.\.(?:\s|\Z)|>>>|\+[-=]|__\s|([=~^#\"'`.:*+_-])\1{2}"
)
_NO_TERM = re.compile(r".*(?:[.:,;!?{\\]|\S[ \t]{2,}\S.*)\Z")  # what a sentence, code or the row of a table has
_LONGEST_TERM = 200  # characters
_MOST_TERMS = 8  # of an entry


def with_entries(text: str) -> str:
    """Return a text with its entries written as in Markdown; literal blocks, comments and code stay as they are."""
    writer = _Writer(text.split("\n"))
    at = 0
    while at < len(writer.lines):
        at = writer.write(at)
    return "\n".join(writer.out)


@dataclass(slots=True)
class _Writer:
    """Writes line after line.

    Attributes:
        lines: Lines of the text.
        out: Lines that are written.
        texts: Indents of the texts of the entries around a line, the innermost last.
        begins: Whether a block may begin at the line.
        copied: Indent of what leads to a block that is copied: all lines that are deeper.
    """

    lines: Sequence[str]
    out: list[str] = field(default_factory=list)
    texts: list[int] = field(default_factory=list)
    begins: bool = True
    copied: int | None = None

    def write(self, at: int) -> int:
        """Write the line at a place, or the block that begins there. Return where the next one is."""
        line, indent = self.lines[at], self._indent(at)
        if not line.strip() or (self.copied is not None and indent > self.copied):
            self.out.append(line)
            self.begins = self.begins or not line.strip()
            return at + 1
        self.copied = None
        while self.texts and indent < self.texts[-1]:
            self.texts.pop()
            self.begins = True
        words = line.strip()
        if words.startswith(".."):
            return self._markup(at, indent, words)
        if self.begins and (option := _OPTION.match(words)):
            self._add_terms([option["term"]])
            self.out.append(f": {option['said']}")
            self.texts.append(indent + option.start("said"))
            return self._rest_of_paragraph(at + 1, self.texts[-1])
        if self.begins and (terms := self._terms(at, indent)):
            self._add_terms(terms)
            self.texts.append(self._indent(at + len(terms)))
            return at + len(terms)
        if self.begins and self.texts and indent == self.texts[-1] and not _BLOCK.match(words):
            self.out.append(f": {words}")
            return self._rest_of_paragraph(at + 1, indent)
        self._note_literal(at, indent)
        self.out.append(line)
        self.begins = False
        return at + 1

    def _markup(self, at: int, indent: int, words: str) -> int:
        """Write the first line of a directive or a comment; of one that documents something, all but its text."""
        found = _DIRECTIVE.match(words)
        name = found["name"] if found else ""
        is_object = name in _OBJECTS or ":" in name
        if found and found["argument"] and is_object:
            following = at + 1
            terms, fields = [found["argument"]], list[str]()
            while following < len(self.lines) and self.lines[following].strip() and self._indent(following) > indent:
                more = self.lines[following].strip()
                if option := _FIELD.match(more):
                    fields += [f": {option['name']}: {option['value']}", ""] if option["value"] else []
                elif fields:
                    break
                else:
                    terms.append(more)
                following += 1
            text = next((one for one in range(following, len(self.lines)) if self.lines[one].strip()), at)
            if (fields or self._indent(text) > indent) and len(terms) <= _MOST_TERMS:
                self._add_terms(terms)
                self.out += ["", *fields]
                self.texts += [self._indent(text)] if self._indent(text) > indent else []
                self.begins = True
                return following + (following < text)  # the blank line is written
        self.copied = None if name in _TEXTS or is_object else indent
        self.out.append(self.lines[at])
        self.begins = True
        return at + 1

    def _terms(self, at: int, indent: int) -> list[str]:
        """Return the terms whose text begins below them, none if a paragraph of another kind begins here."""
        terms: list[str] = []
        while at < len(self.lines) and self._indent(at) == indent and len(terms) < _MOST_TERMS:
            words = self.lines[at].strip()
            if not words or len(words) > _LONGEST_TERM or _BLOCK.match(words) or _NO_TERM.match(words):
                return []
            terms.append(words)
            at += 1
        has_text = at < len(self.lines) and self.lines[at].strip() and self._indent(at) > indent
        return terms if has_text else []

    def _add_terms(self, terms: Sequence[str]) -> None:
        """Add terms without the roles of Sphinx; a line of text right above would be one of them."""
        self.out += [""] if self.out and self.out[-1].strip() else []
        self.out += [_ROLE.sub("", term) for term in terms]

    def _rest_of_paragraph(self, at: int, indent: int) -> int:
        """Write the lines of a paragraph below its first, without their indent."""
        while at < len(self.lines) and self.lines[at].strip() and self._indent(at) >= indent:
            self.out.append(self.lines[at].strip())
            at += 1
        self._note_literal(at - 1, indent)
        self.begins = False
        return at

    def _note_literal(self, at: int, indent: int) -> None:
        if self.lines[at].rstrip().endswith("::"):
            self.copied = indent

    def _indent(self, at: int) -> int:
        line = self.lines[at].expandtabs(8)
        return len(line) - len(line.lstrip())
