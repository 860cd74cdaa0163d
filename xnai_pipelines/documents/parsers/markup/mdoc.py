"""The macros of mdoc(7): one line of a BSD manual page to the words that a reader sees."""

from dataclasses import dataclass

_ENCLOSING = {
    "Op": "[]",
    "Bq": "[]",
    "Pq": "()",
    "Aq": "<>",
    "Brq": "{}",
    "Dq": "“”",
    "Sq": "‘’",
    "Ql": "‘’",
    "Qq": '""',
}
_OPENING = {"Ao": "<", "Bo": "[", "Bro": "{", "Do": "“", "Oo": "[", "Po": "(", "Qo": '"', "So": "‘"}
_CLOSING = {"Ac": ">", "Bc": "]", "Brc": "}", "Dc": "”", "Oc": "]", "Pc": ")", "Qc": '"', "Sc": "’"}
_WORDS = {"Ad", "An", "Cm", "Dv", "Em", "Er", "Ev", "Fa", "Fr", "Ft", "Ic", "Li", "Ms", "No", "Pa", "Sx", "Sy", "Tn"}
_WORDS |= {"Va", "Vt", "Cd", "Lb", "Bf", "Ef"}
_SYSTEMS = {"Bx": "BSD", "Fx": "FreeBSD", "Nx": "NetBSD", "Ox": "OpenBSD", "Ux": "UNIX", "At": "UNIX"}
_OTHERS = {"Ap", "Ar", "Eo", "Ec", "Fl", "Fn", "Fo", "Fc", "In", "Lk", "Mt", "Nd", "Nm", "Ns", "Pf", "St", "Ta", "Xc"}
_OTHERS |= {"Xo", "Xr"}
_CALLABLE = {*_ENCLOSING, *_OPENING, *_CLOSING, *_WORDS, *_SYSTEMS, *_OTHERS}
_BLOCKS = {"It", "Bl", "El", "Bd", "Ed", "Rs", "Re", "D1", "Dl", "Ex", "Rv", "Bk", "Ek", "Dd", "Os", "Db", "Hf", "Sm"}
_LITERAL = {"-literal", "-unfilled"}
_POINTS_AFTER = {".", ",", ":", ";", ")", "]", "?", "!"}
_EXIT = "The {0} utility exits 0 on success, and >0 if an error occurs."


def is_mdoc(name: str) -> bool:
    """Return whether a macro is one of mdoc(7)."""
    return name in _CALLABLE or name in _BLOCKS or name.startswith("%")


@dataclass(frozen=True, slots=True)
class MdocWords:
    """What a line of mdoc(7) gives.

    Attributes:
        words: What a reader sees.
        breaks: "line" or "paragraph" if one ends before it, "" if the words go on.
        is_tag: Whether the words head an item of a list.
        as_written: Whether the lines that follow are shown as they are written, None if it stays as it is.
        joins_last: Whether no space stands before the words.
        joins_next: Whether no space stands after them.
    """

    words: str = ""
    breaks: str = ""
    is_tag: bool = False
    as_written: bool | None = None
    joins_last: bool = False
    joins_next: bool = False


