"""The pipeline's stages, run in a home of their own, without Dagster."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from xnai_pipelines.chunks.make import ChunksReport, make_chunks
from xnai_pipelines.chunks.spec import ChunkingSpec
from xnai_pipelines.chunks.tokens import TokenCounter
from xnai_pipelines.documents.changes import VanishGuard
from xnai_pipelines.documents.make import DocumentsReport, ingest_documents
from xnai_pipelines.documents.parsers.parsed import ParseLimits
from xnai_pipelines.documents.plan import DocumentsRequest, FolderRules
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder, tokenizer_file
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.sample.documents import write_sample
from xnai_pipelines.search.make import EmbeddingsReport, embed_chunks
from xnai_pipelines.settings import Settings
from xnai_pipelines.state.claim import Inputs
from xnai_pipelines.state.context import Progress, StageContext
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.tables import Tables

RULES = FolderRules((), ParseLimits(), VanishGuard(0.3, 20))


@dataclass(frozen=True, slots=True)
class Ingest:
    """The reports of one ingest."""

    documents: DocumentsReport
    chunks: ChunksReport
    embeddings: EmbeddingsReport

    @property
    def seconds(self) -> float:
        """Seconds of the three stages together."""
        return self.documents.seconds + self.chunks.seconds + self.embeddings.seconds


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A home with its encoder and cutting, ready to ingest a folder."""

    context: StageContext
    encoder: Encoder
    tokens: TokenCounter
    spec: ChunkingSpec
    exact_search_rows: int = 20_000

    def ingest(self, folder: Path, questions: Path | None = None) -> Ingest:
        """Bring documents, chunks and embeddings in line with the folder."""
        inputs = Inputs(folder.resolve(), questions)
        return Ingest(
            ingest_documents(self.context, inputs, RULES, DocumentsRequest(allow_vanishing=True)),
            make_chunks(self.context, self.spec, self.tokens),
            embed_chunks(self.context, self.encoder, exact_search_rows=self.exact_search_rows, new_release=False),
        )


@contextmanager
def pipeline(models: Path, variant: Runtime, spec: ChunkingSpec | None = None, threads: int = 2) -> Iterator[Pipeline]:
    """Yield a pipeline over an empty home that is deleted afterwards; encoders are kept in `models`."""
    with TemporaryDirectory(prefix="xnai-bench-") as root:
        home = Home(Path(root))
        models.mkdir(parents=True, exist_ok=True)
        home.models.symlink_to(models.resolve())
        folder = build_encoder(read_specification(default_encoder_folder(), variant), home.models)
        context = StageContext(home, Tables(home.lancedb), "benchmark", Progress(print, bar=False))
        encoder, tokens = Encoder.load(folder, threads), TokenCounter(tokenizer_file(folder))
        yield Pipeline(context, encoder, tokens, spec or Settings().chunking)


def write_part_of_sample(folder: Path, documents: int) -> None:
    """Write the first documents of the sample, by name, to a folder."""
    write_sample(folder)
    for path in sorted(folder.glob("*.md"))[documents:]:
        path.unlink()
