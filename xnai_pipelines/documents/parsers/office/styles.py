"""Styles of a Word file that are headings under another name. Runs only in the worker process."""

import re
from collections.abc import Iterator

from xnai_pipelines.documents.parsers.office.xml_parts import attribute, tag_name, xml_root

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_LEVELS = 6
_QUOTED = re.compile(r"([\\'])")


def heading_styles(styles: bytes) -> Iterator[str]:
    """Yield mammoth's rule for each style that makes a heading: the title, and those with or based on a level.

    The styles "heading 1" to "heading 6" have rules in mammoth.
    """
    names: dict[str, str] = {}
    levels: dict[str, str] = {}
    bases: dict[str, str] = {}
    for style in xml_root(styles):
        if tag_name(style) == "style" and attribute(style, "type") == "paragraph":
            key = attribute(style, "styleId")
            for node in style.iter():
                name = tag_name(node)
                if name in {"name", "basedOn", "outlineLvl"}:
                    {"name": names, "basedOn": bases, "outlineLvl": levels}[name][key] = attribute(node, "val")
    for key, name in names.items():
        level = _level(key, names, levels, bases)
        if level and not _HEADING.fullmatch(name):
            quoted = _QUOTED.sub(r"\\\1", name)
            yield f"p[style-name='{quoted}'] => h{level}:fresh"


def _level(key: str, names: dict[str, str], levels: dict[str, str], bases: dict[str, str]) -> int:
    """Return the level of a style's headings, 0 if it makes none."""
    for _ in range(len(names)):  # a style may be based on itself
        name = names.get(key, "")
        if found := _HEADING.fullmatch(name):
            return int(found.group(1)) if int(found.group(1)) <= _LEVELS else 0
        if name.lower() == "title":
            return 1
        if (own := levels.get(key, "")).isdecimal():
            return int(own) + 1 if int(own) < _LEVELS else 0
        if key not in bases:
            break
        key = bases[key]
    return 0
