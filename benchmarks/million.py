"""A home of any number of synthetic passages: processor time, memory and time of what people and schedules do with it.

    python -m benchmarks.million --like HOME [--documents 1000] [--copies 96] [--folder FOLDER] [--steps ingest search]

The documents are made of the passages of an ingested home, see `synthetic`; most are copies of documents that were read
and cut, see `copies`. With `--folder` they and their home are kept there, and later calls measure further steps.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.copies import multiply
from benchmarks.pipeline import RULES, Ingest, Pipeline
from benchmarks.synthetic import Pattern, StandIn, place_of
from xnai_pipelines.backups.make import back_up
from xnai_pipelines.backups.places import open_place
from xnai_pipelines.backups.retention import Retention
from xnai_pipelines.backups.seal import Checksum
from xnai_pipelines.chunks.tokens import TokenCounter
from xnai_pipelines.defs.chunks import no_orphan_chunks, offsets_hold
from xnai_pipelines.defs.documents import nothing_lost
from xnai_pipelines.defs.embeddings import no_orphan_embeddings, vectors_are_sound
from xnai_pipelines.defs.metadata import rows_revision
from xnai_pipelines.defs.resources import StoresResource
from xnai_pipelines.doctor.examine import examine
from xnai_pipelines.documents.plan import DocumentsRequest, plan
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.source import tokenizer_file
from xnai_pipelines.releases.maintain import maintain
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode
from xnai_pipelines.settings import Settings
from xnai_pipelines.state.context import Progress, StageContext
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.locks import sole_writer
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS
from xnai_pipelines.state.tables import Tables
from xnai_pipelines.status import home_status

EDITED = 100  # documents
WARM_UP = 20  # questions
LEVELS = (Mode.VECTOR, Mode.KEYWORD, Mode.HYBRID)
CHECKS = (nothing_lost, offsets_hold, no_orphan_chunks, vectors_are_sound, no_orphan_embeddings)


def main() -> None:
    """Print a JSON line for each thing that is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--like", type=Path, required=True, help="ingested home whose passages are recombined")
    parser.add_argument("--documents", type=int, default=1_000, help="that are read and cut")
    parser.add_argument("--copies", type=int, default=96, help="of each, written into the tables")
    parser.add_argument("--without-vectors", type=int, default=5, help="copies that are left to the embeddings stage")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="where documents, home and backups are kept")
    parser.add_argument("--steps", nargs="+", choices=list(STEPS), default=list(STEPS))
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="xnai-bench-") as temporary:
        folder = arguments.folder or Path(temporary)
        work = _Work(arguments.like, folder, arguments.documents, arguments.copies, arguments.without_vectors)
        work.questions = arguments.questions
        for step in arguments.steps:
            STEPS[step](work)


