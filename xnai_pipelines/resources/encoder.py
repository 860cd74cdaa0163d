"""The encoder that the settings name, exported once and loaded where it is needed, and the cutting that fits it."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from xnai_pipelines.chunking import ChunkingSpec, Strategy, Tokens
from xnai_pipelines.encoding import (
    Encoder,
    Precision,
    build_encoder,
    read_specification,
    resolve_encoder,
    tokenizer_file,
)
from xnai_pipelines.home import Home


class EncoderResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A sentence encoder, run by ONNX Runtime."""

    home: str = Field(description="Folder of all state; models/ holds the exported encoders.")
    encoder: str | None = Field(default=None, description="Folder or hub id; unset: all-MiniLM-L6-v2.")
    precision: str = Field(description="int8_dynamic or fp32.")
    threads: int = Field(description="Processor threads.")

    def load(self) -> Encoder:
        """Return the encoder, exported to ONNX first where that was not done yet."""
        return Encoder.load(self._folder(), threads=self.threads)

    def tokens(self) -> Tokens:
        """Return the encoder's tokenizer."""
        return Tokens(tokenizer_file(self._folder()))

    def _folder(self) -> Path:
        specification = read_specification(resolve_encoder(self.encoder), Precision(self.precision))
        return build_encoder(specification, Home(Path(self.home)).models)


class ChunkingResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How documents are cut; sizes in the encoder's tokens."""

    strategy: str = Field(description="fixed, sentence, paragraph, recursive or structure.")
    size_tokens: int = Field(description="Largest chunk.")
    overlap_tokens: int = Field(description="Tokens that neighbouring chunks share.")

    def spec(self) -> ChunkingSpec:
        """Return the settings, validated."""
        return ChunkingSpec(Strategy(self.strategy), self.size_tokens, self.overlap_tokens)
