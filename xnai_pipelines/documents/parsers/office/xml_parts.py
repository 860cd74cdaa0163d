"""The parts of an Office package: their XML, their relationships, their text nodes. Runs only in the worker process."""

import re
import zipfile
from collections.abc import Callable, Container, Iterator
from io import BytesIO
from posixpath import dirname, join, normpath
from typing import Any, NamedTuple

_SIGNS = {"tab": " ", "br": " ", "cr": " ", "noBreakHyphen": "-"}
_GROUPS = {"p", "si", "is", "comment", "threadedComment", "cm"}  # what a sheet's comment or a string's runs are in
_DELETED = {"del", "moveFrom"}


class Relationship(NamedTuple):
    """A reference of a part: its kind ("header", "image"), the part or the address that it names, whether outside."""

    id: str
    kind: str
    target: str
    external: bool


def rewritten(data: bytes, parts: Container[str], change: Callable[[bytes], bytes]) -> bytes:
    """Return the package with these parts changed by a function of their bytes."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename in parts else content)
    return stream.getvalue()


def xml_root(xml: bytes) -> Any:  # lxml has no types
    """Return the root of a part. Entities are not expanded and nothing is fetched."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(xml, parser)


def xml_bytes(root: Any) -> bytes:
    """Return a part from its root."""
    from lxml import etree

    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True))


def tag_name(node: Any) -> str:
    """Return an element's name without its namespace, "" for comments and instructions."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def attribute(node: Any, name: str) -> str:
    """Return an attribute by its name without namespace, "" without it."""
    return next((value for key, value in node.attrib.items() if key.rpartition("}")[2] == name), "")


def relationships(package: zipfile.ZipFile, part: str) -> list[Relationship]:
    """Return what a part refers to."""
    try:
        xml = package.read(join(dirname(part), "_rels", part.rpartition("/")[2] + ".rels"))
    except KeyError:
        return []
    found = []
    for node in xml_root(xml):
        kind, target = node.get("Type", "").rpartition("/")[2], node.get("Target", "")
        external = node.get("TargetMode") == "External"
        if not external:
            target = target[1:] if target.startswith("/") else normpath(join(dirname(part), target))
        found.append(Relationship(node.get("Id", ""), kind, target, external))
    return found


def main_part(package: zipfile.ZipFile, usual: str) -> str:
    """Return the name of the document, workbook or presentation itself; most programs give it the usual one."""
    return next((one.target for one in relationships(package, "") if one.kind == "officeDocument"), usual)


def plain_run(beside: Any, words: str) -> Any:
    """Return a new run of text for the paragraph that a node is in."""
    above = (node for node in (beside, *beside.iterancestors()) if tag_name(node) == "p")
    paragraph = next(above, beside.getroottree().getroot())
    namespace = paragraph.tag.rpartition("}")[0] + "}"
    run = beside.makeelement(f"{namespace}r")
    text = run.makeelement(f"{namespace}t")
    text.text = words
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    run.append(text)
    return run


def related(package: zipfile.ZipFile, part: str, kinds: Container[str]) -> Iterator[tuple[str, Relationship]]:
    """Yield the relationships of these kinds, from a part and from the parts found so, with the part that has them."""
    names = set(package.namelist())
    seen, waiting = {part}, [part]
    while waiting:
        name = waiting.pop(0)
        for relationship in relationships(package, name):
            if relationship.kind in kinds and (relationship.external or relationship.target in names - seen):
                yield name, relationship
                if not relationship.external:
                    seen.add(relationship.target)
                    waiting.append(relationship.target)


def paragraphs(root: Any) -> Iterator[list[str]]:
    """Yield the runs of each paragraph that is not deleted. Text of a box belongs to the paragraphs in the box."""
    of_group: dict[Any, list[str]] = {}
    for node in root.iter():
        name = tag_name(node)
        if name in _GROUPS:
            of_group[node] = []
        elif name in {"t", "text"} or name in _SIGNS:
            above = next((parent for parent in node.iterancestors() if tag_name(parent) in _GROUPS), root)
            if not any(tag_name(parent) in _DELETED for parent in node.iterancestors()):
                of_group.setdefault(above, []).append(_SIGNS.get(name) or node.text or "")
    yield from (runs for runs in of_group.values() if any(run.strip() for run in runs))


def joined(runs: list[str]) -> str:
    """Return the runs of a paragraph on one line."""
    return " ".join("".join(runs).split())


def key_of(text: str) -> str:
    """Return the letters and digits of a text in lower case, which no markup changes."""
    return _NOT_WORDS.sub("", text).lower()


_NOT_WORDS = re.compile(r"[\W_]+")
