"""A run with nothing changed, and one with one edited document, over 5,183 documents.

python -m benchmarks.incremental --data DATA
"""

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pipeline import Ingest, Pipeline, pipeline
from xnai_pipelines.encoders.runtime import Runtime


def main() -> None:
    """Print the seconds of each run, for one JSON Lines file and for a file a document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds scifact/")
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    arguments = parser.parse_args()
    lines = (arguments.data / "scifact/documents/corpus.jsonl").read_text(encoding="utf-8").splitlines()
    with TemporaryDirectory() as temporary:
        for layout, write in (("one JSON Lines file", _as_one_file), ("a file a document", _as_many_files)):
            folder = Path(temporary) / layout.replace(" ", "_")
            folder.mkdir()
            write(folder, lines)
            with pipeline(arguments.models, Runtime.INT8_DYNAMIC) as made:
                first = made.ingest(folder)
                unchanged = made.ingest(folder)
                edited = _edit_and_ingest(made, folder, lines, write)
            print(
                json.dumps(
                    {
                        "layout": layout,
                        "documents": first.documents.documents,
                        "first": _seconds(first),
                        "unchanged": _seconds(unchanged),
                        "one edited": _seconds(edited),
                        "documents written after the edit": edited.documents.written,
                        "passages encoded after the edit": edited.embeddings.encoded,
                    }
                ),
                flush=True,
            )


def _edit_and_ingest(made: Pipeline, folder: Path, lines: list[str], write: object) -> Ingest:
    record = json.loads(lines[100])
    record["text"] += " A sentence that was added later."
    changed = [*lines[:100], json.dumps(record), *lines[101:]]
    if write is _as_one_file:
        _as_one_file(folder, changed)
    else:
        _as_many_files(folder, [changed[100]])
    return made.ingest(folder)


def _as_one_file(folder: Path, lines: list[str]) -> None:
    (folder / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")


def _as_many_files(folder: Path, lines: list[str]) -> None:
    for line in lines:
        record = json.loads(line)
        (folder / f"{record['_id']}.md").write_text(f"# {record['title']}\n\n{record['text']}\n", encoding="utf-8")


def _seconds(ingest: Ingest) -> dict[str, float]:
    stages = {"documents": ingest.documents, "chunks": ingest.chunks, "embeddings": ingest.embeddings}
    return {name: round(report.seconds, 2) for name, report in stages.items()} | {"all": round(ingest.seconds, 2)}


if __name__ == "__main__":
    main()
