"""A judgement in the service counts in the next evaluation, and says nothing of what its caller may not read."""

import asyncio
from contextlib import suppress

import pytest

from tests.support.served import bearer
from xnai_pipelines.questions.feedback import read_feedback
from xnai_pipelines.serving.current import Served
from xnai_pipelines.serving.tokens import Scope

QUESTION = "When is the office closed?"


def ids(client, tenants):
    return client.get("/v1/sources", headers=bearer(tenants.home, "red", "blue")).json()["sources"]


def judge(client, headers, documents, right=True):
    body = {"question": QUESTION, "documents": documents, "right": right}
    return client.post("/v1/feedback", json=body, headers=headers)


def test_a_judgement_is_noted_with_its_caller(tenants, client):
    known = ids(client, tenants)
    documents = [known["holidays.md"], known["blue/office.md"], known["holidays.md"]]
    assert judge(client, bearer(tenants.home, "blue"), documents, right=False).json() == {"noted": 2}
    given = read_feedback(tenants.home.feedback).judgements[-2:]
    assert [(one.question, one.source, one.right) for one in given] == [
        (QUESTION, "holidays.md", False),
        (QUESTION, "blue/office.md", False),
    ]
    assert given[0].who.startswith("somebody/")


def test_whose_documents_they_are_is_found_out_in_a_worker(tenants, client, monkeypatch):
    """The rules are asked about every document, for which no other request waits."""
    known, real, in_loop = ids(client, tenants), Served.for_groups, []

    def for_groups(served, groups):
        with suppress(RuntimeError):
            in_loop.append(asyncio.get_running_loop())
        return real(served, groups)

    monkeypatch.setattr(Served, "for_groups", for_groups)
    assert judge(client, bearer(tenants.home, "blue"), [known["holidays.md"]]).status_code == 200
    assert in_loop == []


@pytest.mark.parametrize("name", ["red/pay.md", "nothing"])
def test_of_what_may_not_be_read_nothing_is_noted(tenants, client, name):
    known, before = ids(client, tenants), read_feedback(tenants.home.feedback)
    response = judge(client, bearer(tenants.home, "blue"), [known["holidays.md"], known.get(name, "00")])
    assert (response.status_code, response.json()["message"]) == (404, "There is no such document.")
    assert read_feedback(tenants.home.feedback) == before


def test_a_caller_without_the_right_does_not_judge(tenants, client):
    headers = bearer(tenants.home, scopes=(Scope.ANSWER, Scope.READ))
    assert judge(client, headers, [ids(client, tenants)["holidays.md"]]).status_code == 403
