"""Feeds damaged files of every format to the parsers, through the worker process with small limits.

    python -m tests.support.fuzz --minutes 10 [--seed 0] [--format docx]

Each round takes a small valid file, damages it (bytes flipped, cut, repeated, moved, the end of another file; inside of
zip packages too) and reads it as a run would. It must end with documents, bad records, an `UnreadableError` or a
`SkippedFileError`. The first round that ends otherwise ends the run with code 1; `--seed`, `--format` and `--round`
repeat it. Crashes and timeouts in the worker cost their file only. They are counted, and the first of each is kept.
"""

import argparse
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

from tests.support.fuzz_seeds import seeds
from xnai_pipelines.documents.parsers.isolation import ParserWorker
from xnai_pipelines.documents.parsers.parse import parse_file
from xnai_pipelines.documents.parsers.parsed import ParsedDocument, ParseLimits
from xnai_pipelines.errors import SkippedFileError, UnreadableError

LIMITS = ParseLimits(max_file_bytes=4 * 2**20, seconds=10.0, memory_bytes=2**30, max_text_chars=1_000_000)
WORN_OUT = ("crashed", "timeout", "memory")  # what only the worker bears
CHANGES_OF_A_FILE = (1, 1, 1, 2, 3, 8, 20)
INTERESTING = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\xff\xff\xff\x7f",
    b"<",
    b"&",
    b"{",
    b"\\",
    b"\x80",
)


def flipped(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def replaced(data: bytearray, chance: random.Random) -> None:
    at, sign = chance.randrange(len(data)), chance.choice(INTERESTING)
    data[at : at + len(sign)] = sign


def cut(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.choice((1, 4, 64, len(data)))]


def repeated(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    piece = data[at : at + chance.choice((1, 8, 64, 512))]
    data[at:at] = piece * chance.choice((1, 2, 16, 256))


def moved(data: bytearray, chance: random.Random) -> None:
    at, to = chance.randrange(len(data)), chance.randrange(len(data))
    size = chance.choice((1, 4, 16, 128))
    data[to : to + size] = data[at : at + size]


CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    flipped,
    flipped,
    replaced,
    replaced,
    cut,
    repeated,
    moved,
)


def damaged(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Return the data with some changes; in one of ten cases its end is that of another file."""
    changed = bytearray(data)
    for _ in range(chance.choice(CHANGES_OF_A_FILE)):
        if changed:
            chance.choice(CHANGES)(changed, chance)
    if chance.random() < 0.1:
        changed[chance.randrange(len(changed) + 1) :] = other[chance.randrange(len(other) + 1) :]
    return bytes(changed[: LIMITS.max_file_bytes])


def damaged_inside(package: bytes, other: bytes, chance: random.Random) -> bytes:
    """Return a zip package with one of its parts damaged."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(package)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        chosen = chance.choice(names)
        for name in names:
            part = old.read(name)
            if name == chosen and chance.random() < 0.05:
                continue
            stored = zipfile.ZIP_STORED if name == "mimetype" else None
            new.writestr(name, damaged(part, other, chance) if name == chosen and part else part, stored)
    return stream.getvalue()


def mutant(name: str, files: Mapping[str, bytes], chance: random.Random) -> bytes:
    """Return a damaged file of a format."""
    data, other = files[name], files[chance.choice(sorted(files))]
    inside = data.startswith(b"PK") and chance.random() < 0.8
    return damaged_inside(data, other, chance) if inside else damaged(data, other, chance)


def outcome(path: Path, name: str, worker: ParserWorker) -> str:
    """Return how reading a file ends: "read", "quarantined: KIND" or "skipped: KIND".

    Raises:
        AssertionError: The documents break their contract, or an error has no message.
    """
    try:
        for item in parse_file(path, name, LIMITS, worker):
            if isinstance(item, ParsedDocument):
                assert item.text.strip(), "a document without text"
                places = [*item.headings, *item.pages]
                assert all(0 <= place.start < len(item.text) for place in places), "a place outside of the text"
                assert all(omission.count > 0 for omission in item.omissions), "an omission of nothing"
                item.text.encode()
                item.title.encode()
    except (UnreadableError, SkippedFileError) as error:
        if not str(error):
            raise AssertionError("an error without words") from error
        return f"{'quarantined' if isinstance(error, UnreadableError) else 'skipped'}: {error.kind}"
    return "read"


def rounds(files: Mapping[str, bytes], seed: int, only: str | None, start: int) -> Iterator[tuple[int, str, bytes]]:
    """Yield the number, the file name and the data of each round, the formats in turn."""
    names = sorted(name for name in files if only is None or name.endswith(f".{only}"))
    number = start
    while True:
        name = names[number % len(names)]
        yield number, name, mutant(name, files, random.Random(f"{seed} {number} {name}"))
        number += 1


def fuzz(
    seconds: float, seed: int, only: str | None = None, start: int = 0, keep: Path | None = None, *, least: int = 1
) -> Counter[str]:
    """Read damaged files for so long, at least so many; return how often each outcome came, by format and in all.

    Raises:
        AssertionError: An outcome that no file may have. It names the round.
    """
    files = seeds()
    counts: Counter[str] = Counter()
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder, ParserWorker() as worker:
        for number, name, data in rounds(files, seed, only, start):
            if number - start >= least and time.monotonic() > end:
                break
            path = Path(folder) / name
            path.write_bytes(data)
            try:
                found = outcome(path, name, worker)
            except Exception as error:
                if keep is not None:
                    (keep / f"{number}-{name}").write_bytes(data)
                raise AssertionError(
                    f"round {number} of {name}, seed {seed}: {type(error).__name__}: {error}"
                ) from error
            counts[found] += 1
            counts[f"{name}: {found}"] += 1
            if keep is not None and found.endswith((*WORN_OUT, "failed")) and counts[f"{name}: {found}"] == 1:
                (keep / f"{number}-{found.partition(': ')[2]}-{name}").write_bytes(data)
    return counts


def main() -> int:
    options = argparse.ArgumentParser(description="Read damaged files of every format.")
    options.add_argument("--minutes", type=float, default=10.0, help="how long")
    options.add_argument("--seed", type=int, default=0, help="what the damages are drawn from")
    options.add_argument("--format", help="only this extension")
    options.add_argument("--round", type=int, default=0, help="the first round")
    asked = options.parse_args()
    keep = Path(tempfile.mkdtemp(prefix="fuzz-"))
    try:
        counts = fuzz(asked.minutes * 60, asked.seed, asked.format, asked.round, keep)
    except AssertionError as error:
        print(f"{error}\nThe file is in {keep}", file=sys.stderr)
        return 1
    for found, count in sorted(counts.items()):
        print(f"{count:8,}  {found}")
    print(f"The first files that crashed, timed out or failed by format: {keep}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
