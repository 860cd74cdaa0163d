"""Where the arguments of a LaTeX command are."""

import re

OPTION = re.compile(r"\s*\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]")
_SPACE = re.compile(r"[ \t]*\n?[ \t]*")
_WITHOUT_BRACES = re.compile(r"\\[A-Za-z@]+|[^\\{}]")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


def after_space(text: str, at: int) -> int:
    """Return where spaces and at most one line end are over."""
    space = _SPACE.match(text, at)
    return space.end() if space else at


def after_options(text: str, at: int) -> int:
    """Return where the options in square brackets are over."""
    while option := OPTION.match(text, at):
        at = option.end()
    return at


def argument(text: str, at: int) -> tuple[str, int]:
    """Return the argument at a place and where it ends: a group in braces, a command, or a character."""
    at = after_space(text, at)
    if text[at : at + 1] != "{":
        command = _WITHOUT_BRACES.match(text, at)
        return (command.group(), command.end()) if command else ("", at)
    depth = 0
    for brace in _BRACE.finditer(text, at):
        depth += {"{": 1, "}": -1}.get(brace.group(), 0)
        if depth == 0:
            return text[at + 1 : brace.start()], brace.end()
    return text[at + 1 :], len(text)
