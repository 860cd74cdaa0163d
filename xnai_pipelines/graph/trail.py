"""Why something is in the graph: from an entity, a relation or a community to the characters that it rests on."""

from dataclasses import dataclass
from typing import Any

from xnai_pipelines.graph.answers import Excerpt
from xnai_pipelines.graph.record import Made
from xnai_pipelines.graph.stored import KnowledgeGraph

_AGENT = "xnai:rules"
_RANGES = 50  # shown at the most


@dataclass(frozen=True, slots=True)
class Support:
    """A range of a document, and the rule that took it for support."""

    rule: str
    evidence: Excerpt


@dataclass(frozen=True, slots=True)
class Trail:
    """What a thing of the graph rests on.

    Attributes:
        kind: entity, relation or community.
        id: Its id.
        statement: What it says, in words.
        support: The ranges that it rests on, by document and place.
    """

    kind: str
    id: str
    statement: str
    support: tuple[Support, ...]

    def prov(self, made: Made) -> dict[str, Any]:
        """Return the trail as W3C PROV-JSON: what it rests on, derived by rules, in which run and for which release."""
        thing = f"xnai:{self.kind}/{self.id}"
        sources = {f"xnai:range/{n}": one for n, one in enumerate(self.support, start=1)}
        run = f"xnai:run/{made.run or 'unknown'}"
        release = {} if made.release is None else {f"xnai:release/{made.release}": {"xnai:graph": made.revision}}
        return {
            "prefix": {"xnai": "urn:xnai:", "prov": "http://www.w3.org/ns/prov#"},
            "entity": {
                thing: {"prov:label": self.statement, "prov:type": self.kind},
                **{
                    name: {
                        "xnai:source": one.evidence.source,
                        "xnai:document_id": one.evidence.document_id,
                        "xnai:start": one.evidence.start,
                        "xnai:end": one.evidence.end,
                        "prov:value": one.evidence.text,
                    }
                    for name, one in sources.items()
                },
                **release,
            },
            "activity": {run: {"prov:type": "xnai:graph"}},
            "wasGeneratedBy": {"_:generated": {"prov:entity": thing, "prov:activity": run}},
            "wasAssociatedWith": {"_:associated": {"prov:activity": run, "prov:agent": _AGENT}},
            "hadMember": {f"_:in {name}": {"prov:collection": name, "prov:entity": thing} for name in release},
            "agent": {_AGENT: {"prov:type": "prov:SoftwareAgent"}},
            "wasDerivedFrom": {
                f"_:derived{n}": {"prov:generatedEntity": thing, "prov:usedEntity": name, "xnai:rule": one.rule}
                for n, (name, one) in enumerate(sources.items(), start=1)
            },
            "wasAttributedTo": {"_:attributed": {"prov:entity": thing, "prov:agent": _AGENT}},
        }


def why(graph: KnowledgeGraph, name: str) -> Trail:
    """Return what an entity (by name or id), a relation or a community (by id) rests on, at most 50 ranges.

    Raises:
        GraphQueryError: There is no such thing, or several entities have the name.
    """
    relation = graph.relation(name)
    if relation is not None:
        says = f"{graph.form(relation['source_id'])} {relation['type']} {graph.form(relation['target_id'])}"
        return Trail("relation", name, says, _stated(graph, relation))
    community = graph.community(name)
    if community is not None:
        return Trail(
            "community", name, community["title"], _supported(graph, "summary", community["summary"][:_RANGES])
        )
    entity_id = graph.find(name)
    places = {(one["document_id"], one["start"], one["end"]): one for one in reversed(graph.mentions_of(entity_id))}
    mentions = list(places.values())[::-1]  # a heading is a mention of each chunk below it: once here
    found = [one for one in graph.recognitions(one["chunk_id"] for one in mentions[:_RANGES]) if len(one.ranges) == 1]
    said = {(one.chunk_id, one.ranges[0][1], one.extractor): one.said for one in found}  # a rule may cut off a start
    by = {at: said.get((one["chunk_id"], one["end"], one["extractor"])) for at, one in enumerate(mentions[:_RANGES])}
    rules = {
        (one["chunk_id"], one["start"]): f"{by[at] or one['extractor']}: {one['rule']}"
        for at, one in enumerate(mentions[:_RANGES])
    }
    support = tuple(Support(rules[one.chunk_id, one.start], one) for one in graph.evidence_of(mentions[:_RANGES]))
    return Trail("entity", entity_id, graph.form(entity_id), support)


def _stated(graph: KnowledgeGraph, relation: dict[str, Any]) -> tuple[Support, ...]:
    """Return the sentences of a relation, each with its type and the recogniser that found it there, if one did."""
    kind, sentences = relation["type"], relation["sentences"][:_RANGES]
    of_type = [one for one in graph.recognitions(one["chunk_id"] for one in sentences) if one.type == kind]
    found = [one for one in of_type if len(one.ranges) == 2]
    mentions = [graph.mentions_of(relation[end]) for end in ("source_id", "target_id")] if found else []
    ends = [{(one["chunk_id"], one["end"]) for one in each} for each in mentions]
    mine = [
        one
        for one in found
        if all((one.chunk_id, end) in known for known, (_, end) in zip(ends, one.ranges, strict=True))
    ]

    def rule(at: Excerpt) -> str:
        here = (one for one in mine if one.chunk_id == at.chunk_id and at.start <= one.ranges[0][0] < at.end)
        return next((f"{one.said}: {kind}" for one in here), kind)

    return tuple(Support(rule(one), one) for one in graph.evidence(sentences))


def _supported(graph: KnowledgeGraph, rule: str, ranges: list[dict[str, Any]]) -> tuple[Support, ...]:
    return tuple(Support(rule, one) for one in graph.evidence(ranges))
