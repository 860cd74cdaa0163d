"""The stored graph answers: entities, paths, communities, what they rest on, files for other programs, and a page."""

import json
import re
from pathlib import Path

import pytest
from lxml import etree

from tests.support.workplace import CHUNKING, Workplace
from xnai_pipelines.chunks.make import make_chunks
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import GraphQueryError
from xnai_pipelines.graph.export import Format, exported
from xnai_pipelines.graph.known_forms import KnownForms
from xnai_pipelines.graph.make import bring_graph
from xnai_pipelines.graph.page import page
from xnai_pipelines.graph.record import Made, made_by
from xnai_pipelines.graph.stored import KnowledgeGraph
from xnai_pipelines.graph.summaries import is_prose
from xnai_pipelines.graph.trail import why
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.schemas import DOCUMENTS

PAGES = {
    "lee.md": "# Ann Lee\n\nAnn Lee was born in Oslo. She married Bo Ek of Acme Corp.\n",
    "ek.md": "# Bo Ek\n\nBo Ek works for Acme Corp in Oslo. By then Ek knew <b>Ann Lee</b>.\n",
    "acme.md": "# Acme Corp\n\nAcme Corp is a company in Oslo, founded by Cy Oz. See [Bo](ek.md).\n",
    "far.md": "# Quartz\n\nQuartz is a mineral.\n",
    "one.md": "# Mercury (planet)\n\nMercury is a planet near the Sun.\n",
    "two.md": "# Mercury (element)\n\nMercury is a metal of low melting point.\n",
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    work = Workplace(tmp_path_factory.mktemp("asked"), built_encoder)
    for name, text in PAGES.items():
        work.write(name, text)
    work.ingest_documents()
    make_chunks(work.context(), CHUNKING, work.tokens)
    bring_graph(work.context())
    return work


@pytest.fixture(scope="module")
def graph(asked: Workplace) -> KnowledgeGraph:
    return KnowledgeGraph(asked.tables)


def test_an_entity_is_found_by_any_form_and_shows_what_is_said_of_it(graph: KnowledgeGraph):
    found = graph.entity("bo ek")
    assert found == graph.entity(found.entity_id)
    assert found.form == "Bo Ek"
    assert "Ek" in found.aliases
    assert found.definition is not None
    assert found.definition.text.startswith("Bo Ek works for Acme Corp")
    [works] = [one for one in found.neighbours if one.type == "works_for"]
    assert (works.form, works.outward) == ("Acme Corp", True)
    [founded] = [one for one in graph.entity("Acme Corp").neighbours if one.type == "works_for"]
    assert (founded.form, founded.outward) == ("Bo Ek", False)


def test_an_entity_is_seen_from_its_earliest_to_its_latest_document(asked: Workplace, graph: KnowledgeGraph):
    times = {row["source"]: row["modified_at"] for row in asked.rows(DOCUMENTS).values()}
    found = graph.entity("Cy Oz")
    assert found.first_seen == found.last_seen == times["acme.md"]
    assert graph.entity("Oslo").first_seen == times["lee.md"] < times["acme.md"] == graph.entity("Oslo").last_seen


def test_prov_names_the_release_whose_graph_it_is(graph: KnowledgeGraph):
    trail = why(graph, "Ann Lee")
    prov = trail.prov(Made("nightly", "abc", 3))
    assert prov["entity"]["xnai:release/3"] == {"xnai:graph": "abc"}
    [member] = prov["hadMember"].values()
    assert member == {"prov:collection": "xnai:release/3", "prov:entity": f"xnai:entity/{trail.id}"}


def test_a_name_of_several_and_a_name_of_none_are_refused_with_what_to_ask(graph: KnowledgeGraph):
    with pytest.raises(GraphQueryError, match=r"names 2 entities: Mercury .element.*Mercury .planet"):
        graph.find("Mercury")
    assert graph.form(graph.find("Mercury (planet)")) == "Mercury (planet)"
    with pytest.raises(GraphQueryError, match="Do you mean 'Acme Corp'"):
        graph.find("Acme Crop")
    with pytest.raises(GraphQueryError, match="Do you mean 'Oslo'"):
        graph.find("norway.oslo")
    with pytest.raises(GraphQueryError, match="`xnai graph export` writes all names"):
        graph.find("qqqzzz")


def test_a_path_goes_over_relations_and_each_has_its_sentence(asked: Workplace, graph: KnowledgeGraph):
    steps = graph.path("Ann Lee", "Cy Oz")
    assert steps[-1].form == "Cy Oz"
    texts = {row["document_id"]: row["text"] for row in asked.rows(DOCUMENTS).values()}
    for step in steps:
        assert step.evidence is not None
        place = step.evidence
        assert place.text == texts[place.document_id][place.start : place.end]
    assert graph.path("Ann Lee", "Ann Lee") == ()
    with pytest.raises(GraphQueryError, match="No relations lead"):
        graph.path("Ann Lee", "Quartz")


def test_a_level_that_there_is_none_of_is_refused_with_those_that_there_are(graph: KnowledgeGraph):
    assert graph.communities(0)
    with pytest.raises(GraphQueryError, match=r"No communities have level 99: their levels are 0 to \d+\."):
        graph.communities(99)


def test_everything_rests_on_characters_of_documents(asked: Workplace, graph: KnowledgeGraph):
    texts = {row["document_id"]: row["text"] for row in asked.rows(DOCUMENTS).values()}
    relation = next(one.relation_id for one in graph.entity("Bo Ek").neighbours if one.type == "works_for")
    community = graph.communities()[0].community_id
    for name, kind in (("Ann Lee", "entity"), (relation, "relation"), (community, "community")):
        trail = why(graph, name)
        assert trail.kind == kind
        assert trail.support
        for one in trail.support:
            place = one.evidence
            assert place.text == texts[place.document_id][place.start : place.end]
        prov = trail.prov(made_by(asked.home, kind))
        assert prov["activity"].keys() == {"xnai:run/run"}
        [generated] = prov["wasGeneratedBy"].values()
        assert generated == {"prov:entity": f"xnai:{kind}/{trail.id}", "prov:activity": "xnai:run/run"}
        assert not prov["hadMember"]  # no release yet
        assert len(prov["wasDerivedFrom"]) == len(trail.support)
        used = {derived["prov:usedEntity"] for derived in prov["wasDerivedFrom"].values()}
        assert used < prov["entity"].keys()


def test_exports_hold_every_row_and_graphml_is_well_formed(asked: Workplace):
    rows = [json.loads(line) for line in exported(asked.tables, Format.JSONL)]
    counts = {kind: sum(row["kind"] == kind for row in rows) for kind in ("entity", "relation")}
    root = etree.fromstring("\n".join(exported(asked.tables, Format.GRAPHML)).encode())
    space = "{http://graphml.graphdrawing.org/xmlns}"
    nodes = {node.get("id") for node in root.iter(f"{space}node")}
    edges = list(root.iter(f"{space}edge"))
    assert (len(nodes), len(edges)) == (counts["entity"], counts["relation"])
    assert {end for edge in edges for end in (edge.get("source"), edge.get("target"))} <= nodes


def test_a_page_is_one_file_that_loads_nothing_and_shows_texts_as_texts(graph: KnowledgeGraph):
    html = page(graph, "Ann Lee")
    assert not re.search(r"<script|https?://|src=|url\(|@import|<link", html)
    assert "<b>" not in html
    assert "<h1>Ann Lee</h1>" in html
    svg = etree.fromstring(html[html.index("<svg") : html.index("</svg>") + len("</svg>")])
    labels = [text.text for text in svg.iter("text")]
    assert {"Ann Lee", "Oslo"} <= set(labels)
    assert len(labels) == len(set(labels))


def test_of_forms_that_differ_by_case_the_one_that_is_written_so_is_meant():
    rows = [{"entity_id": name, "form": name, "aliases": [name]} for name in ("FastAPI", "fastapi", "Fastapi")]
    known = KnownForms.of_rows(None, rows)
    assert known.find("FastAPI") == "FastAPI"
    assert known.find("fastapi") == "fastapi"
    with pytest.raises(GraphQueryError, match="names 3 entities"):
        known.find("FASTAPI")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Use `Depends` with a new parameter.", True),
        ("Дела идут хорошо.", True),
        ("安娜住在奥斯陆。", True),
        ("### Import `Depends` { #import-depends }", False),
        ("```python def my_dep(): yield```", False),
        ('<p align="center"> <a href="https://example.org">', False),
        ("!function(e,t){module?exports=t(require(null)):0}", False),
    ],
)
def test_headings_and_code_are_no_prose(text: str, expected: bool):
    assert is_prose(text) is expected


def test_a_home_without_a_graph_says_what_builds_it(work: Workplace):
    with pytest.raises(GraphQueryError, match=r"no knowledge graph yet.*xnai run"):
        KnowledgeGraph(work.tables)


def test_asking_a_home_that_does_not_exist_makes_nothing(tmp_path: Path):
    with pytest.raises(GraphQueryError, match=r"no knowledge graph yet.*xnai run"):
        KnowledgeGraph.of(Home(tmp_path / "none"))
    assert list(tmp_path.iterdir()) == []
