"""Personalised PageRank over passages and entities, from a few passages of a first search. Pure.

Haveliwala, "Topic-sensitive PageRank", 2002; over passages and entities as in HippoRAG (Gutierrez et al., 2024). A step
goes from a passage to an entity that it names and on to a passage that names the entity. Weights below a floor are
dropped, so a question costs the neighbourhood of its passages and not the whole graph.
"""

from dataclasses import dataclass

import numpy as np

from xnai_pipelines.graph.arrays import Floats, Ints
from xnai_pipelines.graph.incidence import Incidence
from xnai_pipelines.graph.sparse import Sparse

DAMPING = 0.5  # share that goes on, at each passage and at each entity
STEPS = 4  # later ones move less than a thousandth
FLOOR = 1e-6  # of the weight that starts


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Where a walk has been.

    Attributes:
        passages: Weight that arrives at each passage, by step: float64 [n] each; the first is where it starts.
        entities: Weight that arrives at each entity on the way to the next step: float64 [m] each, one fewer.
    """

    passages: tuple[Floats, ...]
    entities: tuple[Floats, ...]

    @property
    def rank(self) -> Floats:
        """The share of the walk's time at each passage: float64 [n]."""
        rank: Floats = (1 - DAMPING) * np.sum(self.passages, axis=0)
        return rank


class Walker:
    """Walks over one incidence."""

    def __init__(self, incidence: Incidence) -> None:
        self.incidence = incidence
        self._of_passage = 1 / np.maximum(incidence.weights.sums(), np.finfo(np.float64).tiny)
        self._of_entity = 1 / np.maximum(incidence.by_entity.sums(), np.finfo(np.float64).tiny)

    def walk(self, start: Floats) -> Walk:
        """Return the walk from the passages with these weights: float64 [n], a sum of 1."""
        passages, entities = [start], []
        for _ in range(STEPS):
            entities.append(_moved(self.incidence.weights, DAMPING * passages[-1] * self._of_passage))
            passages.append(_moved(self.incidence.by_entity, DAMPING * entities[-1] * self._of_entity))
        return Walk(tuple(passages), tuple(entities))

    def flow_into_passage(self, walk: Walk, step: int, row: int) -> tuple[Ints, Floats]:
        """Return the entities that a passage names, and the weight that came from each at a step: int [k], float64."""
        named, weights = self.incidence.weights.row(row)
        return named, walk.entities[step - 1][named] * self._of_entity[named] * weights

    def flow_into_entity(self, walk: Walk, step: int, entity: int) -> tuple[Ints, Floats]:
        """Return the passages that name an entity, and the weight that came from each at a step: int [k], float64."""
        rows, weights = self.incidence.by_entity.row(entity)
        return rows, walk.passages[step - 1][rows] * self._of_passage[rows] * weights


def _moved(matrix: Sparse, leaving: Floats) -> Floats:
    """Return what arrives over the rows that enough leaves from."""
    rows = np.flatnonzero(leaving > FLOOR)
    return matrix.arrived(rows, leaving[rows])
