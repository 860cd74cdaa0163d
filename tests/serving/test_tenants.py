"""To a caller, what may not be read does not exist: in hits, scores, corrections, counts, caches and documents."""

import pytest

from tests.serving.conftest import DOCUMENTS, write_tenants
from tests.support.served import bearer, served
from tests.support.workplace import Workplace
from xnai_pipelines.documents.identity import document_id
from xnai_pipelines.errors import TooManyRequestsError
from xnai_pipelines.state.schemas import DOCUMENTS as DOCUMENTS_TABLE

QUESTIONS = ("bonus of the board", "When is the office closed?", "zephyrine", "zephyrinne", "INV-2041", "holidays")
MODES = ("hybrid", "vector", "keyword")


def search(client, headers, question, mode="hybrid"):
    response = client.post("/v1/search", json={"question": question, "mode": mode}, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


def sources(found):
    return [hit["source"] for hit in found["hits"]]


def ids(work):
    rows = work.tables.read(DOCUMENTS_TABLE, ["document_id", "source"]).to_pylist()
    return {row["source"]: row["document_id"] for row in rows}


def test_each_caller_finds_what_its_groups_may_read(tenants, client):
    found = {
        groups: sources(search(client, bearer(tenants.home, *groups), "bonus of the board"))
        for groups in ((), ("red",), ("blue",), ("red", "blue"))
    }
    assert found[()] == ["holidays.md"]
    assert (found[("red",)][0], set(found[("red",)])) == ("red/pay.md", {"red/pay.md", "holidays.md"})
    assert found[("blue",)][0] == "blue/pay.md"
    assert set(found[("red", "blue")]) == set(DOCUMENTS)


def test_a_caller_sees_what_an_index_without_the_others_documents_would_show(tenants, client, tmp_path):
    alone = write_tenants(Workplace(tmp_path, tenants.encoder), "red/")
    blue = bearer(tenants.home, "blue")
    with served(alone.home) as other:
        there = bearer(alone.home, "blue")
        for question in QUESTIONS * 2:  # from a cold cache and from a warm one
            for mode in MODES:
                seen, without = search(client, blue, question, mode), search(other, there, question, mode)
                assert sources(seen) == sources(without)
                assert seen["searched_for"] == without["searched_for"]
                for name in ("vector", "copies"):
                    assert [hit[name] for hit in seen["hits"]] == pytest.approx([hit[name] for hit in without["hits"]])
        assert client.get("/v1/status", headers=blue).json()["passages"] == 3


def test_nothing_of_another_group_is_in_any_response(tenants, client):
    hidden = ids(tenants)["red/pay.md"]
    red, blue = bearer(tenants.home, "red"), bearer(tenants.home, "blue")
    shown = {}
    for name, headers in (("red", red), ("blue", blue)):  # what the first was given is in the cache
        found = [search(client, headers, question, mode) for question in QUESTIONS for mode in MODES]
        hits = [hit for one in found for hit in one["hits"]]
        paths = (f"/v1/documents/{hidden}", "/v1/status", "/v1/releases", "/metrics")
        shown[name] = str(hits) + "".join(client.get(path, headers=headers).text for path in paths)
    assert all(secret in shown["red"] for secret in ("4,000", "red/pay", hidden))
    assert not [secret for secret in ("4,000", "red/pay", hidden, "coins") if secret in shown["blue"]]


def test_an_answer_quotes_what_the_caller_may_read(tenants, client):
    question, shown = {"question": "What is the bonus of the board?"}, {}
    for group in ("red", "blue"):
        headers = bearer(tenants.home, group)
        answered = client.post("/v1/answer", json=question, headers=headers).json()
        context = client.post("/v1/context", json=question, headers=headers).json()["context"]
        shown[group] = str(answered) + context
        quotes = [quote for sentence in answered["sentences"] for quote in sentence["citations"]]
        for quote in quotes:
            where = {"start": quote["start"], "end": quote["end"]}
            text = client.get(f"/v1/documents/{quote['document_id']}", headers=headers, params=where).json()["text"]
            assert text == quote["quote"]
        assert quotes
    assert ("4,000" in shown["red"], "quartz" in shown["red"]) == (True, False)
    assert ("4,000" in shown["blue"], "quartz" in shown["blue"]) == (False, True)


def test_a_document_that_may_not_be_read_answers_like_one_that_is_not_there(tenants, client):
    hidden = ids(tenants)["red/pay.md"]
    red, blue = bearer(tenants.home, "red"), bearer(tenants.home, "blue")
    assert client.get(f"/v1/documents/{hidden}", headers=red).json()["text"].strip() == DOCUMENTS["red/pay.md"]
    refused = client.get(f"/v1/documents/{hidden}", headers=blue)
    unknown = client.get(f"/v1/documents/{'0' * len(hidden)}", headers=blue)
    assert (refused.status_code, refused.content) == (unknown.status_code, unknown.content)
    assert refused.status_code == 404
    assert {*refused.headers} == {*unknown.headers}


def test_what_may_not_be_read_is_not_read(tenants, client, unreadable):
    """Otherwise the time that it takes would tell that there is a document."""
    address = f"/v1/documents/{document_id('red/pay.md')}"
    statuses = [client.get(address, headers=bearer(tenants.home, group)).status_code for group in ("red", "blue")]
    assert statuses == [500, 404]


def test_callers_who_may_read_the_same_share_results(tenants, client, monkeypatch):
    first = search(client, bearer(tenants.home, "red", "staff"), "holidays of the board")

    async def refuse(_):
        raise TooManyRequestsError("Nothing is computed here.", 1)

    monkeypatch.setattr(client.service.workers, "do", refuse)
    assert search(client, bearer(tenants.home, "red", "guests"), "holidays of the board") == first


def test_a_range_of_a_document_is_what_was_asked_for(tenants, client):
    address, headers = f"/v1/documents/{ids(tenants)['holidays.md']}", bearer(tenants.home)
    whole = client.get(address, headers=headers).json()
    part = client.get(address, headers=headers, params={"start": 3, "end": 10}).json()
    assert part["text"] == whole["text"][3:10]
    assert (part["start"], part["end"], part["length"]) == (3, 10, len(whole["text"]))
    past = client.get(address, headers=headers, params={"start": 10**6}).json()
    assert (past["text"], past["start"], past["end"]) == ("", len(whole["text"]), len(whole["text"]))
