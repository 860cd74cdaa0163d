"""Which encoder each stage of a home works with: that of the current release, of the settings, or a challenger."""

from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.adapters.make import read_adapted_encoder, released_base
from xnai_pipelines.chunks.tokens import TokenCounter
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import (
    BESIDE,
    companion_name,
    encoders_at_hand,
    lasting_name,
    resolve_encoder,
    tokenizer_file,
)
from xnai_pipelines.encoders.specification import EncoderSpec, read_encoder_file, read_specification
from xnai_pipelines.models.companion import build_named, companion_like
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.models.make import next_encoder
from xnai_pipelines.releases.challenger import require_challenger
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import EncoderOrigin, Release, Releases

SPECIAL_TOKENS = 2  # around each passage


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """The encoders of a home and of its settings.

    Once there is a release its encoder is used, whatever the settings say: vectors of two encoders cannot be compared,
    and edits must go on reaching the index.

    Attributes:
        home: The home.
        setting: Folder, name or hub id of the encoder; None: the default.
        variant: Variant for a new release; None: what the precision card chose, or dynamic INT8.
        threads: Processor threads of an encoder that is loaded.
    """

    home: Home
    setting: str | None = None
    variant: str | None = None
    threads: int = 1

    def load(self, *, new_release: bool) -> Encoder:
        """Return the current release's encoder, or that of the settings for a new or the first release."""
        return Encoder.load(self._folder(new_release=new_release), threads=self.threads)

    def tokens(self, *, new_release: bool) -> TokenCounter:
        """Return the tokenizer that measures chunks: of the encoder that `load` gives, unless it took over chunks."""
        release = None if new_release else self._release()
        if release is not None and release.cut_by is not None:
            return TokenCounter(tokenizer_file(self.home.models / release.cut_by))
        return TokenCounter(tokenizer_file(self._folder(new_release=new_release)))

    def window(self, *, new_release: bool) -> int:
        """Return how many tokens of a passage the encoder that `load` gives can read."""
        return read_encoder_file(self._folder(new_release=new_release)).max_length - SPECIAL_TOKENS

    def to_challenge(self, name: str | None) -> Encoder:
        """Return the encoder to compare with the release's: the named one in INT8, else the adapted one built last.

        After a plus sign the named one becomes the companion of the release's.
        """
        models = self.home.models
        if name is None:
            return Encoder.load(models / read_adapted_encoder(self.home).vector_space, threads=self.threads)
        released = models / Releases(self.home.releases).require().vector_space
        return Encoder.load(build_named(models, name, released), threads=self.threads)

    def load_challenger(self) -> Encoder:
        """Return the challenger's encoder."""
        challenger = require_challenger(Releases(self.home.releases))
        return Encoder.load(self.home.models / challenger.vector_space, threads=self.threads)

    def origin(self, tried: str | None = None) -> EncoderOrigin:
        """Return where the base encoder comes from, or the one that is tried instead.

        It is the release's, which may have been promoted over that of the settings, until XNAI_ENCODER names another.
        """
        release = self._release()
        if tried is not None and not tried.startswith(BESIDE):
            source: str | None = tried
        elif release is None or self.setting not in (None, release.configured):
            source = self.setting
        else:  # manifests of earlier versions have no source
            source = release.source or (release.encoder if release.encoder in encoders_at_hand() else None)
        return EncoderOrigin(lasting_name(source) if source else None, self.setting)

    def original(self) -> EncoderSpec:
        """Return the full-precision encoder that adapters are trained on.

        Raises:
            UnsupportedEncoderError: It came from a folder that is gone.
            EncoderUnavailableError: The hub does not have it or cannot be reached.
        """
        return read_specification(resolve_encoder(self.origin().source, self.home.models), Runtime.FP32)

    def base(self) -> EncoderSpec:
        """Return the full-precision encoder that variants are made from: the settings' with the release's adapter."""
        return released_base(self.home, self.original())

    def _release(self) -> Release | None:
        return Releases(self.home.releases).current()

    def _folder(self, *, new_release: bool) -> Path:
        release = self._release()
        released = self.home.models / release.vector_space if release is not None else None
        if not new_release and released is not None and released.is_dir():
            return released
        folder = self._next_folder()
        if release is None or self.origin().source != release.source:
            return folder
        return self._with_companion_of(release, folder)

    def _next_folder(self) -> Path:
        """Return the folder of a new release's encoder, built if it is missing."""
        models, following = self.home.models, next_encoder(self.home, self.base(), self.variant)
        return build_encoder(following.buildable, models) if following.buildable else models / following.vector_space

    def _with_companion_of(self, release: Release, folder: Path) -> Path:
        """Return the encoder in the folder with the companion that the release's has."""
        models = self.home.models
        if (released := models / release.vector_space).is_dir():
            return companion_like(models, folder, released)
        companion = companion_name(release.encoder)
        return build_named(models, BESIDE + companion, folder) if companion in encoders_at_hand() else folder
