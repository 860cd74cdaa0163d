"""How near an encoder of few bits comes to full precision: on text like its calibration's, and on other."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.pipeline import RULES, Pipeline
from xnai_pipelines.chunks.boundaries import sentence_starts
from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.documents.make import ingest_documents
from xnai_pipelines.documents.plan import DocumentsRequest
from xnai_pipelines.encoders.encoder import Encoder, open_tokenizer
from xnai_pipelines.encoders.specification import EncoderSpec
from xnai_pipelines.models.calibration import draw_calibration, held_out_texts, read_calibration
from xnai_pipelines.models.card.agreement import agreement, cosines
from xnai_pipelines.models.quantization.model import Matrix, Transformer, load_transformer
from xnai_pipelines.questions.make import make_questions
from xnai_pipelines.sample.documents import write_sample
from xnai_pipelines.state.claim import Inputs

LIKE, SCIFACT, EVERYDAY = "like", "scifact", "everyday"
OTHER_TEXTS = 300
BATCH = 32

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Texts:
    """What quantizers are calibrated with, and what they are measured on.

    Attributes:
        calibration: Passages of the documentation of Python's standard library, the sample.
        measured: By name: `like`, passages of the same corpus' held-out documents; `scifact`, the first two sentences
            of abstracts; `everyday`, questions of XQuAD.
    """

    calibration: list[str]
    measured: dict[str, list[str]]


def draw_texts(made: Pipeline, data: Path, folder: Path, like: int) -> Texts:
    """Ingest the documentation of Python's standard library, without embeddings, and draw all texts."""
    context = made.context
    write_sample(folder)
    inputs = Inputs(folder.resolve(), None)
    ingest_documents(context, inputs, RULES, DocumentsRequest(allow_vanishing=True))
    make_chunks(context, made.spec, made.tokens)
    make_questions(context, None)
    draw_calibration(context, redraw=False)
    calibration = read_calibration(context)
    abstracts = _spread(data / "scifact/documents/corpus.jsonl")
    questions = _spread(data / "xquad-en/questions/queries.jsonl")
    measured = {
        LIKE: _unseen(held_out_texts(context, 2 * like), calibration)[:like],
        SCIFACT: [_beginning(abstract) for abstract in abstracts],
        EVERYDAY: questions,
    }
    return Texts(calibration, measured)


def _unseen(texts: list[str], calibration: list[str]) -> list[str]:
    """Return the texts without those that repeat calibration's: half of their runs of 5 words or more stand there.

    Other documents of the same documentation repeat whole passages (11 % of the held-out ones).
    """
    seen = set().union(*(_runs(text) for text in calibration))
    return [text for text in texts if 2 * len(_runs(text) & seen) < len(_runs(text)) or not _runs(text)]


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[first : first + 5]) for first in range(len(words) - 4)}


def _spread(file: Path) -> list[str]:
    """Return the texts of 300 records, evenly spaced over a JSON Lines file."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines[:: len(lines) // OTHER_TEXTS][:OTHER_TEXTS]]


def _beginning(text: str) -> str:
    starts = [*sentence_starts(text, 0, len(text)), len(text), len(text)]
    return text[: starts[1]]


class Yardstick:
    """Compares weights, graphs and vectors with full precision, on the same texts.

    Weights are run by torch in float32, so that nothing but the stored bits is judged; graphs by ONNX Runtime, each
    text alone, so that no activation scale depends on a batch.
    """

    def __init__(self, spec: EncoderSpec, float_folder: Path, texts: Texts, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self.spec = spec
        self.float_folder = float_folder
        self.texts = texts
        self.threads = threads
        self._transformer = load_transformer(spec.source)
        self._tokenizer = open_tokenizer(float_folder, spec.max_length)
        self._exact = {name: self._encode(measured) for name, measured in texts.measured.items()}

    @property
    def float_bytes(self) -> int:
        """Bytes in float32 of all tensors that are shipped: no pooler, no tokenizer."""
        return sum(4 * tensor.numel() for _, tensor in self._transformer.tensors())

    def of_weights(self, weights: dict[str, Matrix]) -> dict[str, float]:
        """Return the figures of weights by state dict name."""
        self._transformer.replace(weights)
        return self.of_vectors({name: self._encode(texts) for name, texts in self.texts.measured.items()})

    def of_graph(self, graph: Path) -> dict[str, float]:
        """Return the figures of an ONNX graph whose first output is the token vectors."""
        encoder = Encoder.open_unchecked(self.float_folder, self.threads, graph)
        return self.of_vectors({n: encoder.encode_passages(t).vectors for n, t in self.texts.measured.items()})

    def of_vectors(self, vectors: dict[str, Vectors]) -> dict[str, float]:
        """Return mean and 5th percentile of the cosine for each kind of text, and the overlap of the top 10."""
        figures: dict[str, float] = {}
        for name, exact in self._exact.items():
            cosine = cosines(exact, vectors[name])
            figures[name] = round(float(cosine.mean()), 4)
            figures[f"{name}_p5"] = round(float(np.percentile(cosine, 5)), 4)
        figures["top10_overlap"] = round(agreement(self._exact[LIKE], vectors[LIKE]).top10_overlap, 3)
        return figures

    def fresh(self) -> Transformer:
        """Return the full-precision model, loaded again."""
        return load_transformer(self.spec.source)

    def _encode(self, texts: list[str]) -> Vectors:
        """Return mean-pooled unit vectors, float32 [texts, dimension]."""
        import torch

        ids = [self._tokenizer.encode(text).ids for text in texts]
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        vectors = np.empty((len(ids), self.spec.dimension), np.float32)
        for first in range(0, len(order), BATCH):
            rows = order[first : first + BATCH]
            longest = len(ids[rows[-1]])
            tokens = torch.tensor([ids[row] + [0] * (longest - len(ids[row])) for row in rows])
            mask = torch.tensor([[1] * len(ids[row]) + [0] * (longest - len(ids[row])) for row in rows])
            with torch.inference_mode():
                hidden = self._transformer.network(input_ids=tokens, attention_mask=mask).last_hidden_state
                pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
                vectors[rows] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
        return vectors
