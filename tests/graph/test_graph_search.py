"""Search led on by the graph finds what a question needs but does not say, with the way; for readers and policies."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.workplace import Workplace
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.errors import GraphQueryError, QueryError
from xnai_pipelines.evaluation.graph_share import WITHOUT, GraphTrial, try_graph
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.graph.make import bring_graph
from xnai_pipelines.graph.record import read_graph_record
from xnai_pipelines.graph.stored import KnowledgeGraph
from xnai_pipelines.questions.question import Origin, Question, Relevant, Split
from xnai_pipelines.search.query import Filters, Mode
from xnai_pipelines.search.themes import themes_of
from xnai_pipelines.state.manifest import Releases
from xnai_pipelines.state.schemas import DOCUMENTS

ASKED = "Where was the director of Silver Tide born?"
FILMS = {
    "silver.md": "# Silver Tide\n\nSilver Tide is a drama film directed by Mara Quist. It stars Ole Brandt.\n",
    "quist.md": "# Mara Quist\n\nMara Quist (1950 to 2001) grew up in Tromso and studied law in Bergen.\n",
    "brandt.md": "# Ole Brandt\n\nOle Brandt sells boats in Horten.\n",
    **{
        f"film{n}.md": f"# Tide {n}\n\nTide {n} is a drama film. Its director was born in a town of the north.\n"
        for n in range(8)
    },
}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    work = Workplace(tmp_path_factory.mktemp("films"), built_encoder)
    for name, text in FILMS.items():
        work.write(name, text)
    work.ingest()
    bring_graph(work.context())
    return work


def sources(hits) -> list[str]:
    return [hit.source for hit in hits]


def test_the_graph_leads_to_the_document_that_the_question_does_not_name(films: Workplace):
    index = films.search()
    assert "quist.md" not in sources(index.search(ASKED, 3))
    hits = index.search(ASKED, 3, Mode.GRAPH)
    assert sources(hits)[0] == "silver.md"
    found = next(hit for hit in hits if hit.source == "quist.md")
    assert [(step.kind, step.name, step.by) for step in found.path] == [
        ("entity", "Silver Tide", "names"),
        ("passage", "silver.md", "is about"),
        ("entity", "Mara Quist", "directed_by"),
        ("passage", "quist.md", "is about"),
    ]


def test_the_release_names_the_graph_as_soon_as_it_is_made(films: Workplace):
    revision = read_graph_record(films.home).revision
    assert revision
    assert Releases(films.home.releases).require().graph == revision


def test_hybrid_search_takes_the_graph_only_as_far_as_the_policy_says(films: Workplace):
    index = films.search()
    plain = [(hit.chunk_id, hit.score) for hit in index.search(ASKED, 5)]
    assert all(not hit.path for hit in index.search(ASKED, 5))
    by_graph = index.ranked_by(replace(index.policy, graph_weight=4.0), films.home)
    assert by_graph.rank(ASKED, 5) == index.rank(ASKED, 5, Mode.GRAPH)
    without = by_graph.ranked_by(replace(index.policy, graph_weight=0.0), films.home)
    assert [(hit.chunk_id, hit.score) for hit in without.search(ASKED, 5)] == plain


def test_themes_are_what_the_best_passages_mention_most(films: Workplace):
    index, graph = films.search(), KnowledgeGraph(films.tables)
    found = themes_of(index, films.tables, ASKED, most=1)
    assert found.passages == index.contents.passages
    [theme] = found.themes
    assert theme.community in graph.communities(0)
    assert 0 < theme.share == found.covered < 1
    texts = {row["document_id"]: row["text"] for row in films.rows(DOCUMENTS).values()}
    assert [one.text for one in theme.passages] == [
        texts[one.document_id][one.start : one.end] for one in theme.passages
    ]
    every = themes_of(index, films.tables, ASKED, most=100)
    shares = [one.share for one in every.themes]
    assert shares == sorted(shares, reverse=True)
    assert found.covered <= every.covered <= 1
    with pytest.raises(GraphQueryError, match="level 9: their levels are 0 to"):
        themes_of(index, films.tables, ASKED, level=9)


def test_no_way_leads_over_a_document_that_may_not_be_read(films: Workplace):
    reader = films.search().for_reader(lambda source: source != "silver.md")
    assert all("silver.md" not in [step.name for step in hit.path] for hit in reader.search(ASKED, 20, Mode.GRAPH))
    fewer = films.search().for_reader(lambda source: not source.startswith("film"))
    hits = fewer.search(ASKED, 20, Mode.GRAPH)
    assert set(sources(hits)) == {"silver.md", "quist.md", "brandt.md"}


def test_filters_hold_and_the_answer_does_not_depend_on_who_asked_before(films: Workplace):
    index = films.search()
    alone = index.rank(ASKED, 10, Mode.GRAPH)
    index.for_reader(lambda source: source == "brandt.md").rank(ASKED, 10, Mode.GRAPH)
    assert index.rank(ASKED, 10, Mode.GRAPH) == alone
    assert sources(index.search(ASKED, 10, Mode.GRAPH, Filters(source_prefix="quist"))) == ["quist.md"]


def test_a_home_without_a_graph_says_so_and_ranks_without_it(work: Workplace):
    work.write("silver.md", FILMS["silver.md"])
    work.ingest()
    index = work.search()
    assert Mode.GRAPH not in index.modes
    with pytest.raises(QueryError, match=r"no knowledge graph.*xnai run"):
        index.search(ASKED, 3, Mode.GRAPH)
    of_a_graph_that_is_gone = index.ranked_by(replace(index.policy, graph_weight=4.0), work.home)
    assert sources(of_a_graph_that_is_gone.search(ASKED, 3)) == ["silver.md"]


def test_the_policy_gives_the_graph_a_weight_only_for_a_gain_beyond_chance(films: Workplace):
    index = films.search()
    ids = dict(index.contents.documents())

    def question(text: str, *relevant: str) -> Question:
        found = tuple(Relevant(ids[source], None, 1) for source in relevant)
        return Question(text, text, found, Origin.LABELLED, Split.TRAIN)

    needs = [question(f"{ASKED} ({n})", "silver.md", "quist.md") for n in range(4)]
    assert try_graph(index, needs, lambda: None).chosen > WITHOUT
    plain = [question(f"Who sells boats in Horten? ({n})", "brandt.md") for n in range(4)]
    assert try_graph(index, plain, lambda: None).chosen == WITHOUT
    by_chance = GraphTrial(9, {0.0: 0.5, 1.0: 0.6}, 1.0, Estimate(0.1, -0.01, 0.2))
    assert by_chance.chosen == WITHOUT


def test_scores_are_numbers_and_every_passage_without_a_way_keeps_its_own(films: Workplace):
    index = films.search()
    hybrid = {one.row: one.score for one in index.rank(ASKED, 20)}
    graph = {one.row: one.score for one in index.rank(ASKED, 20, Mode.GRAPH)}
    assert hybrid.keys() == graph.keys()
    assert all(np.isfinite(score) and score >= hybrid[row] for row, score in graph.items())


def test_a_title_that_may_not_be_read_takes_no_words_from_one_that_may(work: Workplace):
    work.write("alpha.md", "# Alpha\n\nAlpha sells boats in Horten.\n")
    work.write("merger.md", "# Alpha Merger\n\nAlpha Merger is a plan of the board.\n")
    work.write("other.md", "# Beta\n\nBeta sells cars. It is called the Merger of shops.\n")
    work.ingest()
    bring_graph(work.context())
    reader = work.search().for_reader(lambda source: source != "merger.md")
    hits = reader.search("Who knows of the Alpha Merger?", 3, Mode.GRAPH)
    (alpha,) = (hit for hit in hits if hit.source == "alpha.md")
    assert [step.by for step in alpha.path] == ["names", "is about"]
