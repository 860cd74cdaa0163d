"""The encoder that the settings name, exported once and loaded where it is needed, and the cutting that fits it."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from xnai_pipelines.adapters.make import read_adapted_encoder, released_base
from xnai_pipelines.chunks.spec import ChunkingSpec, Strategy
from xnai_pipelines.chunks.tokens import Tokens
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import resolve_encoder, tokenizer_file
from xnai_pipelines.encoders.specification import EncoderSpec, read_specification
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.models.make import next_encoder
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Releases


class EncoderResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """A sentence encoder, run by ONNX Runtime.

    Once there is a release its encoder is used, whatever the settings say: vectors of two encoders cannot be compared,
    and edits must go on reaching the index.
    """

    home: str = Field(description="Folder of all state; models/ holds the exported encoders.")
    encoder: str | None = Field(default=None, description="Folder or hub id; unset: all-MiniLM-L6-v2.")
    variant: str | None = Field(
        default=None, description="Variant for a new release; unset: what the precision card chose, or int8_dynamic."
    )
    threads: int = Field(description="Processor threads.")

    def load(self, *, new_release: bool) -> Encoder:
        """Return the current release's encoder, or that of the settings for a new or the first release."""
        return Encoder.load(self._folder(new_release=new_release), threads=self.threads)

    def tokens(self, *, new_release: bool) -> Tokens:
        """Return the tokenizer of the encoder that `load` gives."""
        return Tokens(tokenizer_file(self._folder(new_release=new_release)))

    def load_challenger(self) -> Encoder:
        """Return the adapted encoder built last."""
        home = Home(Path(self.home))
        return Encoder.load(home.models / read_adapted_encoder(home).vector_space, threads=self.threads)

    def original(self) -> EncoderSpec:
        """Return the full-precision encoder that the settings name: what adapters are trained on."""
        return read_specification(resolve_encoder(self.encoder), Runtime.FP32)

    def base(self) -> EncoderSpec:
        """Return the full-precision encoder that variants are made from: the settings' with the release's adapter."""
        return released_base(Home(Path(self.home)), self.original())

    def _folder(self, *, new_release: bool) -> Path:
        home = Home(Path(self.home))
        release = None if new_release else Releases(home.releases).current()
        if release is not None and (home.models / release.vector_space).is_dir():
            return home.models / release.vector_space
        asked = next_encoder(home, self.base(), self.variant)
        return build_encoder(asked.buildable, home.models) if asked.buildable else home.models / asked.vector_space


class ChunkingResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How documents are cut; sizes in the encoder's tokens."""

    strategy: str = Field(description="fixed, sentence, paragraph, recursive or structure.")
    size_tokens: int = Field(description="Largest chunk.")
    overlap_tokens: int = Field(description="Tokens that neighbouring chunks share.")

    def spec(self) -> ChunkingSpec:
        """Return the settings, validated."""
        return ChunkingSpec(Strategy(self.strategy), self.size_tokens, self.overlap_tokens)
