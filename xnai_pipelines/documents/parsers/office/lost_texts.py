"""What an Office package shows and the text of its body lacks. Runs only in the worker process.

A reader's silence is not proof that it read everything: every text node of the package is held against the text, and
what that lacks follows it. What has no text is counted.
"""

import re
import zipfile
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from xnai_pipelines.documents.parsers.link_targets import target_beside
from xnai_pipelines.documents.parsers.margins import is_page_number
from xnai_pipelines.documents.parsers.office.charts import chart_text
from xnai_pipelines.documents.parsers.office.xml_parts import (
    attribute,
    joined,
    key_of,
    paragraphs,
    related,
    relationships,
    tag_name,
    xml_root,
)
from xnai_pipelines.documents.parsers.omitted import Omitted
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line

# Parts with text, by the name of their root, and what their text is called after the body's.
_LABELS = {
    "document": "",
    "footnotes": "",
    "endnotes": "",
    "sld": "",
    "hdr": "Header",
    "ftr": "Footer",
    "notes": "Notes",
    "comments": "Comment",
    "cmLst": "Comment",
    "dataModel": "Diagram",
    "drawing": "Diagram",  # as drawn: the same words, if the data model is lost too
    "chartSpace": "Chart",
    "wsDr": "Text box",
    "userShapes": "Text box",
}
# Relations to parts that show something. Layouts and masters only say where.
_SHOWN = {
    *("chart", "chartEx", "chartUserShapes", "comments", "diagramData", "diagramDrawing", "drawing", "notesSlide"),
    *("header", "footer", "footnotes", "endnotes"),
}
_WITHOUT_TEXT = {
    "control": "control of a form",
    "ctrlProp": "control of a form",
    "video": "sound or film",
    "audio": "sound or film",
}
_OLD_SHAPES = {"shape", "group", "rect", "roundrect", "oval", "line"}  # of VML
_PAGED = {"Header", "Footer", "Notes"}
_COMMENTS = {"comment", "cm"}
_WORD = re.compile(r"[^\W_]+")
_FILE_NAME = re.compile(r"\S+\.\w{3,4}")
_SHORT = 12  # letters; a shorter text can be part of another by chance
_ANCHOR = 4
_LONGEST_COMMENT = 10_000


class _Carried:
    """The letters and words of a text, to hold paragraphs against."""

    def __init__(self, text: str) -> None:
        self._key = key_of(text)
        # both: words within marks, and words that marks divide
        self._words = frozenset(map(key_of, [*text.split(), *_WORD.findall(text)]))

    def has(self, runs: list[str]) -> bool:
        """Return whether the text carries a paragraph, as it stands or run by run with marks between them."""
        whole = normalise("".join(runs))
        key = key_of(whole)
        if len(key) < _SHORT:
            return all(word in self._words for word in map(key_of, whole.split()) if word)
        if key in self._key:
            return True
        keys = [run for run in map(key_of, map(normalise, runs)) if run]
        return max(map(len, keys)) >= _ANCHOR and all(run in self._key for run in keys)


def lost_texts(parts: Iterable[Any], text: str, *, read: Container[str] = ()) -> list[str]:
    """Return what these parts show and the text lacks: paragraphs of the body, then other parts with their label.

    Parts whose label is in `read` are in the text already. Comments, headers and footers never are otherwise.
    """
    carried = _Carried(text)
    found: list[str] = []
    for root in parts:
        label = _LABELS.get(tag_name(root))
        if label is None or label in read:
            continue
        if label == "":
            found += lost_paragraphs(root, carried)
        elif label == "Comment":
            found += _comments(root)
        elif label == "Chart":
            found += _labelled("Chart", chart_text(root), carried)
        else:
            words = "\n".join(joined(runs) for runs in paragraphs(root))
            found += _labelled(label, words, None if label in {"Header", "Footer"} else carried)
        found += (f"Picture: {words}" for words in _descriptions(root) if not carried.has([words]))
        if found:  # each section has headers of its own, often the same
            found = list(dict.fromkeys(found))
    return found


