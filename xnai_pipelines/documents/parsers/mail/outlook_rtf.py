"""The packed RTF bodies of Outlook messages (MS-OXRTFCP)."""

from struct import unpack_from

from xnai_pipelines.errors import UnreadableError

_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_PACKED, _PLAIN = 0x75465A4C, 0x414C454D
_HEADER = 16
_WINDOW = 4096


def unpacked_rtf(data: bytes, max_bytes: int) -> bytes:
    """Return the RTF text of a packed body. Packed data that is cut gives the text up to there.

    Raises:
        UnreadableError: "damaged", "too_large".
    """
    if len(data) < _HEADER:
        raise UnreadableError("damaged", "The body of the message is truncated. Export it again.")
    kind = unpack_from("<I", data, 8)[0]
    if kind == _PLAIN:
        return data[_HEADER:]
    if kind != _PACKED:
        raise UnreadableError("damaged", "The body of the message is packed in an unknown way. Export it again.")
    text = bytearray(_DICTIONARY)
    at = _HEADER
    while at < len(data):
        control = data[at]
        at += 1
        for bit in range(8):
            if not control >> bit & 1:
                text += data[at : at + 1]
                at += 1
                continue
            reference = int.from_bytes(data[at : at + 2], "big")
            at += 2
            start, length = reference >> 4, (reference & 0xF) + 2
            if at > len(data) or start == len(text) % _WINDOW:  # a reference to the place itself is the end
                return bytes(text[len(_DICTIONARY) :])
            back = (len(text) - start) % _WINDOW
            for _ in range(length):
                text += text[-back : len(text) - back + 1] if back <= len(text) else b" "
        if len(text) > max_bytes:
            raise UnreadableError("too_large", f"The body of the message has more than {max_bytes:,} bytes.")
    return bytes(text[len(_DICTIONARY) :])
