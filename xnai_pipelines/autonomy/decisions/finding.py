"""What an evaluation shows to be degraded."""

from dataclasses import dataclass
from enum import StrEnum

from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.evaluation.slices import OVERALL, Slice

NEW = Slice("new", "since release")


class Kind(StrEnum):
    """What is beyond its limit."""

    ERRORS = "errors"
    FLOOR = "floor"
    BELOW_CHAMPION = "below_champion"
    LATENCY = "latency"

    @property
    def metric(self) -> str:
        """The figure that is judged, by its column in the table of questions."""
        return _METRICS[self]

    @property
    def of_accuracy(self) -> bool:
        """Whether training might mend it."""
        return self in (Kind.FLOOR, Kind.BELOW_CHAMPION)


_METRICS = {
    Kind.ERRORS: "error",
    Kind.FLOOR: "success_at_10",
    Kind.BELOW_CHAMPION: "ndcg_at_10",
    Kind.LATENCY: "latency_ms",
}
_WORST_KIND = {Kind.ERRORS: 0, Kind.FLOOR: 1, Kind.BELOW_CHAMPION: 1, Kind.LATENCY: 2}
_PLAINEST = ("language", "folder", OVERALL.dimension, NEW.dimension)


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure of one mode and slice that is beyond its limit.

    Attributes:
        kind: Which limit.
        mode: Search mode.
        part: The slice; its questions may be in others too.
        questions: How many the figure is a mean of.
        value: The figure: a mean nDCG@10, a share, or milliseconds.
        reference: What it is held against: the champion's mean nDCG@10 on these questions at release, on others where
            these are new, or the limit.
        beyond: How far it is beyond what is allowed, in its own unit.
        difference: Below the champion: value - reference with its 95 % interval.
        p_value: Of the one-sided test, before the correction for many; None where nothing is tested.
        paired: Whether the same questions were compared.
        words: The finding in words, without a full stop.
    """

    kind: Kind
    mode: str
    part: Slice
    questions: int
    value: float
    reference: float
    beyond: float
    difference: Estimate | None
    p_value: float | None
    paired: bool
    words: str

    def cause(self, release: int) -> str:
        """Return the name that this finding has in every mode and on every night of a release."""
        one_of_a_kind = self.part in (OVERALL, NEW)
        part = self.part.dimension if one_of_a_kind else f"{self.part.dimension}={self.part.value}"
        return f"{self.kind}:{part}@release{release}"


def severity(kind: Kind, part: Slice, beyond: float, questions: int) -> tuple[int, float, int, int, str]:
    """Return a key that puts the worst first.

    Searches that raise before accuracy, for they make it worthless, and accuracy before latency; within these what is
    farthest beyond its limit. Of slices that fell alike, one that has a language or folder to its name says most.
    """
    return _WORST_KIND[kind], -round(beyond, 3), _PLAINEST.index(part.dimension), -questions, part.value
