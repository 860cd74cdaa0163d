"""Which bearer of a name a document means, if documents say of it what cannot be of one person, place or thing. Pure.

Only what documents say tells namesakes apart. That two documents have no other name in common does not: most documents
about one thing have none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations
from typing import Self

from xnai_pipelines.graph.contradictions import conflict

Facts = frozenset[str]


def namesakes(stated: Iterable[tuple[str, str]]) -> dict[str, dict[str, Facts]]:
    """Return the facts of names that cannot all be of one bearer, by key and document.

    Args:
        stated: Keys, each with a document and a fact.
    """
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for key, value in stated:
        document, _, fact = value.partition(" ")
        found[key][document].add(fact)
    several = {
        key: {one: frozenset(facts) for one, facts in said.items()} for key, said in found.items() if len(said) > 1
    }
    return {key: said for key, said in several.items() if _differ(set(said.values()))}


def _differ(facts: Set[Facts]) -> bool:
    return any(conflict(one, other) for one, other in combinations(facts, 2))


@dataclass(frozen=True, slots=True)
class Bearers:
    """The bearers of a name.

    Attributes:
        name: Key of the name.
        documents: Documents that state facts of each, those of most documents first.
        facts: The facts of each.
        names: Names of the documents.
    """

    name: str
    documents: Sequence[Set[int]]
    facts: Sequence[Facts]
    names: Mapping[int, Set[str]]

    @classmethod
    def of(cls, name: str, said: Mapping[int, Facts], names: Mapping[int, Set[str]]) -> Self:
        """Return the bearers, by the facts of documents; documents with another name in common mean one bearer."""
        around = {document: _around(name, names[document]) for document in said}
        parts = _connected(around)
        documents: list[set[int]] = []
        facts: list[Facts] = []
        for part in sorted(parts, key=lambda part: (-len(part), min(part))):
            mine = frozenset().union(*(said[document] for document in part))
            at = next((at for at, theirs in enumerate(facts) if not conflict(mine, theirs)), None)
            if at is None:
                documents.append(set(part))
                facts.append(mine)
            else:
                documents[at] |= part
                facts[at] |= mine
        return cls(name, documents, facts, around)

    def key(self, document: int, names: Set[str]) -> str:
        """Return the key of the bearer that a document means: the one it speaks of, else that of most common names."""
        of = next((at for at, mine in enumerate(self.documents) if document in mine), None)
        if of is None:
            here = _around(self.name, names)
            common = [max(len(here & self.names[one]) for one in mine) for mine in self.documents]
            best = [at for at, n in enumerate(common) if n and n == max(common)]
            of = best[0] if len(best) == 1 else None
        return f"{self.name} ({', '.join(sorted(self.facts[of]))})" if of else self.name


def _around(name: str, names: Set[str]) -> set[str]:
    """Return the names beside one, without those that have a word of it."""
    words = set(name.split())
    return {other for other in names if words.isdisjoint(other.split())}


def _connected(around: Mapping[int, Set[str]]) -> list[set[int]]:
    """Return the documents in groups, of which each has a name in common with another of its group."""
    groups: list[tuple[set[int], set[str]]] = []
    for document, names in around.items():
        mine, known = {document}, set(names)
        apart = []
        for documents, theirs in groups:
            if known.isdisjoint(theirs):
                apart.append((documents, theirs))
            else:
                mine |= documents
                known |= theirs
        groups = [*apart, (mine, known)]
    return [documents for documents, _ in groups]
