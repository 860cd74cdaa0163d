"""The corpora of the benchmarks, from DATA into a folder."""

import tarfile
from pathlib import Path

import zstandard

ARCHIVES = ("fastapi-docs", "pytest-docs")
UNPACKED_LIMIT = 256 * 2**20  # bytes; the two archives hold 15 MB


def write_scifact(data: Path, folder: Path, documents: int | None = None) -> Path:
    """Write SciFact's first abstracts, or all, as one JSON Lines file; return the folder."""
    folder.mkdir(parents=True)
    lines = (data / "scifact/documents/corpus.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "corpus.jsonl").write_text("".join(lines[:documents]), encoding="utf-8")
    return folder


def unpack_library_docs(data: Path, folder: Path) -> Path:
    """Unpack the English documentation of FastAPI and that of pytest; return the folder.

    Raises:
        ValueError: An archive unpacks to more than 256 MB.
        tarfile.FilterError: A member would land outside the folder, or is no plain file.
    """
    for name in ARCHIVES:
        left = UNPACKED_LIMIT
        with (data / f"{name}.tar.zst").open("rb") as packed:
            stream = zstandard.ZstdDecompressor().stream_reader(packed)
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    left -= member.size
                    if left < 0:
                        raise ValueError(f"{name}.tar.zst unpacks to more than {UNPACKED_LIMIT} bytes: not the docs.")
                    if name != "fastapi-docs" or "/docs/en/" in member.name:
                        archive.extract(member, folder / name, filter="data")
    return folder
