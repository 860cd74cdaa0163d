"""Escape sequences of roff (groff(7), section "Escape sequences"): glyphs, strings, and what only changes the look."""

import re
from collections.abc import Mapping

_NAMED = r"\((?P<{0}2>..)|\[(?P<{0}n>[^\]\n]*)\]"
_ESCAPE = re.compile(
    r"\\(?:"
    rf"\*(?:{_NAMED.format('s')}|(?P<s1>.))"
    r"|s[+-]?(?:\(\d\d|\[[^\]\n]*\]|'[^'\n]*'|[1-3]\d|\d)"
    r"|[fFgkmMnVY][+-]?(?:\(..|\[[^\]\n]*\]|.)"
    r"|N'(?P<code>\d{1,6})'"
    r"|[oZ]'(?P<kept>[^'\n]*)'"
    r"|[AbBCDhHlLRSvwxX](?:'[^'\n]*'|\"[^\"\n]*\")"
    rf"|{_NAMED.format('g')}"
    r"|(?P<char>.)"
    r")"
)
_COMMENT = re.compile(r'(?<!\\)((?:\\\\)*)\\["#].*')
_CHARS = {**dict.fromkeys("&)%:/,|^{}dupraz!?c", ""), **dict.fromkeys(" ~0", " "), "e": "\\", "t": "\t"}
"""What a backslash makes of a character, if not the character itself."""
_NAMES_OF_GLYPHS = """
em — en – hy - mi − aq ' dq " lq “ rq ” oq ‘ cq ’ Bq „ bq ‚ Fo « Fc » fo ‹ fc › bu • co © rg ® tm ™ ha ^ ti ~ rs \\
ga ` aa ´ at @ sh # sl / ba | bv | mu × di ÷ +- ± <= ≤ >= ≥ != ≠ == ≡ -> → <- ← de ° sc § ps ¶ 14 ¼ 12 ½ 34 ¾ Eu €
Po £ Ye ¥ ct ¢ if ∞ ss ß o/ ø O/ Ø ae æ AE Æ oe œ OE Œ oA Å oa å mc µ lB [ rB ] lC { rC } la ⟨ ra ⟩ Do $ pl + eq =
dg † dd ‡ no ¬ sq □ r! ¡ r? ¿ ul _ S1 ¹ S2 ² S3 ³ *a α *b β *g γ *d δ *e ε *z ζ *y η *h θ *i ι *k κ *l λ *m μ *n ν
*c ξ *o ο *p π *r ρ *s σ *t τ *u υ *f φ *x χ *q ψ *w ω *A Α *B Β *G Γ *D Δ *E Ε *Z Ζ *Y Η *H Θ *I Ι *K Κ *L Λ *M Μ
*N Ν *C Ξ *O Ο *P Π *R Ρ *S Σ *T Τ *U Υ *F Φ *X Χ *Q Ψ *W Ω
"""
_GLYPHS = dict(zip(_NAMES_OF_GLYPHS.split()[::2], _NAMES_OF_GLYPHS.split()[1::2], strict=True))
_ACCENTS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", ":": "\u0308", "~": "\u0303", ",": "\u0327", "v": "\u030c"}
_CODE_POINTS = re.compile(r"u[0-9A-Fa-f]{4,6}(?:_[0-9A-Fa-f]{4,6})*")
PREDEFINED = {"lq": "“", "rq": "”", "R": "®", "Tm": "™", "Aq": "'", "S": "", "q": '"', "Lq": "“", "Rq": "”", "L": "<"}
"""Strings of the macro packages. A page may define others."""


def without_comment(line: str) -> str:
    """Return the line up to its comment."""
    return _COMMENT.sub(r"\1", line)


def typeset(text: str, strings: Mapping[str, str]) -> str:
    """Return what a reader sees of a text: its glyphs and strings, without changes of font, size or place."""

    def shown(escape: re.Match[str]) -> str:
        part = escape.groupdict()
        string = part["s2"] or part["sn"] or part["s1"]
        if string is not None:
            return strings.get(string, "")
        if part["code"] is not None:
            return _character(int(part["code"]))
        if part["kept"] is not None:
            return part["kept"][-1:]  # drawn over each other, or without a place of its own
        glyph = part["g2"] or part["gn"]
        if glyph is not None:
            return _glyph(glyph)
        char = part["char"]
        return "" if char is None else _CHARS.get(char, char)

    return _ESCAPE.sub(shown, text) if "\\" in text else text


def _glyph(name: str) -> str:
    if name in _GLYPHS:
        return _GLYPHS[name]
    if _CODE_POINTS.fullmatch(name):
        return "".join(_character(int(code, 16)) for code in name[1:].split("_"))
    if len(name) == 2 and name[0] in _ACCENTS and name[1].isalpha():
        return name[1] + _ACCENTS[name[0]]
    return f"({name})" if len(name) > 1 else name


def _character(code: int) -> str:
    return chr(code) if 32 <= code < 0xD800 or 0xE000 <= code <= 0x10FFFF else ""
