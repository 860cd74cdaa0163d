"""The encoder that the settings name, exported once and loaded where it is needed, and the cutting that fits it."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from xnai_pipelines.chunking import ChunkingSpec, Strategy, Tokens
from xnai_pipelines.encoding import (
    Encoder,
    EncoderSpec,
    Precision,
    build_encoder,
    read_specification,
    resolve_encoder,
    tokenizer_file,
)
from xnai_pipelines.home import Home
from xnai_pipelines.releases import Releases


class EncoderResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A sentence encoder, run by ONNX Runtime.

    Once there is a release its encoder is used, whatever the settings say: vectors of two encoders cannot be compared,
    and edits must go on reaching the index.
    """

    home: str = Field(description="Folder of all state; models/ holds the exported encoders.")
    encoder: str | None = Field(default=None, description="Folder or hub id; unset: all-MiniLM-L6-v2.")
    precision: str = Field(description="int8_dynamic or fp32.")
    threads: int = Field(description="Processor threads.")

    def load(self, *, new_release: bool) -> Encoder:
        """Return the current release's encoder, or that of the settings for a new or the first release."""
        return Encoder.load(self._folder(new_release=new_release), threads=self.threads)

    def tokens(self, *, new_release: bool) -> Tokens:
        """Return the tokenizer of the encoder that `load` gives."""
        return Tokens(tokenizer_file(self._folder(new_release=new_release)))

    def of_settings(self) -> EncoderSpec:
        """Return what the settings ask for, whatever the release uses."""
        return read_specification(resolve_encoder(self.encoder), Precision(self.precision))

    def _folder(self, *, new_release: bool) -> Path:
        home = Home(Path(self.home))
        release = None if new_release else Releases(home.releases).current()
        if release is not None and (home.models / release.vector_space).is_dir():
            return home.models / release.vector_space
        return build_encoder(self.of_settings(), home.models)


class ChunkingResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How documents are cut; sizes in the encoder's tokens."""

    strategy: str = Field(description="fixed, sentence, paragraph, recursive or structure.")
    size_tokens: int = Field(description="Largest chunk.")
    overlap_tokens: int = Field(description="Tokens that neighbouring chunks share.")

    def spec(self) -> ChunkingSpec:
        """Return the settings, validated."""
        return ChunkingSpec(Strategy(self.strategy), self.size_tokens, self.overlap_tokens)
