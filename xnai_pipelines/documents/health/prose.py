"""Prose: a text with code, comments and front matter replaced by spaces, so that all places stay.

Every pattern here is bounded: a hostile document costs time in proportion to its length.
"""

import re

from xnai_pipelines.documents.parsers.parsed import Markup

_NOT_NEWLINE = re.compile(r"[^\n]")
_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n")
_FENCE = re.compile(r"[ \t>]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?(`{3,}(?=[^`]*$)|~{3,})")
_INLINE_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)([^\n]{1,400}?(?:\n[^\n]{1,400}?){0,2})(?<!`)\1(?!`)")
# After these an indented block is their content, not code.
_CONTAINER = re.compile(r"[ \t]*(?:[-*+][ \t]|\d{1,9}[.)][ \t]|!!!|\?\?\?|===|:::|/{3}|:[ \t]|\[\^|<)")
_LITERAL = re.compile(r"``(?=\S)[^\n]{1,400}?``(?!`)")
_RST_CODE = re.compile(
    r"[ \t]*(?:\.\. (?:code-block|code|sourcecode|highlight|prompt|parsed-literal|doctest|testcode|testoutput|math|raw|"
    r"regendoc|jupyter-execute|ipython)::.*|(?!\.\. [\w-]+::).*::)[ \t]*$"
)
_RST_COMMENT = re.compile(r"[ \t]*\.\.(?:[ \t]+(?!_|\[|\|)(?![\w:.+-]+::).*)?$")
_MATTER_LINE = re.compile(r"([A-Za-z][\w -]{0,40}?)[ \t]*[:=][ \t]*(.*)$")
_RST_FIELD = re.compile(r":([A-Za-z][\w -]{0,40}):[ \t]+(.*)$")


def blanked(text: str) -> str:
    """Return a text of the same length and lines, all spaces."""
    return _NOT_NEWLINE.sub(" ", text)


def front_matter(text: str) -> tuple[dict[str, str], int]:
    """Return the fields of the front matter (YAML or TOML, plain values only) and where it ends; 0 without one."""
    opened = _FRONT_MATTER.match(text)
    fields: dict[str, str] = {}
    if opened is None:
        for line in text[:4_000].split("\n"):  # the field list at the top of reStructuredText
            if not (named := _RST_FIELD.match(line)):
                break
            fields[named.group(1).lower()] = named.group(2).strip()
        return fields, 0
    at = opened.end()
    for line in text[at : at + 50_000].split("\n"):
        at += len(line) + 1
        if line.rstrip() in (opened.group(1), "..."):
            return fields, min(at, len(text))
        if named := _MATTER_LINE.match(line):
            fields[named.group(1).lower()] = named.group(2).strip().strip("\"'")
    return {}, 0


def prose_of(text: str, markup: Markup, matter_end: int) -> str:
    """Return the text without what is not prose. Source code has none."""
    if markup is Markup.CODE:
        return blanked(text)
    if markup is Markup.RST:
        return _LITERAL.sub(lambda code: blanked(code.group()), _rst_prose(text))
    if markup is Markup.PLAIN:
        return text
    body = blanked(text[:matter_end]) + _markdown_prose(text[matter_end:])
    for opening, closing in (("<!--", "-->"), ("<script", "</script>"), ("<style", "</style>"), ("<pre", "</pre>")):
        body = _without(body, opening, closing)
    return _INLINE_CODE.sub(lambda code: blanked(code.group()), body)


def _without(text: str, opening: str, closing: str) -> str:
    start = text.find(opening)
    if start < 0:
        return text
    kept, at = [], 0
    while start >= 0:
        end = text.find(closing, start)
        if end < 0:
            break
        end += len(closing)
        kept += [text[at:start], blanked(text[start:end])]
        at, start = end, text.find(opening, end)
    return "".join([*kept, text[at:]])


def _markdown_prose(text: str) -> str:
    kept: list[str] = []
    fence, after_blank, in_code, holds = "", True, False, False
    for line in text.split("\n"):
        words = line.strip()
        if fence:
            if words.lstrip("> ").startswith(fence) and not words.lstrip("> ").strip(fence[0]):
                fence = ""
            kept.append(blanked(line))
            continue
        if ("```" in line or "~~~" in line) and (opened := _FENCE.match(line)):
            fence, in_code = opened.group(1), False
            kept.append(blanked(line))
            continue
        indented = line.startswith(("    ", "\t"))
        if words and not indented:
            holds, in_code = bool(_CONTAINER.match(line)) or (holds and line[0] == " "), False
        elif words and after_blank and not holds:
            in_code = True
        after_blank = not words
        kept.append(blanked(line) if in_code else line)
    return "\n".join(kept)


def _rst_prose(text: str) -> str:
    kept: list[str] = []
    depth = -1  # indentation of the line that opened a literal block, -1 outside
    for line in text.split("\n"):
        words = line.lstrip()
        indent = len(line) - len(words)
        if depth >= 0 and (not words or indent > depth):
            kept.append(blanked(line))
            continue
        depth = -1
        if _RST_COMMENT.match(line):
            depth = indent
            kept.append(blanked(line))
        elif "::" in line and _RST_CODE.match(line):
            depth = indent
            kept.append(blanked(line) if words.startswith("..") else line)
        else:
            kept.append(line)
    return "\n".join(kept)
