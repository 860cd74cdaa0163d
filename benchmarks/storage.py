"""Documents and chunks in Lance against raw text and Parquet: bytes, and milliseconds to store one and to get it back.

    python -m benchmarks.storage --data DATA [--documents 500]

Every text is compared, byte by byte, with what reading the source again gives. Besides what the pipeline stores now,
copies are measured in which Lance compresses the texts with zstd.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpora import unpack_library_docs, write_scifact
from benchmarks.pipeline import RULES, Pipeline, pipeline
from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.documents.file_reader import ROWS_IN_COMMIT
from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.documents.make import ingest_documents
from xnai_pipelines.documents.parsers.isolation import ParserWorker
from xnai_pipelines.documents.parsers.parse import parse_file
from xnai_pipelines.documents.parsers.parsed import ParsedDocument
from xnai_pipelines.documents.plan import DocumentsRequest
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.errors import SkippedFileError, UnreadableError
from xnai_pipelines.state.claim import Inputs
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS, TableSpec
from xnai_pipelines.state.tables import Tables

SMALLER, STORE_MS, RETRIEVE_MS = 2.5, 15, 10  # the source material's promises
RETRIEVED = 200
ALONE = 30
ZSTD = {"lance-encoding:compression": "zstd"}
MINIBLOCK = {"lance-encoding:structural-encoding": "miniblock"}
LANCE_COPIES = {"Lance, zstd": ZSTD, "Lance, zstd, miniblock": ZSTD | MINIBLOCK}
LONG_COLUMNS = ("text", "passage")

Row = dict[str, Any]


def main() -> None:
    """Print a JSON line for each corpus, then two Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with scifact/ and the documentation archives")
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--documents", type=int, help="of SciFact; all when left out")
    arguments = parser.parse_args()
    sizes: list[Row] = []
    times: list[Row] = []
    with TemporaryDirectory(prefix="xnai-bench-") as temporary:
        folder = Path(temporary)
        corpora = {
            "SciFact": write_scifact(arguments.data, folder / "scifact", arguments.documents),
            "library documentation": unpack_library_docs(arguments.data, folder / "docs"),
        }
        for name, source in corpora.items():
            with pipeline(arguments.models, Runtime.INT8_DYNAMIC) as made:
                measured = measure(made, source, folder / f"copies of {name}")
            print(json.dumps({"corpus": name, **measured}), flush=True)
            sizes += [{"corpus": name, **row} for row in measured["sizes"]]
            times += [{"corpus": name, **row} for row in measured["times"]]
    print("\n" + _size_table(sizes) + "\n\n" + _time_table(times))


def measure(made: Pipeline, source: Path, copies: Path) -> Row:
    """Return sizes, times and how many texts were compared, of a folder that is ingested without embeddings."""
    context, tables = made.context, made.context.tables
    ingest = ingest_documents(context, Inputs(source.resolve(), None), RULES, DocumentsRequest(allow_vanishing=True))
    cut = make_chunks(context, made.spec, made.tokens)
    texts = _read_again(source)
    sizes: list[Row] = []
    times: list[Row] = []
    for spec, stage_seconds in ((DOCUMENTS, ingest.seconds), (CHUNKS, cut.seconds)):
        _optimise(tables, spec)
        rows = tables.read(spec, spec.schema.names)
        expected = dict(zip(rows[spec.key].to_pylist(), _expected(rows, spec, texts), strict=True))
        raw = sum(len(text.encode()) for text in expected.values())
        parts = {"all columns": rows, "texts and ids": rows.select([spec.key, "text"])}
        per_row = {"table": spec.name, "rows": len(rows), "raw_bytes": raw}
        for columns, part in parts.items():
            for form, written in _write_all(part, spec, tables, copies / columns).items():
                sizes.append({**per_row, "form": form, "columns": columns, "bytes": written})
        readers = {
            "Lance, as stored": tables,
            **{form: Tables(copies / "all columns" / form) for form in LANCE_COPIES},
        }
        for form, reader in readers.items():
            _assert_whole(reader.read(spec, [spec.key, "text"]), spec, expected)
            times.append({**per_row, "what": f"get one by id: {form}", **_retrieve(reader, spec, expected)})
        stage = {"ms": round(1000 * stage_seconds / len(rows), 2)}
        times.append({**per_row, "what": "store one, within its stage (reading or cutting included)", **stage})
        times += [{**per_row, **row} for row in _store(rows, spec, copies / "stored again")]
    return {"sizes": sizes, "times": times}


def _read_again(folder: Path) -> dict[str, str]:
    """Return every document's text by id, from the files alone."""
    texts: dict[str, str] = {}
    with ParserWorker() as worker:
        for path in sorted(file for file in folder.rglob("*") if file.is_file()):
            name = path.relative_to(folder).as_posix()
            try:
                for item in parse_file(path, name, RULES.limits, worker):
                    if isinstance(item, ParsedDocument):
                        source = name if item.record_id is None else f"{name}#{item.record_id}"
                        texts.setdefault(document_id(source), item.text)
            except (SkippedFileError, UnreadableError) as error:
                print(f"{name} is in no table: {error}")
    return texts


