"""The message in a signed envelope (S/MIME, RFC 8551): signed in one piece, it is not readable text, but not secret."""

from collections.abc import Iterator
from typing import NamedTuple

SIGNED_TYPES = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
"""Media types of signed and of encrypted messages."""

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # the object identifier 1.2.840.113549.1.7.2
_SEQUENCE, _OCTETS, _OCTETS_IN_PIECES, _EXPLICIT = 0x30, 0x04, 0x24, 0xA0
_LONG_TAG, _INDEFINITE, _LONG = 0x1F, 0x80, 0x7F
_END = b"\0\0"
_CONTENT = 2  # after the version and the algorithms
_MAX_DEPTH = 30


class _Element(NamedTuple):
    """An element of BER (X.690): its tag, where its content starts and ends, where the next element is."""

    tag: int
    start: int
    end: int
    after: int


def signed_content(data: bytes) -> bytes | None:
    """Return what a signed-data object (RFC 5652, section 5) carries. None for other data, and for encrypted data."""
    try:
        kind, wrapped = _children(data, _of_tag(_element(data, 0), _SEQUENCE))
        if data[kind.start : kind.end] != _SIGNED_DATA:
            return None
        signed = _only_child(data, _of_tag(wrapped, _EXPLICIT))
        content = list(_children(data, _of_tag(signed, _SEQUENCE)))[_CONTENT]
        _, carried = _children(data, _of_tag(content, _SEQUENCE))
        return b"".join(_octets(data, _only_child(data, _of_tag(carried, _EXPLICIT)))) or None
    except (ValueError, IndexError):
        return None


def _element(data: bytes, at: int, depth: int = 0) -> _Element:
    """Return the element at a place.

    Raises:
        ValueError: It is cut or nested too deeply.
        IndexError: It is cut.
    """
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & _LONG_TAG == _LONG_TAG or depth > _MAX_DEPTH:
        raise ValueError
    if length == _INDEFINITE:
        end = start
        while data[end : end + 2] != _END:
            end = _element(data, end, depth + 1).after
        return _Element(tag, start, end, end + len(_END))
    if length > _LONG:
        size = length & _LONG
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    if start + length > len(data):
        raise ValueError
    return _Element(tag, start, start + length, start + length)


def _children(data: bytes, parent: _Element) -> Iterator[_Element]:
    at = parent.start
    while at < parent.end:
        child = _element(data, at)
        yield child
        at = child.after


def _only_child(data: bytes, parent: _Element) -> _Element:
    [child] = _children(data, parent)
    return child


def _of_tag(element: _Element, tag: int) -> _Element:
    if element.tag != tag:
        raise ValueError
    return element


def _octets(data: bytes, element: _Element) -> Iterator[bytes]:
    """Yield the pieces of a string of bytes."""
    if element.tag == _OCTETS_IN_PIECES:
        for piece in _children(data, element):
            yield data[_of_tag(piece, _OCTETS).start : piece.end]
    else:
        yield data[_of_tag(element, _OCTETS).start : element.end]
