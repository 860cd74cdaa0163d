"""What the graph's rules, and a recogniser beside them, read of texts whose names and relations people have marked.

python -m benchmarks.extraction --data DATA [--recogniser FOLDER_OR_SPACY_PIPELINE]
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.pipeline import RULES, Pipeline, pipeline
from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.documents.make import ingest_documents
from xnai_pipelines.documents.plan import DocumentsRequest
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.graph.make import bring_graph, make_mentions
from xnai_pipelines.graph.recogniser import Recogniser
from xnai_pipelines.graph.tables import MENTIONS, RELATIONS
from xnai_pipelines.settings import given_settings
from xnai_pipelines.settings.recognisers import recognisers
from xnai_pipelines.state.claim import Inputs
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS

CORPORA = ("redocred-dev", "factrueval-dev")
NO_NAMES = {"NUM"}  # quantities: the rules read none
# Properties of Wikidata, by which Re-DocRED names relations, that say what a relation of ours says.
PROPERTIES = {
    "born_in": {"P19"},
    "born_on": {"P569"},
    "died_in": {"P20"},
    "died_on": {"P570"},
    "married_to": {"P26"},
    "sibling_of": {"P3373"},
    "child_of": {"P22", "P25"},
    "parent_of": {"P40"},
    "directed_by": {"P57"},
    "written_by": {"P50", "P58"},
    "composed_by": {"P86"},
    "produced_by": {"P162"},
    "performed_by": {"P175", "P161"},
    "founded_by": {"P112", "P170", "P178", "P176"},
    "founded_on": {"P571"},
    "released_on": {"P577"},
    "released_by": {"P264", "P123"},
    "located_in": {"P131", "P17", "P276", "P706", "P159", "P206"},
    "capital_of": {"P1376"},
    "educated_at": {"P69"},
    "member_of": {"P463", "P54"},
    "works_for": {"P108"},
}

Spans = dict[tuple[int, int], Any]


def main() -> None:
    """Print the figures of each corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds kg/")
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--recogniser", help="as XNAI_GRAPH_RECOGNISER has it")
    parser.add_argument("--corpora", nargs="+", choices=CORPORA, default=CORPORA)
    arguments = parser.parse_args()
    models = recognisers(given_settings(graph_recogniser=arguments.recogniser, threads=1))
    for name in arguments.corpora:
        with pipeline(arguments.models, Runtime.INT8_DYNAMIC) as made:
            figures = measure(made, arguments.data / "kg" / name, models)
            print(json.dumps({"corpus": name, **figures}, indent=2), flush=True)


def measure(made: Pipeline, folder: Path, models: Sequence[Recogniser] = ()) -> dict[str, object]:
    """Return precision, recall and F1 of mentions, of pairs of mentions of one entity, and of relations."""
    context = made.context
    ingest_documents(context, Inputs((folder / "documents").resolve(), None), RULES, DocumentsRequest())
    make_chunks(context, made.spec, made.tokens)
    began = time.process_time()
    recognised = make_mentions(context, models).recognisers
    seconds = time.process_time() - began
    bring_graph(context)
    rows = context.tables.read(DOCUMENTS, ["document_id", "source", "title", "text"]).to_pylist()
    documents = {row["source"].partition("#")[2]: row["document_id"] for row in rows}
    texts = {row["_id"]: row["text"].rstrip() for row in _lines(folder / "documents/corpus.jsonl")}
    stored = {row["document_id"]: row["text"] for row in rows}
    begins = {document: stored[document].rindex(texts[name]) for name, document in documents.items()}
    found: dict[str, Spans] = defaultdict(dict)
    for row in context.tables.read(MENTIONS, ["document_id", "start", "end", "entity_id"]).to_pylist():
        if row["start"] >= begins[row["document_id"]]:  # nobody marked the titles
            found[row["document_id"]][row["start"], row["end"]] = row["entity_id"]
    gold: dict[str, Spans] = defaultdict(dict)
    for row in _lines(folder / "gold/entities.jsonl"):
        document = documents[row["document_id"]]
        for one in row["mentions"] if row["type"] not in NO_NAMES else ():
            gold[document][one["start"] + begins[document], one["end"] + begins[document]] = row["entity_id"]
    marked = [(document, span) for document, spans in gold.items() for span in spans]
    read = [(document, span) for document, spans in found.items() for span in spans]
    exact = sum(span in found[document] for document, span in marked)
    touched = sum(any(_overlap(span, other) for other in found[document]) for document, span in marked)
    return {
        "recognisers": [asdict(one) for one in recognised],
        "CPU seconds of the mentions": round(seconds, 1),
        "mentions": {"marked": len(marked), **_figures(exact, len(read), exact, len(marked))},
        "marked mentions that overlap one that is read": round(touched / len(marked), 3),
        "pairs of one entity": _pairs(found, gold),
        "relations": _relations(made, folder, documents, found, gold),
    }


def _relations(
    made: Pipeline, folder: Path, documents: dict[str, str], found: dict[str, Spans], gold: dict[str, Spans]
) -> dict[str, float]:
    """Return the figures of typed relations between marked entities, of the types that both sides have."""
    named: dict[tuple[str, str], set[int]] = defaultdict(set)
    for document, spans in found.items():
        for span, entity in spans.items():
            named[document, entity] |= {one for other, one in gold[document].items() if _overlap(span, other)}
    of_chunk = made.context.tables.pairs(CHUNKS, "chunk_id", "document_id")
    rows = made.context.tables.read(RELATIONS, ["source_id", "target_id", "type", "chunk_ids"]).to_pylist()
    read = {
        (document, source, target, row["type"])
        for row in rows
        if row["type"] in PROPERTIES
        for document in {of_chunk[chunk] for chunk in row["chunk_ids"]}
        for source in named[document, row["source_id"]]
        for target in named[document, row["target_id"]]
        if source != target
    }
    marked = {
        (documents[row["document_id"]], row["head"], row["tail"], row["relation"])
        for row in _lines(folder / "gold/relations.jsonl")
        if row.get("relation") in set().union(*PROPERTIES.values())
    }
    if not marked:
        return {}
    hit = {one: {(*one[:3], name) for name in PROPERTIES[one[3]]} & marked for one in read}
    right = sum(bool(names) for names in hit.values())
    return {"marked": len(marked), **_figures(right, len(read), len(set().union(*hit.values())), len(marked))}


def _pairs(found: dict[str, Spans], gold: dict[str, Spans]) -> dict[str, float]:
    """Return how well mentions that are marked and read are told to be of one entity, by pairs within a document."""
    both = same = ours = 0
    for document, marked in gold.items():
        for one, other in combinations(sorted(marked.keys() & found[document].keys()), 2):
            is_one = found[document][one] == found[document][other]
            is_marked = marked[one] == marked[other]
            both += is_one and is_marked
            same += is_marked
            ours += is_one
    return _figures(both, ours, both, same)


def _figures(right: int, read: int, hit: int, marked: int) -> dict[str, float]:
    precision, recall = right / max(1, read), hit / max(1, marked)
    harmonic = 2 * precision * recall / max(1e-9, precision + recall)
    return {"read": read, "precision": round(precision, 3), "recall": round(recall, 3), "F1": round(harmonic, 3)}


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    main()
