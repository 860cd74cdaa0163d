r"""The commands that a LaTeX file defines for itself, with `\newcommand` and its like."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from xnai_pipelines.documents.parsers.markup.latex_arguments import OPTION, argument

DEFINING = {
    *("newcommand", "renewcommand", "providecommand", "DeclareRobustCommand"),
    *("def", "gdef", "edef", "xdef"),
}
"""Commands that define a command."""

_DEFINITION = re.compile(rf"\\(?:{'|'.join(sorted(DEFINING))})(?![A-Za-z@])\*?")
_NAME = re.compile(r"\s*\{?\s*\\([A-Za-z@]+)\s*\}?")
_COUNT = re.compile(r"\s*\[\s*([1-9])\s*\]")
_PLACES = re.compile(r"\s*((?:#[1-9])*)")
_PLACE = re.compile(r"#([1-9])")
_MAX_CHARS = 1_000_000  # that expansions may add to a file
_MAX_DEPTH = 10


class _Macro(NamedTuple):
    """What a command stands for, how many arguments it has, and the first one's words if it may be left out."""

    body: str
    arguments: int
    default: str | None


@dataclass(slots=True)
class Macros:
    """Commands by name, and how much their expansion has added so far.

    Attributes:
        depth: Expansions around the place that is being read.
    """

    depth: int = 0
    _known: dict[str, _Macro] = field(default_factory=dict)
    _added: int = 0

    @classmethod
    def of(cls, text: str) -> "Macros":
        """Return the commands that a piece of LaTeX defines."""
        macros = cls()
        for command in _DEFINITION.finditer(text):
            macros.define(text, command.end())
        return macros

    def define(self, text: str, at: int) -> int:
        """Learn the command whose definition goes on at a place. Return where it ends."""
        name = _NAME.match(text, at)
        if name is None:
            return at
        at = name.end()
        count, default = 0, None
        if found := _COUNT.match(text, at):
            count, at = int(found.group(1)), found.end()
            if option := OPTION.match(text, at):
                default, at = option.group().strip()[1:-1], option.end()
        elif found := _PLACES.match(text, at):
            count, at = found.group(1).count("#"), found.end()
        body, at = argument(text, at)
        self._known[name.group(1)] = _Macro(body, count, default)
        return at

    def expanded(self, name: str, text: str, at: int) -> tuple[str, int] | None:
        """Return what a command at a place stands for and where its arguments end.

        None if the file does not define it, or if it stands for too much: it may contain itself.
        """
        macro = self._known.get(name)
        if macro is None or self.depth >= _MAX_DEPTH:
            return None
        given: list[str] = []
        if macro.default is not None:
            option = OPTION.match(text, at)
            given.append(option.group().strip()[1:-1] if option else macro.default)
            at = option.end() if option else at
        while len(given) < macro.arguments:
            words, at = argument(text, at)
            given.append(words)
        longest = len(macro.body) + macro.body.count("#") * max(map(len, given), default=0)
        if self._added + longest > _MAX_CHARS:
            return None
        self._added += longest
        return _PLACE.sub(lambda place: "".join(given[int(place.group(1)) - 1 :][:1]), macro.body), at
