"""How sure a release has to be to answer: chosen on its own questions, so that few of them are refused. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

import numpy as np

from xnai_pipelines.answers.confidence import Confidence, Features, fitted

RISK = 0.05  # of refusing a question that the documents answer
FEWEST = ceil(2 / RISK) - 1  # questions from which on one odd question alone does not set the threshold
# Of a corpus without questions. It refuses 4 % of XQuAD's questions; where questions share few words with what answers
# them, as in the documentation of programs, it refuses more.
DEFAULT_THRESHOLD = -1.3
DOUBT = 0.0  # below which it is more likely that the documents do not answer


@dataclass(frozen=True, slots=True)
class RefusalPolicy:
    """When a question is refused.

    Attributes:
        threshold: Least log-odds that the evidence answers.
        questions: Number of questions that it was chosen on; 0 for the default.
        release: Release that it was chosen for; None for the default.
        wrongly_refused: Share of those questions that it refuses.
        rightly_refused: Share that it refuses once the documents that answer are taken away.
        confidence: How the log-odds are weighed.
    """

    threshold: float = DEFAULT_THRESHOLD
    questions: int = 0
    release: int | None = None
    wrongly_refused: float | None = None
    rightly_refused: float | None = None
    confidence: Confidence = field(default_factory=Confidence)

    def refuses(self, features: Features) -> bool:
        """Return whether a question with these features is refused."""
        return self.confidence.of(features) < self.threshold

    def doubts(self, features: Features) -> bool:
        """Return whether the documents rather do not answer a question with these features."""
        return self.confidence.of(features) < DOUBT

    @property
    def basis(self) -> str:
        """What the threshold rests on, in a sentence."""
        if self.questions:
            return f"chosen on {self.questions:,} labelled questions"
        return f"the default: {FEWEST} labelled questions are needed to choose one"


NO_POLICY = RefusalPolicy()


def choose_policy(answered: Sequence[Features], removed: Sequence[Features], release: int) -> RefusalPolicy:
    """Return weights that tell the questions apart, and the threshold that refuses at most `RISK` of the answered ones.

    The threshold is the k-th lowest confidence of n, k <= RISK (n + 1): another question like these is as likely to be
    in any place among them, so it is below the threshold in at most `RISK` of cases (split conformal prediction; Vovk,
    Gammerman and Shafer, 2005).

    Args:
        answered: Features of each question.
        removed: The same without the documents that answer it.
        release: Release that was asked.
    """
    if len(answered) < FEWEST:
        return RefusalPolicy(release=release)
    confidence = fitted(answered, removed)
    sure = np.array([confidence.of(one) for one in answered])
    unsure = np.array([confidence.of(one) for one in removed])
    threshold = float(np.sort(sure)[int(RISK * (len(sure) + 1)) - 1])
    return RefusalPolicy(
        threshold=threshold,
        questions=len(answered),
        release=release,
        wrongly_refused=float(np.mean(sure < threshold)),
        rightly_refused=float(np.mean(unsure < threshold)),
        confidence=confidence,
    )
