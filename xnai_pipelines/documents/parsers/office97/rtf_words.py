"""The control words of RTF that bear on its text."""

import re
from collections.abc import Mapping

PARTS_BESIDE: Mapping[str, str] = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "Header"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "Footer"),
    "footnote": "Footnote",
    "annotation": "Comment",
    **dict.fromkeys(("shptxt", "dptxbxtext"), ""),
}
"""Destinations with a text of their own, and the label it gets. Of a text box: none."""

SKIPPED: Mapping[str, str] = {
    "pict": "picture",
    "objdata": "embedded object",
    "mmath": "formula",
    "themedata": "",
    **dict.fromkeys(("fonttbl", "colortbl", "stylesheet", "info", "title", "author", "fldinst", "datafield"), ""),
    **dict.fromkeys(("nonshppict", "shprslt", "sn", "sv", "upr", "xe", "tc", "rxe", "listtext", "pntext"), ""),
    **dict.fromkeys(("filetbl", "revtbl", "formfield", "atnauthor", "atnid", "atndate", "template", "xmlopen"), ""),
}
"""Destinations whose text is not shown, and what they count as. Most say nothing to a reader."""

CONTAINERS = {"shpinst", "shppict", "do", "ud", "txfieldtext"}
"""Destinations that old readers skip and that hold shown text."""

CHARACTERS: Mapping[str, str] = {
    "tab": "\t",
    "line": "\n",
    "lbr": "\n",
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
    "zwj": "\u200d",
    "zwnj": "\u200c",
}

FONT_ENCODINGS: Mapping[int, str] = {
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    255: "cp437",
}
"""Codecs by the number of a font's character set. A font with another number has the codec of the document."""

_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|заголовок|kop|rubrik|overskrift) ?([1-9])", re.I)


def style_level(name: str) -> int | None:
    """Return the level of a heading style, None if the style is another."""
    found = _HEADING.fullmatch(name)
    return int(found.group(1)) if found else None