class _Work:
    """The documents and their home."""

    def __init__(self, like: Path, folder: Path, read: int, copies: int, without_vectors: int) -> None:
        self.folder, self.read, self.number = folder, read, read * (1 + copies)
        self.copies, self.embedded = copies, copies - without_vectors
        self.questions = 200
        self.documents, self.home = folder / "documents", Home(folder / "home")
        self.pattern = Pattern.of(like)
        self.home.models.parent.mkdir(parents=True, exist_ok=True)
        source = Home(like)
        release = Releases(source.releases).require()
        self.encoder = source.models / release.vector_space
        if not self.home.models.exists():
            self.home.models.symlink_to(source.models.resolve())

    def pipeline(self) -> Pipeline:
        context = StageContext(self.home, Tables.of(self.home), "benchmark", Progress(print, bar=False))
        encoder = StandIn.of(Encoder.load(self.encoder, 1), self.pattern)
        settings = Settings()
        tokens = TokenCounter(tokenizer_file(self.encoder))
        return Pipeline(context, encoder, tokens, settings.chunking, settings.exact_search_rows)

    def edit(self, first: int) -> None:
        """Add a sentence to 100 documents, from the first one on."""
        for number in range(first, self.number - 1, max(1, self.number // EDITED)):
            with (self.documents / place_of(number)).open("a", encoding="utf-8") as file:
                file.write(f"\nThis was added at {time.time_ns()}.\n")

    def stores(self) -> StoresResource:
        return StoresResource(home=str(self.home.root), exact_search_rows=Settings().exact_search_rows)


def _ingest(work: _Work) -> None:
    with measured("write the documents"):
        for number in range(work.read):
            work.pattern.write(work.documents, number)
    _run(work, "first run")


def _copy(work: _Work) -> None:
    context = work.pipeline().context
    with measured(f"{work.copies} copies"), sole_writer(work.home, print):
        multiply(context, work.documents, work.pattern, copies=work.copies, embedded=work.embedded)


def _embed(work: _Work) -> None:
    _run(work, "run that embeds what is left")


def _edit(work: _Work) -> None:
    _run(work, "run with nothing changed")
    work.edit(0)
    with measured("plan"):
        plan(Tables.of(work.home), work.documents, RULES, DocumentsRequest())
    _run(work, f"run with {EDITED} documents edited")
    max(work.documents.rglob("*.md")).unlink()
    _run(work, "run with one document deleted")


def _run(work: _Work, what: str) -> None:
    made = work.pipeline()
    with measured(what, stage="all") as figures:
        ingest = made.ingest(work.documents)
        figures |= _counts(ingest)


def _counts(ingest: Ingest) -> dict[str, Any]:
    index = ingest.embeddings.vector_index
    return {
        "documents_written": ingest.documents.written,
        "chunks": ingest.embeddings.vectors,
        "encoded": ingest.embeddings.encoded,
        "stages": [round(s.seconds, 1) for s in (ingest.documents, ingest.chunks, ingest.embeddings)],
        "vector_search": asdict(index) if index else "exact",
    }


def _search(work: _Work) -> None:
    generator = np.random.default_rng(1)
    passages = generator.choice(len(work.pattern.sentences), work.questions + WARM_UP, replace=False)
    questions = [" ".join(work.pattern.sentences[one][-1].split()[:10]) for one in passages]
    with measured("open the index"):
        index = SearchIndex.open(work.home.root, threads=1)
        index.search(questions[0], 10)
    for mode in LEVELS:
        for question in questions[:WARM_UP]:
            index.search(question, 10, mode)
        with measured("searches", mode=str(mode)) as figures:
            figures |= _latency(index, questions[WARM_UP:], mode)
    if index.candidates:
        exact = index.exact()
        for mode in (Mode.VECTOR, Mode.HYBRID):
            with measured("exact searches", mode=str(mode)) as figures:
                figures |= _latency(exact, questions[WARM_UP:], mode)
                figures |= {"recall_at_10": _recall(index, exact, questions[WARM_UP:], mode)}


def _recall(index: SearchIndex, exact: SearchIndex, questions: list[str], mode: Mode) -> float:
    pairs = [({c.row for c in one.rank(q, 10, mode)} for one in (index, exact)) for q in questions]
    return round(float(np.mean([len(a & b) / len(b) for a, b in map(tuple, pairs)])), 4)


def _latency(index: SearchIndex, questions: list[str], mode: Mode) -> dict[str, list[float]]:
    """Return p50 and p95 of wall and processor milliseconds of a search for 10 results."""
    times = []
    for question in questions:
        wall, processor = time.perf_counter(), time.process_time()
        index.search(question, 10, mode)
        times.append([time.perf_counter() - wall, time.process_time() - processor])
    found = 1000 * np.percentile(times, [50, 95], axis=0)
    return {"wall_ms": found[:, 0].round(1).tolist(), "processor_ms": found[:, 1].round(1).tolist()}


def _look(work: _Work) -> None:
    stores = work.stores()
    for check in CHECKS:
        with measured(f"check {check.__name__}") as figures:
            figures["passed"] = bool(check(stores).passed)
    for spec, key in ((DOCUMENTS, "document_id"), (CHUNKS, "chunk_id")):
        with measured(f"revision of {spec.name}"):
            rows_revision(stores.tables, spec, [key, "revision"])
    with measured("xnai status"):
        home_status(work.home)
    with measured("xnai doctor") as figures:
        found = examine(work.home, max_backup_hours=1e9, max_drill_days=1e9)
        figures["found"] = [f"{one.kind} {one.what}" for one in found]


def _maintain(work: _Work) -> None:
    with measured("maintenance"):
        maintain(work.pipeline().context, kept_releases=2)


def _backup(work: _Work) -> None:
    place, rules = open_place(str(work.folder / "backups")), Retention()
    with measured("backup") as figures:
        figures["bytes_written"] = back_up(work.home, place, Checksum(), rules).bytes_written
    work.edit(1)
    _run(work, f"run with {EDITED} documents edited")
    with measured(f"backup after {EDITED} edits") as figures:
        report = back_up(work.home, place, Checksum(), rules)
        figures |= {"bytes": report.bytes, "bytes_written": report.bytes_written}


STEPS: dict[str, Callable[[_Work], None]] = {
    "ingest": _ingest,
    "copy": _copy,
    "embed": _embed,
    "edit": _edit,
    "search": _search,
    "look": _look,
    "maintain": _maintain,
    "backup": _backup,
}


@contextmanager
def measured(what: str, **more: Any) -> Iterator[dict[str, Any]]:
    """Print seconds, processor seconds and peak memory of the block; the figures that it adds too."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins again
    wall, processor = time.perf_counter(), _processor()
    figures: dict[str, Any] = {}
    yield figures
    print(
        json.dumps(
            {
                "what": what,
                "wall_s": round(time.perf_counter() - wall, 1),
                "processor_s": round(_processor() - processor, 1),
                "peak_mb": _peak_bytes() // 10**6,
                **more,
                **figures,
            }
        ),
        flush=True,
    )


def _processor() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak_bytes() -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
