"""A writer of compound files (MS-CFB), and of the smallest .doc, .xls, .ppt and .msg in them."""

import struct
from collections.abc import Mapping, Sequence

SECTOR, MINI_SECTOR, CUTOFF, ENTRY = 512, 64, 4096, 128
END, FREE, FAT_SECTOR, NOTHING = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
ROOT, STORAGE, STREAM = 5, 1, 2


def compound(streams: Mapping[str, bytes]) -> bytes:
    """A compound file with these streams; "/" in a name stands for a storage."""
    paths: list[str] = [""]
    for name in streams:
        parts = name.split("/")
        paths += ["/".join(parts[:at]) for at in range(1, len(parts) + 1)]
    paths = list(dict.fromkeys(paths))
    fat: list[int] = []
    mini_fat: list[int] = []
    mini, sectors = b"", b""

    def put(data: bytes) -> int:
        nonlocal sectors
        first, count = len(fat), -(-len(data) // SECTOR)
        fat.extend([*range(first + 1, first + count), END] if count else [])
        sectors += data.ljust(count * SECTOR, b"\0")
        return first if count else END

    starts: dict[str, int] = {}
    for name, data in streams.items():
        if len(data) >= CUTOFF:
            starts[name] = put(data)
        else:
            first, count = len(mini_fat), -(-len(data) // MINI_SECTOR)
            mini_fat += [*range(first + 1, first + count), END] if count else []
            mini += data.ljust(count * MINI_SECTOR, b"\0")
            starts[name] = first if count else END
    root_start = put(mini)
    mini_fat_start = put(struct.pack(f"<{len(mini_fat)}I", *mini_fat).ljust(-(-len(mini_fat) // 128) * SECTOR, b"\xff"))
    directory = b""
    for path in paths:
        kids = sorted(
            (other for other in paths if other and other.rpartition("/")[0] == path and other != path),
            key=lambda other: (len(other.rpartition("/")[2]), other.upper()),
        )
        siblings = sorted(
            (other for other in paths if other and other.rpartition("/")[0] == path.rpartition("/")[0]),
            key=lambda other: (len(other.rpartition("/")[2]), other.upper()),
        )
        at = siblings.index(path) if path else 0
        right = paths.index(siblings[at + 1]) if path and at + 1 < len(siblings) else NOTHING
        name = (path.rpartition("/")[2] or "Root Entry").encode("utf-16-le")
        kind = ROOT if not path else STREAM if path in streams else STORAGE
        start = root_start if kind == ROOT else starts.get(path, 0)
        size = len(mini) if kind == ROOT else len(streams.get(path, b""))
        directory += struct.pack(
            "<64sHBBIII16sIQQIQ",
            *(name + b"\0\0", len(name) + 2, kind, 1, NOTHING, right),
            *(paths.index(kids[0]) if kids else NOTHING, b"", 0, 0, 0, start, size),
        )
    directory_start = put(directory.ljust(-(-len(directory) // SECTOR) * SECTOR, b"\0"))
    fat_start = len(fat)
    count = -(-(len(fat) + 1) // (SECTOR // 4))
    count = -(-(len(fat) + count) // (SECTOR // 4))
    fat += [FAT_SECTOR] * count
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(count * SECTOR, b"\xff")
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, count, directory_start, 0, CUTOFF),
        *(mini_fat_start if mini_fat else END, -(-len(mini_fat) // 128), END, 0),
    )
    places = [fat_start + at for at in range(count)] + [FREE] * (109 - count)
    return header + struct.pack("<109I", *places) + sectors + table


def doc(paragraphs: Sequence[tuple[str, int]], *, hidden: str = "", flags: int = 0, version: int = 0xC1) -> bytes:
    """A Word file. Each paragraph has its text with its mark, and a style number (1 to 9 are headings).

    The second half is stored as UTF-16, the first as bytes of Western Europe. The letters of `hidden` are hidden.
    """
    text = "".join(words for words, _ in paragraphs)
    half = len(text) // 2
    starts, at = [], 0x800
    first, second = text[:half].encode("cp1252", "replace"), text[half:].encode("utf-16-le", "surrogatepass")
    offsets = [at + place if place < half else at + half + (place - half) * 2 for place in range(len(text) + 1)]
    place = 0
    for words, _ in paragraphs:
        starts.append(offsets[place])
        place += len(words)
    styles = [struct.pack("<BH", 2, style) + b"\0" for _, style in paragraphs]
    paragraph_page = _page([*starts, offsets[-1]], styles, 13)
    begin = text.find(hidden) if hidden else 0
    end = begin + len(hidden)
    spans = [offsets[0], offsets[begin], offsets[end], offsets[-1]]
    character_page = _page(spans, [b"", struct.pack("<BHB", 3, 0x083C, 1) if hidden else b"", b""], 1)
    clx = b"\2" + struct.pack("<I", 12 + 16) + struct.pack("<3I", 0, half, len(text))
    clx += struct.pack("<HIH", 0, at * 2 | 0x40000000, 0) + struct.pack("<HIH", 0, at + half, 0)
    table = clx + struct.pack("<III", 0, 0xFFFFFFFF, 2) + struct.pack("<III", 0, 0xFFFFFFFF, 3)
    fib = bytearray(0x400)
    struct.pack_into("<HH", fib, 0, 0xA5EC, version)
    struct.pack_into("<H", fib, 0x0A, flags)
    struct.pack_into("<i", fib, 0x4C, len(text))
    struct.pack_into("<II", fib, 0x1A2, 0, len(clx))
    struct.pack_into("<II", fib, 0x102, len(clx), 12)
    struct.pack_into("<II", fib, 0xFA, len(clx) + 12, 12)
    main = bytes(fib) + paragraph_page + character_page + first + second
    return compound({"WordDocument": main, "0Table": table})


def _page(offsets: Sequence[int], formats: Sequence[bytes], entry: int) -> bytes:
    page = bytearray(SECTOR)
    struct.pack_into(f"<{len(offsets)}I", page, 0, *offsets)
    end = SECTOR - 2
    for number, data in enumerate(formats):
        if data:
            end = (end - len(data)) // 2 * 2
            page[end : end + len(data)] = data
            page[len(offsets) * 4 + number * entry] = end // 2
    page[-1] = len(formats)
    return bytes(page)


def xls(sheets: Mapping[str, Sequence[Sequence[str | float]]]) -> bytes:
    """A workbook of BIFF8 with texts and numbers."""
    bodies = []
    for rows in sheets.values():
        body = _biff(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
        for row, cells in enumerate(rows):
            for column, value in enumerate(cells):
                if isinstance(value, str):
                    data = struct.pack("<HHHHB", row, column, 0, len(value), 1) + value.encode("utf-16-le")
                    body += _biff(0x204, data)
                else:
                    body += _biff(0x203, struct.pack("<HHHd", row, column, 0, value))
        bodies.append(body + _biff(0x0A, b""))
    names = [name.encode("latin-1") for name in sheets]
    start = _biff(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + _biff(0x42, struct.pack("<H", 1200))
    start += _biff(0x31, struct.pack("<HHHHHBBBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0, 5, 0) + b"Arial")
    start += _biff(0xE0, struct.pack("<HHHBBBBIIH", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    size = len(start) + sum(12 + len(name) for name in names) + 4
    for name, body in zip(names, bodies, strict=True):
        start += _biff(0x85, struct.pack("<IBBBB", size, 0, 0, len(name), 0) + name)
        size += len(body)
    return compound({"Workbook": (start + _biff(0x0A, b"") + b"".join(bodies)).ljust(CUTOFF, b"\0")})


def _biff(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def ppt(slides: Sequence[tuple[str, str, str]], *, edits_loop: bool = False, token: int = 0xE391C05F) -> bytes:
    """A presentation: title in the outline, a text in a shape, notes."""
    stream, places = b"", []
    listed, noted = b"", b""
    for number, (title, _, _) in enumerate(slides):
        listed += _record(1011, struct.pack("<IIIII", 2 + number * 2, 0, 0, 256 + number, 0))
        listed += _record(3999, struct.pack("<I", 0)) + _record(4000, title.encode("utf-16-le"))
        noted += _record(1011, struct.pack("<IIIII", 3 + number * 2, 0, 0, 512 + number, 0))
    document = _record(1000, _record(4080, listed, 0xF, 0) + _record(4080, noted, 0xF, 2), 0xF)
    places.append(len(stream))
    stream += document
    for number, (_, words, notes) in enumerate(slides):
        shown = (
            _record(3998, struct.pack("<I", 0)) + _record(3999, struct.pack("<I", 4)) + _record(4008, words.encode())
        )
        atom = _record(1007, struct.pack("<12xIIII", 0, 512 + number, 0, 0))
        said = _record(4026, "Ann".encode("utf-16-le")) + _record(4026, "check".encode("utf-16-le"), 0, 1)
        tags = _record(5000, _record(5002, _record(5003, _record(12000, said, 0xF)), 0xF), 0xF) if notes else b""
        places.append(len(stream))
        stream += _record(1006, atom + tags + _record(0xF00D, shown, 0xF) + _record(0xF00A, bytes(8), 2, 75), 0xF)
        spoken = _record(3999, struct.pack("<I", 2)) + _record(4000, notes.encode("utf-16-le"))
        places.append(len(stream))
        stream += _record(1008, _record(0xF00D, spoken, 0xF), 0xF)
    directory = len(stream)
    stream += _record(6002, struct.pack(f"<I{len(places)}I", len(places) << 20 | 1, *places))
    edit = len(stream)
    before = edit if edits_loop else 0
    stream += _record(4085, struct.pack("<IIIIII", 0, 0, before, directory, 1, 0))
    user = _record(4086, struct.pack("<III", 0x14, token, edit))
    return compound({"PowerPoint Document": stream.ljust(CUTOFF, b"\0"), "Current User": user})


def _record(kind: int, data: bytes, version: int = 0, instance: int = 0) -> bytes:
    return struct.pack("<HHI", version | instance << 4, kind, len(data)) + data


def msg(streams: Mapping[str, bytes], sent: int = 0) -> bytes:
    """A message with these properties by their names after "__substg1.0_", texts as UTF-16."""
    fixed = bytes(32) + struct.pack("<HHIQ", 0x40, 0x39, 0, sent)
    named = {
        "/".join(part if part.startswith("__") else f"__substg1.0_{part}" for part in name.split("/")): data
        for name, data in streams.items()
    }
    return compound({"__properties_version1.0": fixed, **named})
