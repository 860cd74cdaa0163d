"""Texts to token ids, split like in the served encoder."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from xnai_pipelines.encoders.specification import EncoderSpec
from xnai_pipelines.errors import AdaptationError


class TextTokenizer:
    """An encoder's tokenizer: special tokens added, no padding."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._length = 0

    @property
    def whole(self) -> Any:
        """The tokenizer of `tokenizers`; it truncates nothing before `encode` is called."""
        return self._tokenizer

    def encode(self, text: str, length: int) -> list[int]:
        """Return a text's token ids, at most `length`, special tokens included."""
        if length != self._length:
            self._tokenizer.enable_truncation(length)
            self._length = length
        ids: list[int] = self._tokenizer.encode_batch_fast([text])[0].ids
        return ids


def open_text_tokenizer(base: EncoderSpec) -> TextTokenizer:
    """Return the tokenizer of a base model, the same that its export gets.

    Raises:
        AdaptationError: The folder has no tokenizer that can be loaded.
    """
    from tokenizers import Tokenizer

    from xnai_pipelines.models.tokenizer import write_tokenizer

    with TemporaryDirectory() as temporary:
        path = Path(temporary) / "tokenizer.json"
        try:
            write_tokenizer(base, path)
        except (OSError, ValueError) as error:
            raise AdaptationError(f"The tokenizer in {base.source} cannot be loaded: {error}") from error
        return TextTokenizer(Tokenizer.from_file(str(path)))