def shown_parts(package: zipfile.ZipFile, part: str, omitted: Omitted) -> list[Any]:
    """Return the roots of a part and of what it shows: comments, diagrams, charts, notes and drawings.

    What has no text there is counted: pictures, films, damaged parts. Embedded files are documents of their own.
    """
    from lxml.etree import LxmlError

    names = [part]
    for _, relationship in related(package, part, _SHOWN | _WITHOUT_TEXT.keys()):
        if relationship.kind in _SHOWN and not relationship.external:
            names.append(relationship.target)
        elif relationship.kind in _WITHOUT_TEXT:
            omitted.add(_WITHOUT_TEXT[relationship.kind], relationship.target.rpartition("/")[2])
    roots = []
    for name in names:
        try:
            roots.append(xml_root(package.read(name)))
            if name != part:  # the reader of the format shows those of its body
                _put_targets(roots[-1], {one.id: one.target for one in relationships(package, name) if one.external})
        except (LxmlError, zipfile.BadZipFile):
            omitted.add("damaged part", name)
    for picture in (name for root in roots for name in _pictures_without_words(root)):
        omitted.add("picture without a description", picture)
    return roots


def _put_targets(root: Any, targets: Mapping[str, str]) -> None:
    """Write the address of each link after its words."""
    for node in root.iter() if targets else ():
        name = tag_name(node)
        if name in {"hyperlink", "hlinkClick"} and (target := targets.get(attribute(node, "id"))):
            holders = {"r", "sp"} if name == "hlinkClick" else {"hyperlink"}
            holder = next((one for one in (node, *node.iterancestors()) if tag_name(one) in holders), node)
            texts = [one for one in holder.iter() if tag_name(one) == "t"]
            if texts:
                words = "".join(one.text or "" for one in texts)
                texts[-1].text = (texts[-1].text or "") + target_beside(words, target)


def lost_paragraphs(root: Any, carried: "_Carried | str") -> list[str]:
    """Return the paragraphs of a part that a text does not carry."""
    held = _Carried(carried) if isinstance(carried, str) else carried
    return [normalise("".join(runs)).strip() for runs in paragraphs(root) if not held.has(runs)]


def _comments(root: Any) -> Iterator[str]:
    for comment in root:
        if tag_name(comment) in _COMMENTS:
            author = attribute(comment, "author")
            words = " ".join(joined(runs) for runs in paragraphs(comment))
            if words:
                named = f"Comment{f' ({author})' if author else ''}: {words}"
                yield single_line(normalise(named), longest=_LONGEST_COMMENT)


def _labelled(label: str, words: str, carried: _Carried | None) -> Iterator[str]:
    """Yield the text of a part if one of its lines is lost. Numbers of pages alone are left out."""
    is_lost = carried is None or not all(carried.has([line]) for line in words.split("\n"))
    if is_lost and not (label in _PAGED and is_page_number(words)):
        yield f"{label}: {normalise(words)}"


def description(words: str) -> str:
    """Return the author's description of a picture, "" if it is a file's name."""
    line = single_line(words)
    return "" if _FILE_NAME.fullmatch(line) else line


def _descriptions(root: Any) -> Iterator[str]:
    """Yield what an author says of the pictures, charts, groups and tables of a part, and the words of a watermark."""
    for node in root.iter():
        name = tag_name(node)
        if name in {"docPr", "cNvPr"}:
            yield normalise(description(attribute(node, "descr")))
        elif name == "textpath":
            yield normalise(attribute(node, "string"))
        elif name in _OLD_SHAPES:
            yield normalise(description(attribute(node, "alt")))


def _pictures_without_words(root: Any) -> Iterator[str]:
    """Yield the name of each picture that its author did not describe."""
    for node in root.iter():
        if tag_name(node) == "pic":
            holder = next((above for above in node.iterancestors() if tag_name(above) in {"inline", "anchor"}), node)
            named = [one for one in holder.iter() if tag_name(one) in {"docPr", "cNvPr"}]
            if named and not any(description(attribute(one, "descr") or attribute(one, "title")) for one in named):
                yield attribute(named[0], "name")
