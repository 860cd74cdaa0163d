"""What an answerer writes before it is verified: sentences, and the evidence that each one names."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence that nothing has checked yet.

    Attributes:
        text: The sentence.
        cited: Places in the list of evidence that it names, counted from 0.
    """

    text: str
    cited: tuple[int, ...]


Draft: TypeAlias = tuple[DraftSentence, ...]
