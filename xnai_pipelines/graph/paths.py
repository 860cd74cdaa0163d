"""How a walk came to a passage: from a name in the question over passages and entities. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xnai_pipelines.graph.incidence import UNTITLED, Incidence
from xnai_pipelines.graph.walk import Walk, Walker

MENTIONS = "mentions"
TITLED = "is about"
NAMED = "names"
FOUND = "finds"

ENTITY = "entity"
PASSAGE = "passage"


@dataclass(frozen=True, slots=True)
class Step:
    """A place of a path, and how it follows from the previous step.

    Attributes:
        kind: entity or passage.
        id: entity_id or chunk_id.
        name: The entity as the passage beside it names it, or the passage's source.
        by: How the step before leads here: "names" (the question names the entity), "finds" (the first search finds the
            passage), "mentions", "is about" (the entity is the title of the document), or the type of a relation that
            the text states.
    """

    kind: str
    id: str
    name: str
    by: str


def way_to(walker: Walker, walk: Walk, row: int) -> tuple[int, ...]:
    """Return the way by which most weight came to a passage: row, entity, row, ..., its own row; empty if none did."""
    arrived = [float(passages[row]) for passages in walk.passages]
    step = int(np.argmax(arrived))
    if not arrived[step]:
        return ()
    places = [row]
    for at in range(step, 0, -1):
        entities, flows = walker.flow_into_passage(walk, at, places[-1])
        places.append(int(entities[np.argmax(flows)]))
        rows, flows = walker.flow_into_entity(walk, at, places[-1])
        places.append(int(rows[np.argmax(flows)]))
    return tuple(reversed(places))


def path_of(
    way: tuple[int, ...],
    incidence: Incidence,
    *,
    named: frozenset[int],
    passage: Callable[[int], tuple[str, str]],
    relation: Callable[[str, str, str], str | None],
) -> tuple[Step, ...]:
    """Return a way in words: only those of the passages on it.

    Args:
        way: What `way_to` returned.
        incidence: What was walked over.
        named: Entities that the question names.
        passage: Returns id and source of a row.
        relation: Returns the type of the relation that a passage states between two entities, None if it states none;
            takes the ids of the passage and of the entities.
    """
    if not way:
        return ()
    steps: list[Step] = []
    ids = incidence.entity_ids
    about = int(incidence.title[way[0]])
    if about in named:
        steps.append(Step(ENTITY, ids[about], incidence.surface(way[0], about), NAMED))
    for row, entity in zip(way[::2], (*way[1::2], None), strict=True):
        title = int(incidence.title[row])
        chunk_id, source = passage(row)
        reached = TITLED if title == about != UNTITLED else MENTIONS
        steps.append(Step(PASSAGE, chunk_id, source, reached if steps else FOUND))
        if entity is not None:
            stated = None if title in (UNTITLED, entity) else relation(chunk_id, ids[title], ids[entity])
            by = stated or (TITLED if title == entity else MENTIONS)
            steps.append(Step(ENTITY, ids[entity], incidence.surface(row, entity), by))
            about = entity
    return tuple(steps)
