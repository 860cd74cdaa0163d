"""XML to a tree, for files that nobody vouches for: no entities, nothing fetched, bounded depth."""

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, TreeBuilder  # only its classes: expat reads, as set up here
from xml.parsers import expat

from xnai_pipelines.errors import UnreadableError

_MAX_DEPTH = 200
_BREAKS = {"br", "lb"}  # of lines: words before and after one are two


def local_name(name: str) -> str:
    """Return a name without its namespace, which stands before "}"."""
    return name.rpartition("}")[2]


def xml_tree(data: bytes | str, named: Callable[[str], str] = local_name) -> Element:
    """Return the root of an XML document.

    A document that declares entities is refused: they are how a small file swells (billion laughs, quadratic blowup)
    and how it asks for other files. The external part of a document type is never opened.

    Args:
        data: The document. Text counts as decoded, whatever encoding it declares.
        named: Function from "namespace}name" of an element or attribute to the name in the tree.

    Raises:
        ExpatError: It is not well-formed.
        UnreadableError: "damaged" if it declares entities, "too_deep".
    """
    builder = TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise UnreadableError("too_deep", f"The XML is nested more than {_MAX_DEPTH} levels deep. Flatten it.")
        if local_name(tag).lower() in _BREAKS:
            builder.data(" ")
        builder.start(named(tag), {named(name): value for name, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(named(tag))

    reader = expat.ParserCreate("utf-8" if isinstance(data, str) else None, "}")
    reader.buffer_text = True
    reader.StartElementHandler = start
    reader.EndElementHandler = end
    reader.CharacterDataHandler = builder.data
    reader.EntityDeclHandler = _refuse
    reader.Parse(data, True)
    return builder.close()


def words_of(node: Element) -> str:
    """Return all text in an element on one line."""
    return " ".join("".join(node.itertext()).split())


def children(node: Element | None, *names: str) -> Iterator[Element]:
    """Yield the children with one of the names, none of None."""
    yield from (child for child in node if child.tag in names) if node is not None else ()


def _refuse(*declared: object) -> None:
    raise UnreadableError(
        "damaged",
        f"The XML declares the entity {declared[0]!r}. Entities are not read: write their text instead.",
    )
