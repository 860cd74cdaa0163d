"""Counts what a parser leaves out."""

from dataclasses import dataclass, field

from xnai_pipelines.documents.parsers.parsed import Omission
from xnai_pipelines.documents.parsers.text.normalise import normalise, single_line

_LONGEST_EXAMPLE = 80


@dataclass(slots=True)
class Omitted:
    """The parts of a file that its text will not carry, while it is read."""

    _counts: dict[str, int] = field(default_factory=dict)
    _examples: dict[str, str] = field(default_factory=dict)

    def add(self, part: str, example: str = "", count: int = 1) -> None:
        """Count a part of this kind. The first example that has words is kept."""
        if count:
            self._counts[part] = self._counts.get(part, 0) + count
            if not self._examples.get(part):
                self._examples[part] = single_line(normalise(example), _LONGEST_EXAMPLE)

    def listed(self) -> tuple[Omission, ...]:
        """Return what was counted, in the order of first sight."""
        return tuple(Omission(part, count, self._examples[part]) for part, count in self._counts.items())
