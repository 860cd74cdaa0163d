"""How sure a release is that its evidence answers: log-odds of a few features, weighted as its own questions ask. Pure.

`python -m benchmarks.confidence --data DATA` derives the default weights, those of a corpus without labelled
questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

# How much of the question the evidence around the best unit has, by rarity of the words and by MaxSim. Of the best
# unit: 0 if what is asked for has a form of its own, as a price has, and is missing; and how much it has of what is
# asked of the thing. How much of the question the evidence has although it lacks a name or number: most if it tells the
# same of another thing; little if the question only describes a case, whose names no document has.
FEATURES = ("overlap", "maxsim", "form", "related", "mistaken")
NOTHING = (0.0,) * len(FEATURES)  # without evidence
# About the standard deviation of each over XQuAD's train questions; of "form", which none of them lacks, chosen.
SPREADS = (0.2, 0.07, 0.1, 0.11, 0.1)
STRENGTH = 10.0  # of the default weights beside a release's own questions
_OF_THE_OFFSET = 0.1  # how many questions have an answer is a matter of these alone
_STEPS = 5_000
_SETTLED = 1e-6

Features: TypeAlias = Sequence[float]
"""The values of `FEATURES` for one question."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """Weights of the features; 0 is as likely an answer as none, if as many questions have one as have none."""

    weights: tuple[float, ...] = (3.9, 4.5, 4.1, 5.8, -5.2)
    offset: float = -11.25

    def of(self, features: Features) -> float:
        """Return the log-odds that the evidence answers."""
        return float(np.dot(self.weights, features)) + self.offset


def fitted(answered: Sequence[Features], unanswered: Sequence[Features]) -> Confidence:
    """Return the weights that tell questions with an answer from those without, near the default ones.

    It is logistic regression with a normal prior around the default weights, by the steps of Boehning and Lindsay
    ("Monotonicity of quadratic-approximation algorithms", 1988), which always converge.

    Args:
        answered: Features of questions that the documents answer.
        unanswered: Features of questions that they do not.
    """
    if not answered:
        return Confidence()
    prior = Confidence()
    features = np.array([*answered, *unanswered])
    middle = features.mean(axis=0)  # a feature that is always the same then tells nothing, and keeps its weight
    values = np.column_stack([(features - middle) / SPREADS, np.ones(len(features))])
    wanted = np.repeat([1.0, 0.0], [len(answered), len(unanswered)])
    start = np.array([*np.multiply(prior.weights, SPREADS), prior.of(middle.tolist())])
    strength = np.array([STRENGTH] * len(SPREADS) + [_OF_THE_OFFSET])
    bound = values.T @ values / 4 + np.diag(strength)  # of the curvature, so that no step goes too far
    found = start.copy()
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-np.clip(values @ found, -30, 30)))
        step = np.linalg.solve(bound, values.T @ (likely - wanted) + strength * (found - start))
        found -= step
        if float(np.abs(step).max()) < _SETTLED:
            break
    weights = found[:-1] / SPREADS
    return Confidence(tuple(weights.tolist()), float(found[-1] - weights @ middle))
