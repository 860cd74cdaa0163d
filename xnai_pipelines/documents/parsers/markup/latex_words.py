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

GERMAN: Mapping[str, str] = {
    **{f'"{letter}': letter + "\u0308" for letter in "aouAOUei"},
    **dict.fromkeys(('"s', '"z'), "ß"),
    '"`': "„",
    "\"'": "“",
    **dict.fromkeys(('"=', '"~'), "-"),
    **dict.fromkeys(('"-', '"|', '""'), ""),
}
"""Shorthands that the package babel knows in German texts."""

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
    **dict.fromkeys(("DeclareMathOperator", "newtheorem", "multicolumn", "multirow", "resizebox", "fcolorbox"), 2),
    **dict.fromkeys(("newenvironment", "renewenvironment"), 3),
    **dict.fromkeys(("textcolor", "fontsize", "rule", "colorbox", "parbox", "raisebox", "scalebox"), 1),
    **dict.fromkeys(("hyperlink", "hypertarget", "foreignlanguage", "selectlanguage", "usetheme", "let"), 1),
}
"""Commands whose first arguments are not shown."""

SILENT = {
    *("noindent", "indent", "centering", "raggedright", "raggedleft", "sloppy", "fussy", "protect", "relax", "null"),
    *("bf", "bfseries", "mdseries", "it", "itshape", "em", "sl", "slshape", "sc", "scshape", "upshape", "normalfont"),
    *("rm", "rmfamily", "sf", "sffamily", "tt", "ttfamily", "boldmath", "selectfont"),
    *("tiny", "scriptsize", "footnotesize", "small", "normalsize", "large", "Large", "LARGE", "huge", "Huge"),
    *("hfill", "vfill", "hfil", "vfil", "dotfill", "hrulefill", "smallskip", "medskip", "bigskip", "strut", "stretch"),
    *("pagebreak", "nopagebreak", "nolinebreak", "newblock", "cleardoublepage", "columnbreak", "allowbreak", "break"),
    *("toprule", "bottomrule", "endhead", "endfirsthead", "endfoot", "endlastfoot", "tabularnewline", "cr"),
    *("tableofcontents", "listoffigures", "listoftables", "printbibliography", "printindex", "makeindex", "appendix"),
    *("frontmatter", "mainmatter", "backmatter", "onecolumn", "twocolumn", "flushbottom", "raggedbottom", "balance"),
    *("singlespacing", "onehalfspacing", "doublespacing", "linewidth", "textwidth", "columnwidth", "baselineskip"),
    *("makeatletter", "makeatother", "begingroup", "endgroup", "bgroup", "egroup", "ignorespaces", "unskip", "xspace"),
    *("expandafter", "noexpand", "global", "long", "else", "fi", "or", "endinput", "leavevmode", "unboldmath"),
    *("pause", "titlepage", "frenchspacing", "nonfrenchspacing", "IEEEpeerreviewmaketitle", "kill", "displaystyle"),
}
"""Commands without arguments that set how text looks or where it stands."""

WITH_UNIT: Mapping[str, int] = {"SI": 1, "qty": 1, "SIrange": 2, "qtyrange": 2, "si": 0, "unit": 0}
"""Commands of the package siunitx whose last argument is a unit, and how many numbers stand before it."""

UNITS: Mapping[str, str] = {
    "percent": "%",
    "per": "/",
    "squared": "²",
    "cubed": "³",
    "degree": "°",
    "celsius": "°C",
    "degreeCelsius": "°C",
    "kilo": "k",
    "mega": "M",
    "giga": "G",
    "tera": "T",
    "peta": "P",
    "hecto": "h",
    "deci": "d",
    "centi": "c",
    "milli": "m",
    "micro": "µ",
    "nano": "n",
    "pico": "p",
    "gram": "g",
    "kilogram": "kg",
    "metre": "m",
    "meter": "m",
    "second": "s",
    "minute": "min",
    "hour": "h",
    "day": "d",
    "ampere": "A",
    "kelvin": "K",
    "mole": "mol",
    "candela": "cd",
    "hertz": "Hz",
    "newton": "N",
    "pascal": "Pa",
    "joule": "J",
    "watt": "W",
    "coulomb": "C",
    "volt": "V",
    "farad": "F",
    "ohm": "Ω",
    "siemens": "S",
    "weber": "Wb",
    "tesla": "T",
    "henry": "H",
    "lumen": "lm",
    "lux": "lx",
    "becquerel": "Bq",
    "gray": "Gy",
    "sievert": "Sv",
    "litre": "l",
    "liter": "l",
    "tonne": "t",
    "hectare": "ha",
    "bar": "bar",
    "electronvolt": "eV",
    "decibel": "dB",
    "byte": "B",
    "bit": "bit",
    "angstrom": "Å",
    "arcminute": "′",
    "arcsecond": "″",
    "of": "",
    "square": "square ",
    "cubic": "cubic ",
}
"""Prefixes and units of siunitx. Those that are not here stand with their names."""
