"""Groups of entities: what is closest together, the same for any order of rows, and moved by an edit only around it."""

import random

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.communities import communities_of, network_of

FRIENDS = 5


def relations(*edges: tuple[str, str, float]) -> pa.Table:
    source, target, weight = zip(*edges, strict=True)
    return pa.table({"source_id": source, "target_id": target, "weight": weight})


def circles(number: int = 6) -> list[tuple[str, str, float]]:
    """Return circles in which everybody knows each other, with one loose tie from each to the next."""
    inside = [
        (f"{circle}-{one}", f"{circle}-{other}", 1.0)
        for circle in range(number)
        for one in range(FRIENDS)
        for other in range(one)
    ]
    return inside + [(f"{circle}-0", f"{(circle + 1) % number}-1", 0.1) for circle in range(number)]


def groups(*edges: tuple[str, str, float]) -> set[tuple[str, ...]]:
    network = network_of(relations(*edges))
    return {tuple(network.ids[node] for node in each.members) for each in communities_of(network)}


def test_those_who_know_each_other_are_a_group():
    assert groups(*circles()) == {tuple(f"{circle}-{one}" for one in range(FRIENDS)) for circle in range(6)}


def test_the_order_of_the_rows_does_not_matter():
    edges = [
        (f"{a:02}", f"{b:02}", float(w))
        for a, b, w in np.random.default_rng(0).integers(1, 60, (400, 3)).tolist()
        if a != b
    ]
    shuffled = random.Random(1).sample(edges, len(edges))
    assert communities_of(network_of(relations(*edges))) == communities_of(network_of(relations(*shuffled)))


def test_a_new_relation_changes_only_the_groups_that_it_touches():
    before, after = groups(*circles()), groups(*circles(), ("0-2", "new", 1.0))
    assert before - after == {tuple(f"0-{one}" for one in range(FRIENDS))}
    assert after - before == {(*(f"0-{one}" for one in range(FRIENDS)), "new")}


def test_a_large_group_is_divided_into_groups_that_lie_in_it():
    towns = [
        (f"{town}{one:02}", f"{town}{other:02}", 4.0 if one // FRIENDS == other // FRIENDS else 1.0)
        for town in "abcdef"
        for one in range(12 * FRIENDS)
        for other in range(one)
    ]
    found = communities_of(network_of(relations(*towns, ("a00", "b00", 0.1), ("c00", "d00", 0.1))))
    parts = [each for each in found if each.parent is not None]
    assert [len(each.members) for each in found if each.parent is None] == [12 * FRIENDS] * 6
    assert [len(each.members) for each in parts] == [FRIENDS] * 72
    assert all(set(each.members) < set(found[each.parent].members) for each in parts)
    assert {each.level for each in parts} == {1}
