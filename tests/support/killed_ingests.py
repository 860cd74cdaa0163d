"""Ingests in processes of their own, to kill; and what two homes differ in."""

import os
import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.processes import event, start_process
from tests.support.workplace import Workplace
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.state.tables import kill_after

WORDS = [
    "rain",
    "copper",
    "whale",
    "chess",
    "bread",
    "glacier",
    "violin",
    "tax",
    "river",
    "engine",
    "orchard",
    "lantern",
]


def start(work: Workplace, commits: int | None = None) -> ForkServerProcess:
    """Start an ingest in a process of its own, which dies after so many commits; return once its stages begin."""
    begun = event()
    process = start_process(ingest, work.home.root.parent, work.documents, work.encoder.spec.source, commits, begun)
    while not begun.wait(0.1):
        assert process.is_alive() or begun.is_set(), "the process ended before its stages began"
    return process


def copied(work: Workplace, root: Path) -> Workplace:
    """Return a workplace at `root` with a copy of the home and the same folder of documents.

    The files of tables are links: LanceDB never writes into a file that it has written.
    """

    def copy(source: str, target: str) -> None:
        try:
            (os.link if work.home.lancedb in Path(source).parents else shutil.copy2)(source, target)
        except OSError:  # another file system
            shutil.copy2(source, target)

    shutil.copytree(work.home.root, root / "home", symlinks=True, copy_function=copy)
    return Workplace(root, work.encoder, work.documents)


@dataclass(frozen=True, slots=True)
class Held:
    """What the tables of a workplace hold."""

    content: dict[str, dict[str, dict[str, Any]]]
    vectors: dict[str, list[float]]


def held(work: Workplace) -> Held:
    """Return what a workplace whose tables are whole holds."""
    stored = work.check_whole()
    vectors = {key: row["vector"] for key, row in stored[work.embeddings.name].items()}
    return Held(work.content(stored), vectors)


def differences(work: Workplace, expected: Held) -> list[str]:
    """Return in what the tables of a workplace differ from those expected; nothing where they are whole and equal."""
    found = []
    now = held(work)
    ours, theirs = now.content, expected.content
    if ours.keys() != theirs.keys():
        found.append(f"tables {sorted(ours.keys() ^ theirs.keys())}")
    for table in ours.keys() & theirs.keys():
        keys = ours[table].keys() | theirs[table].keys()
        wrong = [key for key in sorted(keys) if ours[table].get(key) != theirs[table].get(key)]
        found += [f"{table} {key}: {ours[table].get(key)} != {theirs[table].get(key)}" for key in wrong[:3]]
    return found or _different_vectors(now.vectors, expected.vectors)


def _different_vectors(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    # each passage is encoded alone, so that its vector does not depend on which run made it
    return [f"vector {key}" for key in ours if not np.allclose(ours[key], theirs[key], rtol=0, atol=1e-6)]


def change(work: Workplace, generator: random.Random) -> None:
    """Change the folder: files and records added, edited, renamed and deleted, some of them bad."""

    def sentence() -> str:
        return " ".join(generator.choices(WORDS, k=generator.randint(3, 40))) + ".\n"

    def records() -> str:
        keys = generator.sample(range(12), generator.randint(2, 10))
        bad = ["not json\n"] * generator.randint(0, 2)
        return "".join([f'{{"_id": "{key}", "text": "{sentence().strip()}"}}\n' for key in keys] + bad)

    for number in generator.sample(range(14), 6):
        path = work.documents / f"{number}.md"
        match generator.choice(["write", "write", "rename", "delete", "break"]):
            case "write":
                work.write(path.name, f"# Part {number}\n\n{sentence()}\n## More\n\n{sentence()}")
            case "break":
                work.write(path.name, b"")
            case "rename" if path.exists():
                path.replace(work.documents / f"{generator.randrange(14)}.md")
            case "delete":
                path.unlink(missing_ok=True)
    work.write("always.txt", sentence())
    if generator.random() < 0.7:
        work.write("corpus.jsonl", records())


def ingest(root: Path, documents: Path, encoder: Path, commits: int | None, begun: Event) -> None:
    """Run the stages with small commits."""
    commit_often()
    work = Workplace(root, Encoder.load(encoder, threads=1), documents)
    begun.set()
    work.ingest(committed=kill_after(commits), allow_vanishing=True)


def commit_often() -> None:
    """Have this process commit a few rows at a time, so that there are many moments between two commits."""
    from xnai_pipelines.chunks import make as chunks
    from xnai_pipelines.documents import file_reader
    from xnai_pipelines.search import make as embeddings
    from xnai_pipelines.state import tables as store

    file_reader.ROWS_IN_COMMIT = chunks.DOCUMENTS_IN_COMMIT = embeddings.CHUNKS_IN_COMMIT = 2
    store.LISTED = 1
