"""The commands of LaTeX that bear on what a reader sees."""

from collections.abc import Mapping

HEADINGS: Mapping[str, int] = {
    "part": 1,
    "chapter": 1,
    "section": 1,
    "subsection": 2,
    "subsubsection": 3,
    "paragraph": 4,
    "subparagraph": 5,
    "frametitle": 2,
}
"""Commands of headings and their levels in a text without chapters."""

ACCENTS: Mapping[str, str] = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
}
"""Commands of accents and the combining marks that they are."""

LETTERS: Mapping[str, str] = {
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "aa": "å",
    "AA": "Å",
    "i": "ı",
    "j": "ȷ",
    "S": "§",
    "P": "¶",
    "pounds": "£",
    "euro": "€",
    "texteuro": "€",
    "copyright": "©",
    "textregistered": "®",
    "texttrademark": "™",
    "ldots": "…",
    "dots": "…",
    "textellipsis": "…",
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textbar": "|",
    "textless": "<",
    "textgreater": ">",
    "textendash": "–",
    "textemdash": "—",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "TeX": "TeX",
    "LaTeX": "LaTeX",
    "quad": " ",
    "qquad": " ",
}

REFERENCES = {
    *("ref", "eqref", "pageref", "autoref", "cref", "Cref", "nameref", "vref"),
    *("cite", "citep", "citet", "citeauthor", "citeyear", "parencite", "textcite", "footcite", "autocite"),
}
"""Commands that show the number of another place. Its name stands for it."""

OMITTED: Mapping[str, str] = {
    "includegraphics": "picture",
    "input": "included file",
    "include": "included file",
    "subfile": "included file",
    "lstinputlisting": "included file",
    "bibliography": "bibliography file",
    "addbibresource": "bibliography file",
}
"""Commands of what is in other files, and what they count as."""

DRAWINGS: Mapping[str, str] = {
    "tikzpicture": "drawing",
    "pgfpicture": "drawing",
    "picture": "drawing",
    "pspicture": "drawing",
    "comment": "comment",
    "filecontents": "included file",
}
"""Environments that are left out, and what they count as."""

MATH = {"equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "alignat", "flalign"}
CODE = {"verbatim", "Verbatim", "lstlisting", "minted", "alltt"}
TABLES = {"tabular", "tabularx", "tabulary", "longtable", "array", "supertabular"}
WITH_SPECIFICATION: Mapping[str, int] = {
    **dict.fromkeys(TABLES - {"tabularx", "tabulary"}, 1),
    **dict.fromkeys(("tabularx", "tabulary", "minipage*"), 2),
    **dict.fromkeys(("minipage", "thebibliography", "multicols", "wrapfigure", "adjustwidth"), 1),
}
"""Environments and how many arguments with measures they have."""

ARGUMENTS_SKIPPED: Mapping[str, int] = {
    **dict.fromkeys(("label", "usepackage", "documentclass", "bibliographystyle", "vspace", "hspace", "pagestyle"), 1),
    **dict.fromkeys(("thispagestyle", "hypersetup", "lstset", "graphicspath", "title", "date", "RequirePackage"), 1),
    **dict.fromkeys(("index", "glossary", "phantom", "cline", "cmidrule", "pagenumbering", "color", "nocite"), 1),
    **dict.fromkeys(("setlength", "addtolength", "setcounter", "addtocounter", "definecolor"), 2),
    **dict.fromkeys(("newcommand", "renewcommand", "providecommand", "DeclareMathOperator", "newtheorem"), 2),
    **dict.fromkeys(("newenvironment", "renewenvironment"), 3),
    **dict.fromkeys(("textcolor", "fontsize", "rule"), 1),
}
"""Commands whose first arguments are not shown."""