class MdocLine:
    """Reads lines in their order: a page's name, given once, is meant wherever it is left out.

    Attributes:
        section: Words of the section's heading.
    """

    def __init__(self) -> None:
        self.section = ""
        self._name = ""
        self._apart = True  # whether a space stands between words
        self._compact: list[bool] = []  # of each list that is open

    def read(self, macro: str, arguments: list[str]) -> MdocWords:
        """Return what a macro and its arguments give."""
        if macro == "Sm":
            self._apart = arguments[:1] != ["off"]
            return MdocWords(joins_next=not self._apart)
        if macro == "Bl":
            self._compact.append("-compact" in arguments)
            return MdocWords(breaks="line")
        if macro == "El":
            del self._compact[-1:]
            return MdocWords(breaks="line")
        if macro in {"Ek", "Bk", "Dd", "Os", "Db", "Hf"}:
            return MdocWords()
        if macro == "Bd":
            return MdocWords(breaks="paragraph", as_written=bool(_LITERAL & {*arguments}))
        if macro == "Ed":
            return MdocWords(breaks="line", as_written=False)
        if macro in {"Rs", "Re"}:
            return MdocWords(breaks="paragraph" if macro == "Rs" else "")
        if macro.startswith("%"):
            return MdocWords(f"{' '.join(arguments)},")
        if macro in {"Ex", "Rv"}:
            return MdocWords(_EXIT.format(arguments[1] if len(arguments) > 1 else self._name))
        words, joins_last, joins_next = self._line([macro, *arguments] if macro in _CALLABLE else arguments)
        if macro == "It":
            return MdocWords(words, "line" if self._compact[-1:] == [True] else "paragraph", is_tag=True)
        new_line = macro in {"D1", "Dl"} or (macro in {"Nm", "Fn", "Fo", "In", "Ft"} and self._is_synopsis)
        return MdocWords(
            words, "line" if new_line else "", joins_last=joins_last, joins_next=joins_next or not self._apart
        )

    @property
    def _is_synopsis(self) -> bool:
        return self.section.upper() == "SYNOPSIS"

    def _line(self, tokens: list[str]) -> tuple[str, bool, bool]:
        """Return the words of a line, and whether no space stands before and after them."""
        shown, joined = "", True  # so far, and whether no space stands before the next word
        joins_last = False
        ends: list[str] = []  # what closes at the end of the line
        at = 0
        while at < len(tokens):
            name = tokens[at]
            at += 1
            if name in _CALLABLE:
                count = next((n for n, one in enumerate(tokens[at:]) if one in _CALLABLE), len(tokens) - at)
                if name in {"Ns", "Pf", "Ap"}:
                    joins_last |= name != "Pf" and not shown
                    shown += {"Ns": "", "Ap": "'"}.get(name, "".join(tokens[at : at + 1]))
                    at += name == "Pf"
                    joined = True
                    continue
                if name in _ENCLOSING:
                    shown, joined = self._joined(shown, _ENCLOSING[name][0], joined), True
                    ends.append(_ENCLOSING[name][1])
                    continue
                if name in _OPENING:
                    shown, joined = self._joined(shown, _OPENING[name], joined), True
                    continue
                if name in _CLOSING:
                    joins_last |= not shown
                    shown, joined = shown + _CLOSING[name], False
                    continue
                arguments = tokens[at : at + count]
                points = _points(arguments)
                words = self._words(name, arguments[: len(arguments) - len(points)])
                at += count - len(points)
                if words:
                    shown, joined = self._joined(shown, words, joined), name == "Fl" and not arguments
                continue
            if name in _POINTS_AFTER:
                if ends and all(one in _POINTS_AFTER for one in tokens[at:]):
                    shown += "".join(reversed(ends))
                    ends.clear()
                shown, joined = shown + name, False
            else:
                shown, joined = self._joined(shown, name, joined), name == "("
        return shown + "".join(reversed(ends)), joins_last, joined and bool(shown)

    def _joined(self, shown: str, words: str, joined: bool) -> str:
        return f"{shown}{words}" if joined or not shown or not self._apart else f"{shown} {words}"

    def _words(self, macro: str, arguments: list[str]) -> str:
        words = " ".join(arguments)
        if macro == "Nm":
            self._name = self._name or words
            return words or self._name
        if macro == "Fl":
            return " ".join(f"-{one}" for one in arguments) or "-"
        if macro == "Ar":
            return words or "file ..."
        if macro == "Nd":
            return f"— {words}"
        if macro == "Xr" and len(arguments) > 1:
            return f"{arguments[0]}({arguments[1]}){' '.join(arguments[2:])}"
        if macro in {"Fn", "Fo"} and arguments:
            return f"{arguments[0]}({', '.join(arguments[1:])}{')' if macro == 'Fn' else ''}"
        if macro == "Fc":
            return ")"
        if macro == "In":
            return f"#include <{words}>" if self._is_synopsis else f"<{words}>"
        if macro == "Lk" and len(arguments) > 1:
            return f"{' '.join(arguments[1:])} ({arguments[0]})"
        if macro == "Ta":
            return f"| {words}".strip()
        if macro == "St":
            return words.removeprefix("-")
        if macro in _SYSTEMS:
            return f"{_SYSTEMS[macro]} {words}".strip()
        return "" if macro in {"Xo", "Xc", "Eo", "Ec"} and not words else words


def _points(arguments: list[str]) -> list[str]:
    """Return the signs at the end of a macro's arguments, which belong to the sentence."""
    count = 0
    while count < len(arguments) and arguments[-1 - count] in _POINTS_AFTER:
        count += 1
    return arguments[len(arguments) - count :]
