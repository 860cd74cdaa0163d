"""Ingest against its peers on the same passages, one run, interleaved; the ratios are the result.

    python -m benchmarks.speed --data DATA [--documents 1500] [--threads 2]

The peers get the passages that our chunking made, so that all encode the same tokens; sentence-transformers encodes
only, while our figure includes reading, cutting, storing and indexing.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pipeline import Pipeline, pipeline
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.state.schemas import CHUNKS, DOCUMENTS

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")


def main() -> None:
    """Print seconds and ratios of each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds scifact/")
    parser.add_argument("--models", type=Path, default=Path(".xnai/models"))
    parser.add_argument("--documents", type=int, default=1500)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", nargs="+", default=list(PEERS))
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(arguments.threads)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "documents"
        folder.mkdir()
        lines = (
            (arguments.data / "scifact/documents/corpus.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        )
        (folder / "corpus.jsonl").write_text("".join(lines[: arguments.documents]), encoding="utf-8")
        with pipeline(arguments.models, Runtime.INT8_DYNAMIC, threads=arguments.threads) as made:
            ingest = made.ingest(folder)
            passages = made.context.tables.read(CHUNKS, ["passage"])["passage"].to_pylist()
            started = time.perf_counter()
            encoded = made.encoder.encode_passages(passages)
            encode_seconds = time.perf_counter() - started
            result = {
                "documents": arguments.documents,
                "passages": len(passages),
                "tokens": encoded.tokens,
                "truncated": encoded.truncated,
                "ours_ingest_seconds": round(ingest.seconds, 2),
                "ours_stages": [round(s.seconds, 2) for s in (ingest.documents, ingest.chunks, ingest.embeddings)],
                "ours_encode_seconds": round(encode_seconds, 2),
            }
            for name in arguments.peers:
                seconds = PEERS[name](made, passages, Path(temporary))
                result[f"{name}_seconds"] = round(seconds, 2)
                result[f"{name}_to_our_ingest"] = round(seconds / ingest.seconds, 2)
                result[f"{name}_to_our_encode"] = round(seconds / encode_seconds, 2)
                print(json.dumps(result), flush=True)


def sentence_transformers_torch(made: Pipeline, passages: list[str], temporary: Path) -> float:
    """Return the seconds of sentence-transformers' encode, torch fp32."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(default_encoder_folder()), device="cpu")
    model.encode(passages[:32])
    return _timed(lambda: model.encode(passages, batch_size=32, show_progress_bar=False))


def sentence_transformers_int8(made: Pipeline, passages: list[str], temporary: Path) -> float:
    """Return the seconds of sentence-transformers' encode with its own ONNX INT8 backend."""
    from sentence_transformers import SentenceTransformer, export_dynamic_quantized_onnx_model

    exported = temporary / "onnx"
    model = SentenceTransformer(str(default_encoder_folder()), device="cpu", backend="onnx")
    model.save_pretrained(str(exported))
    export_dynamic_quantized_onnx_model(model, "avx512_vnni", str(exported))
    file_name = next((exported / "onnx").glob("*qint8*.onnx")).name
    quantized = SentenceTransformer(str(exported), device="cpu", backend="onnx", model_kwargs={"file_name": file_name})
    quantized.encode(passages[:32])
    return _timed(lambda: quantized.encode(passages, batch_size=32, show_progress_bar=False))


def llama_index(made: Pipeline, passages: list[str], temporary: Path) -> float:
    """Return the seconds of LlamaIndex's IngestionPipeline: sentence splitting and embedding."""
    from llama_index.core import Document
    from llama_index.core.ingestion import IngestionPipeline
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    texts = made.context.tables.read(DOCUMENTS, ["text"])["text"].to_pylist()
    embedding = HuggingFaceEmbedding(model_name=str(default_encoder_folder()), device="cpu", embed_batch_size=32)
    splitter = SentenceSplitter(chunk_size=made.spec.size_tokens, chunk_overlap=made.spec.overlap_tokens)
    peer = IngestionPipeline(transformations=[splitter, embedding])
    return _timed(lambda: peer.run(documents=[Document(text=text) for text in texts], show_progress=False))


def txtai(made: Pipeline, passages: list[str], temporary: Path) -> float:
    """Return the seconds of txtai's hybrid index over the same passages."""
    from txtai import Embeddings

    peer = Embeddings(path=str(default_encoder_folder()), content=True, hybrid=True, gpu=False)
    return _timed(lambda: peer.index(passages))


PEERS: dict[str, Callable[[Pipeline, list[str], Path], float]] = {
    "sentence_transformers_torch": sentence_transformers_torch,
    "sentence_transformers_int8": sentence_transformers_int8,
    "llama_index": llama_index,
    "txtai": txtai,
}


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
