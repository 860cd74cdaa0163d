"""Groups of entities: what is closest together, the same for any order of rows, and moved by an edit only around it."""

import random

import numpy as np
import pyarrow as pa

from xnai_pipelines.graph.communities import NodeGroup, communities_of, dividing, network_of
from xnai_pipelines.graph.summaries import central_members, chosen_sentences
from xnai_pipelines.graph.tables import RELATIONS

FRIENDS = 5


def relations(*edges: tuple[str, str, float]) -> pa.Table:
    source, target, weight = zip(*edges, strict=True)
    return pa.table({"source_id": source, "target_id": target, "weight": weight, "bond": weight})


def entities(*edges: tuple[str, str, float], **of: tuple[str, int, bool]) -> pa.Table:
    """Return the ends of the edges as entities: of what is given, type, number of documents, has one of its own."""
    ids = sorted({end for edge in edges for end in edge[:2]})
    kind, number, has_own = zip(*(of.get(one, ("name", 1, False)) for one in ids), strict=True)
    titled = pa.array([["its own"] if own else [] for own in has_own], pa.list_(pa.string()))
    return pa.table({"entity_id": ids, "type": kind, "document_count": number, "titled_documents": titled})


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


def test_a_date_binds_nothing():
    edges = [*circles(), *((f"{circle}-{one}", "y1998", 5.0) for circle in range(6) for one in range(FRIENDS))]
    kept = dividing(relations(*edges).drop_columns("bond"), entities(*edges, y1998=("date", 30, False)))
    assert len(kept) == len(circles())
    assert "y1998" not in network_of(kept).ids


def test_an_attribute_of_many_documents_does_not_bind_what_has_nothing_else_in_common():
    shared = [(f"{circle}-{one}", "American", 5.0) for circle in range(6) for one in range(FRIENDS)]
    edges = [*circles(), *shared]

    def together(own: bool) -> set[frozenset[str]]:
        """Return the circles of each community if American has a document of its own, or none."""
        bonds = dividing(relations(*edges).drop_columns("bond"), entities(*edges, American=("name", 900, own)))
        network = network_of(bonds)
        groups = ({network.ids[node][0] for node in each.members} for each in communities_of(network))
        return {frozenset(group - {"A"}) for group in groups}

    assert together(own=True) == {frozenset("012345")}
    assert together(own=False) == {frozenset(str(circle)) for circle in range(6)}


def test_groups_join_only_if_they_are_close():
    inside = [edge for edge in circles(100) if edge[2] == 1.0]

    def sizes(tie: float) -> set[int]:
        """Return the sizes of the communities if a tie connects each circle with even number to the next."""
        ties = [(f"{circle}-0", f"{circle + 1}-0", tie) for circle in range(0, 100, 2)]
        return {len(group) for group in groups(*inside, *ties)}

    assert sizes(0.3) == {FRIENDS}
    assert sizes(0.5) == {2 * FRIENDS}


def test_a_group_is_called_by_what_is_central_to_it_and_not_by_what_is_everywhere():
    leaders = [(f"{circle}-{one}", f"{circle}-4", 3.0) for circle in range(6) for one in range(4)]
    everywhere = [(f"{circle}-4", "everywhere", 2.5) for circle in range(6)]
    network = network_of(relations(*circles(), *leaders, *everywhere))
    found = communities_of(network)
    called = [network.ids[nodes[0]] for nodes in central_members(found, network)]
    assert sorted(called) == [f"{circle}-4" for circle in range(6)]


def test_a_summary_prefers_what_is_said_of_the_central_members_to_a_list_of_the_others():
    pairs = [("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")]
    places = {"said": ["a b", "a c"], "listed": ["b c", "b d", "c d"], "both": ["a d"]}
    rows = [
        {
            "source_id": one,
            "target_id": other,
            "weight": 1.0 if one == "a" else 0.9,
            "bond": 1.0,
            "sentences": [
                {"chunk_id": chunk, "start": 0, "end": 50}
                for chunk, named in places.items()
                if f"{one} {other}" in named
            ],
        }
        for one, other in pairs
    ]
    schema = pa.schema(
        [
            ("source_id", pa.string()),
            ("target_id", pa.string()),
            ("weight", pa.float64()),
            ("bond", pa.float64()),
            RELATIONS.schema.field("sentences"),
        ]
    )
    network = network_of(pa.Table.from_pylist(rows, schema=schema))
    whole = [NodeGroup(0, None, (0, 1, 2, 3))]
    chosen = chosen_sentences(whole, [[network.ids.index("a")]], network, pa.Table.from_pylist(rows, schema=schema))
    assert [chunk for chunk, _, _ in chosen[0]] == ["said", "both"]
