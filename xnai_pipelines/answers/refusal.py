"""How sure a release has to be to answer: chosen on its own questions, so that few of them are refused. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RISK = 0.05  # of refusing a question that the documents answer
CERTAINTY = 0.95  # that the risk holds for other questions like those it was chosen on
FEWEST = math.ceil(math.log(1 - CERTAINTY) / math.log(1 - RISK))  # questions that hold the risk with that certainty
DEFAULT_THRESHOLD = -1.7  # refuses 5 % of XQuAD's train questions: a corpus without questions is seldom like it


@dataclass(frozen=True, slots=True)
class RefusalPolicy:
    """When a question is refused.

    Attributes:
        threshold: Least log-odds that the evidence answers.
        questions: Number of questions that it was chosen on; 0 for the default.
        release: Release that it was chosen for; None for the default.
        wrongly_refused: Share of those questions that it refuses.
        rightly_refused: Share that it refuses once the documents that answer are taken away.
    """

    threshold: float = DEFAULT_THRESHOLD
    questions: int = 0
    release: int | None = None
    wrongly_refused: float | None = None
    rightly_refused: float | None = None

    @property
    def basis(self) -> str:
        """What the threshold rests on, in a sentence."""
        if self.questions:
            return f"chosen on {self.questions:,} labelled questions"
        return f"the default: {FEWEST} labelled questions are needed to hold {RISK:.0%} with {CERTAINTY:.0%} certainty"


NO_POLICY = RefusalPolicy()


def choose_policy(answered: Sequence[float], removed: Sequence[float], release: int) -> RefusalPolicy:
    """Return the highest threshold that refuses at most `RISK` of questions like the given ones, with `CERTAINTY`.

    The bound is that of order statistics: of n questions, k may be below the threshold if a binomial of n and the risk
    is at most k with a probability of at most 1 - certainty (Clopper and Pearson, 1934).

    Args:
        answered: Confidence for each question.
        removed: The same without the documents that answer it.
        release: Release that was asked.
    """
    below = _allowed(len(answered))
    if below is None:
        return RefusalPolicy(release=release)
    threshold = float(np.sort(np.asarray(answered))[below])
    return RefusalPolicy(
        threshold=threshold,
        questions=len(answered),
        release=release,
        wrongly_refused=float(np.mean(np.asarray(answered) < threshold)),
        rightly_refused=float(np.mean(np.asarray(removed) < threshold)),
    )


def _allowed(questions: int) -> int | None:
    """Return how many of the questions may be refused; None if they are too few to hold the risk."""
    total, allowed = 0.0, None
    for refused in range(questions + 1):
        total += math.comb(questions, refused) * RISK**refused * (1 - RISK) ** (questions - refused)
        if total > 1 - CERTAINTY:
            break
        allowed = refused
    return allowed
