"""A question about all documents is answered by communities: a quoted sentence of each, of what may be read alone."""

import json
from collections.abc import Iterator
from dataclasses import asdict

import httpx
import numpy as np
import pyarrow as pa
import pytest

import xnai_pipelines
from tests.support.asked import ask
from tests.support.served import bearer, served
from tests.support.workplace import Workplace
from xnai_pipelines.answers.answer import Answer, State
from xnai_pipelines.answers.ask import Written
from xnai_pipelines.answers.passages import Passages
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.graph.division import Division
from xnai_pipelines.graph.make import bring_graph
from xnai_pipelines.state.schemas import DOCUMENTS

ASKED = "What are the main topics?"
OPEN = {
    "boats/harbour.md": "# Sun Harbour\n\nSun Harbour is where the Sea Star and the Gull Wind lie in winter.\n",
    "boats/star.md": "# Sea Star\n\nThe Sea Star sails from Sun Harbour to Port Amber each week with Captain Holm.\n",
    "boats/wind.md": "# Gull Wind\n\nThe Gull Wind is older than the Sea Star and sails from Sun Harbour too.\n",
    "bread/rye.md": "# Black Rye\n\nBlack Rye is baked by Ida Brandt in the Mill Street Bakery before dawn.\n",
    "bread/mill.md": "# Mill Street Bakery\n\nThe Mill Street Bakery sells Black Rye and White Loaf to the town.\n",
    "bread/loaf.md": "# White Loaf\n\nWhite Loaf is the other bread of Ida Brandt at the Mill Street Bakery.\n",
}
SECRET = {
    "secret/merger.md": "# Merger\n\nSun Harbour and the Mill Street Bakery become Amber Holding of Ida Brandt.\n\n"
    "The Sea Star brings Black Rye to Port Amber, and the Gull Wind brings White Loaf to Sun Harbour.\n",
    "secret/pay.md": "# Pay Scale\n\nThe Pay Scale of Amber Holding gives the Works Council a say in Grade Nine.\n",
    "secret/council.md": "# Works Council\n\nThe Works Council of Amber Holding meets on Grade Nine.\n",
}


def written(work: Workplace, texts: dict[str, str]) -> Workplace:
    for name, text in texts.items():
        work.write(name, text)
    work.ingest()
    bring_graph(work.context())
    return work


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    work = written(Workplace(tmp_path_factory.mktemp("town"), built_encoder), OPEN | SECRET)
    (work.documents / "access.yaml").write_text('"secret/**": [board]\n', encoding="utf-8")
    return work


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, built_encoder: Encoder) -> Workplace:
    """The same home, had there never been a secret."""
    return written(Workplace(tmp_path_factory.mktemp("alone"), built_encoder), OPEN)


@pytest.fixture(scope="module")
def client(town: Workplace) -> Iterator[httpx.Client]:
    with served(town.home) as client:
        yield client


def passages(work: Workplace) -> Passages:
    return Passages(work.search(), work.home)


def sources(answer: Answer) -> list[str]:
    return [one.source for sentence in answer.sentences for one in sentence.citations]


def test_each_theme_is_told_by_a_quoted_sentence_of_its_leading_document(town: Workplace):
    answer = xnai_pipelines.open(town.home.root, threads=1).ask(ASKED)
    texts = {row["document_id"]: row["text"] for row in town.rows(DOCUMENTS).values()}
    cited = [one for sentence in answer.sentences for one in sentence.citations]
    assert answer.refusal is None
    assert len(cited) == len(answer.sentences) == len({one.document_id for one in cited}) > 1
    assert {sentence.state for sentence in answer.sentences} == {State.VERBATIM}
    assert all(one.quote == texts[one.document_id][one.start : one.end] for one in cited)
    assert all(not one.quote.startswith("#") for one in cited)


def test_the_themes_of_several_topics_are_of_each(alone: Workplace):
    assert {source.split("/")[0] for source in sources(ask(passages(alone), ASKED))} == {"boats", "bread"}


def test_a_reader_gets_what_a_home_without_the_other_documents_gives(town: Workplace, alone: Workplace):
    whole = passages(town)
    before = ask(whole, ASKED)
    assert any(source.startswith("secret/") for source in sources(before))
    reader = whole.for_reader(lambda source: not source.startswith("secret/"))
    assert ask(reader, ASKED).sentences == ask(passages(alone), ASKED).sentences
    assert ask(whole, ASKED).sentences == before.sentences
    assert reader.for_reader(lambda _: True).index.contents.passages == whole.index.contents.passages
    assert ask(reader.for_reader(lambda _: False), ASKED).refusal


def test_made_again_of_all_passages_the_division_is_the_stored_one(town: Workplace):
    index = passages(town).index
    stored, all_of_them = index.division, pa.array(np.ones(index.contents.passages, bool))
    again = Division.among(town.tables, index.corpus.passages.select(["chunk_id", "document_id"]), all_of_them)
    assert stored
    assert again.incidence.entity_ids == stored.incidence.entity_ids
    assert again.community.tolist() == stored.community.tolist()
    assert max(again.community) > 0


def test_every_route_that_answers_shows_a_caller_its_own_documents_alone(town: Workplace, client: httpx.Client):
    seen = {}
    for groups in (("board",), ()):  # what the first was given is in the cache
        headers = bearer(town.home, *groups)
        chat = {"model": "xnai", "messages": [{"role": "user", "content": ASKED}]}
        routes = (("/v1/answer", {"question": ASKED}), ("/v1/chat/completions", chat))
        answers = [client.post(path, json=body, headers=headers) for path, body in routes]
        assert [one.status_code for one in answers] == [200, 200], [one.text for one in answers]
        seen[groups] = [one.text for one in answers]
    assert all("Amber Holding" in text for text in seen[("board",)])
    assert all("boats/" in text and "bread/" in text for text in seen[()])
    told = " ".join(seen[()])
    assert not [word for word in ("secret", "Amber Holding", "Works Council", "Grade Nine") if word in told]


def test_filters_of_the_question_hold(town: Workplace):
    answer = ask(passages(town), f"{ASKED} source:bread/")
    assert {source.split("/")[0] for source in sources(answer)} == {"bread"}


def test_a_language_model_writes_from_the_passages_of_the_themes(town: Workplace):
    given = []

    def answerer(_, evidence):
        given.extend(one.source for one in evidence)
        return Written("test", ())
        yield

    quoted = ask(passages(town), ASKED, answerer=answerer)
    assert given == sources(quoted)


def test_a_question_with_a_word_of_its_own_goes_the_ordinary_way(town: Workplace):
    answer = ask(passages(town), "What is the topic of the Works Council?")
    assert sources(answer)[0] == "secret/council.md"


def test_without_a_graph_the_question_goes_the_ordinary_way(town: Workplace, work: Workplace):
    for name, text in OPEN.items():
        work.write(name, text)
    work.ingest()
    assert work.search().division is None
    answer = ask(passages(work), ASKED)
    assert answer.sentences or answer.refusal


def test_the_overview_is_the_same_each_time(town: Workplace):
    first, again = (asdict(ask(passages(town), ASKED))["sentences"] for _ in range(2))
    assert json.dumps(first) == json.dumps(again)
