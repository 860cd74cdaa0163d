"""The chunking settings, and what a chunk is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

# Raise it when the same settings give other chunks than before, so that stored chunks are made again.
ALGORITHM = 1

MIN_SIZE_TOKENS = 16
MAX_SIZE_TOKENS = 8192


class Strategy(StrEnum):
    """The places where a chunk may end."""

    FIXED = "fixed"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"
    RECURSIVE = "recursive"
    STRUCTURE = "structure"


@dataclass(frozen=True, slots=True)
class ChunkingSpec:
    """How documents are cut.

    Attributes:
        strategy: Places where a chunk may end.
        size_tokens: Max tokens of the encoder's tokenizer per chunk, without special tokens.
        overlap_tokens: Tokens repeated from the text before a chunk, at most half the size.

    Raises:
        ValueError: A setting is outside its range. The message names it, its value and what is allowed.
    """

    strategy: Strategy
    size_tokens: int
    overlap_tokens: int = 0

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "strategy", Strategy(self.strategy))
        except ValueError:
            allowed = ", ".join(Strategy)
            raise ValueError(f"strategy is {self.strategy!r}, but must be one of {allowed}.") from None
        _check_range("size_tokens", self.size_tokens, (MIN_SIZE_TOKENS, MAX_SIZE_TOKENS))
        _check_range("overlap_tokens", self.overlap_tokens, (0, self.size_tokens // 2), ", half of size_tokens")

    @property
    def label(self) -> str:
        """The settings and the algorithm's version in one string, such as "structure/192/0@1"."""
        return f"{self.strategy}/{self.size_tokens}/{self.overlap_tokens}@{ALGORITHM}"


class InnerSection(NamedTuple):
    """A section that begins inside a chunk: where in the document, and its headings, outermost first."""

    start: int
    heading_path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A range of a document: its text is `document.text[start:end]`.

    `token_count` is the number of tokens of that text alone. `heading_path` has the titles of the headings that
    enclose the chunk's start, outermost first. A heading encloses its own line. `sections` are those that begin after
    the chunk's start, in order.
    """

    ordinal: int
    start: int
    end: int
    token_count: int
    heading_path: tuple[str, ...]
    sections: tuple[InnerSection, ...] = ()


def _check_range(name: str, value: int, bounds: tuple[int, int], why: str = "") -> None:
    low, high = bounds
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}, but must be an integer from {low} to {high}{why}.")
