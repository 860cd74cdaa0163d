"""How a walk came to a passage: from a name in the question over passages and entities. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xnai_pipelines.graph.incidence import UNTITLED
from xnai_pipelines.graph.walk import Walk, Walker

MENTIONS = "mentions"
TITLED = "is about"
NAMED = "names"
FOUND = "finds"

ENTITY = "entity"
PASSAGE = "passage"


@dataclass(frozen=True, slots=True)
class Step:
    """A place of a path, and how it hangs on the one before.

    Attributes:
        kind: entity or passage.
        id: entity_id or chunk_id.
        name: The entity's form, or the passage's source.
        by: How the step before leads here: "names" (the question the entity), "finds" (the first search the passage), "is
            about" (the document has the entity as its title), "mentions", or the type of a relation that the text states.
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
    walker: Walker,
    *,
    named: frozenset[int],
    passage: Callable[[int], tuple[str, str]],
    entity: Callable[[int], str],
    relation: Callable[[str, str], str | None],
) -> tuple[Step, ...]:
    """Return a way in words.

    Args:
        way: What `way_to` returned.
        walker: What walked.
        named: Entities that the question names.
        passage: Returns id and source of a row.
        entity: Returns the form of an entity.
        relation: Returns the type of the relation between two entity ids, None if the text states none.
    """
    if not way:
        return ()
    incidence = walker.incidence
    steps = []
    title = int(incidence.title[way[0]])
    before = UNTITLED
    if title in named:
        steps.append(Step(ENTITY, incidence.entity_ids[title], entity(title), NAMED))
        before = title
    for place, code in enumerate(way):
        if place % 2:
            subject = int(incidence.title[way[place - 1]])
            ids = incidence.entity_ids
            stated = None if subject in (UNTITLED, code) else relation(ids[subject], ids[code])
            by = stated or (TITLED if subject == code else MENTIONS)
            steps.append(Step(ENTITY, ids[code], entity(code), by))
            before = code
        else:
            by = TITLED if before == incidence.title[code] != UNTITLED else MENTIONS if steps else FOUND
            steps.append(Step(PASSAGE, *passage(code), by))
    return tuple(steps)