def _expected(rows: pa.Table, spec: TableSpec, texts: Mapping[str, str]) -> list[str]:
    documents = [texts[identity] for identity in rows["document_id"].to_pylist()]
    if spec is DOCUMENTS:
        return documents
    ranges = zip(documents, rows["start"].to_pylist(), rows["end"].to_pylist(), strict=True)
    return [text[start:end] for text, start, end in ranges]


def _assert_whole(stored: pa.Table, spec: TableSpec, expected: Mapping[str, str]) -> None:
    found = dict(zip(stored[spec.key].to_pylist(), stored["text"].to_pylist(), strict=True))
    assert found.keys() == expected.keys()
    assert all(found[key].encode() == text.encode() for key, text in expected.items())


def _write_all(rows: pa.Table, spec: TableSpec, tables: Tables, folder: Path) -> dict[str, int]:
    """Return bytes on disk by form: Lance as the pipeline stores it, Lance with zstd, Parquet."""
    written = {}
    for form, encoding in {"Lance, as stored": {}, **LANCE_COPIES}.items():
        if not encoding and rows.schema.names == spec.schema.names:
            written[form] = _bytes_under(Path(tables.open(spec.name).uri))
            continue
        fields = [field.with_metadata(encoding) if field.name in LONG_COLUMNS else field for field in rows.schema]
        lancedb.connect(folder / form).create_table(spec.name, rows, schema=pa.schema(fields))
        _optimise(Tables(folder / form), spec)
        written[form] = _bytes_under(folder / form / f"{spec.name}.lance")
    for codec in ("snappy", "zstd"):
        file = folder / f"{spec.name}.{codec}.parquet"
        pq.write_table(rows, file, compression=codec)
        assert pq.read_table(file, columns=["text"])["text"].to_pylist() == rows["text"].to_pylist()
        written[f"Parquet, {codec}"] = file.stat().st_size
    return written


def _optimise(tables: Tables, spec: TableSpec) -> None:
    tables.open(spec.name).optimize(cleanup_older_than=timedelta(milliseconds=1))


def _bytes_under(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _retrieve(tables: Tables, spec: TableSpec, expected: Mapping[str, str]) -> Row:
    """Return p50 and p95 in milliseconds of getting one text by its id; each text is compared."""
    wanted = random.Random(0).choices(sorted(expected), k=RETRIEVED)  # noqa: S311
    table = tables.open(spec.name)

    def get(key: str) -> None:
        found = table.search().where(f"{spec.key} = '{key}'").select(["text"]).to_arrow()["text"].to_pylist()
        assert [text.encode() for text in found] == [expected[key].encode()]

    for key in wanted[:10]:
        get(key)
    return _percentiles(get, wanted)


def _store(rows: pa.Table, spec: TableSpec, folder: Path) -> list[Row]:
    """Return the milliseconds of a row when it is written as the pipeline does, and of a row in a commit of its own."""
    tables = Tables(folder)
    tables.ensure(spec)
    started = time.perf_counter()
    for first in range(0, len(rows), ROWS_IN_COMMIT):
        tables.merge(spec, rows.slice(first, ROWS_IN_COMMIT))
    together = {"ms": round(1000 * (time.perf_counter() - started) / len(rows), 3)}
    chosen = range(0, len(rows), max(1, len(rows) // ALONE))
    alone = _percentiles(lambda index: tables.merge(spec, rows.slice(index, 1)), chosen)
    return [
        {"what": f"store one, written {ROWS_IN_COMMIT} at a time", **together},
        {"what": "store one, in a commit of its own", **alone},
    ]


def _percentiles(work: Callable[[Any], object], items: Sequence[Any]) -> Row:
    times = []
    for item in items:
        started = time.perf_counter()
        work(item)
        times.append(1000 * (time.perf_counter() - started))
    return {"ms": round(float(np.percentile(times, 50)), 2), "p95_ms": round(float(np.percentile(times, 95)), 2)}


def _size_table(rows: Sequence[Row]) -> str:
    """Return how many times smaller than the raw text each form is, a line for each table."""
    forms = list(dict.fromkeys(row["form"] for row in rows))
    lines = [f"| raw text to | columns | {' | '.join(forms)} | bar 2.5 |", "|---" * (len(forms) + 3) + "|"]
    by_part: dict[str, list[float]] = {}
    for row in rows:
        part = f"{row['corpus']}, {row['rows']:,} {row['table']}, {row['raw_bytes'] / 1e6:.2f} MB | {row['columns']}"
        by_part.setdefault(part, []).append(row["raw_bytes"] / row["bytes"])
    for part, ratios in by_part.items():
        figures = " | ".join(f"{ratio:.2f}" for ratio in ratios)
        lines.append(f"| {part} | {figures} | {_verdict(ratios[0] > SMALLER)} as stored |")
    return "\n".join(lines)


def _time_table(rows: Sequence[Row]) -> str:
    lines = ["| corpus, table | what | ms (p50) | p95 | bar |", "|---|---|---|---|---|"]
    for row in rows:
        bar = RETRIEVE_MS if row["what"].startswith("get") else STORE_MS
        met = row.get("p95_ms", row["ms"]) < bar
        lines.append(
            f"| {row['corpus']}, {row['table']} | {row['what']} | {row['ms']:g} | {row.get('p95_ms', '')} | "
            f"{bar} ms: {_verdict(met)} |"
        )
    return "\n".join(lines)


def _verdict(met: bool) -> str:
    return "met" if met else "missed"


if __name__ == "__main__":
    main()
