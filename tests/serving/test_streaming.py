"""Sentences come as they are verified; a model server that hangs, breaks or lies costs its head start and no answer."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest

from tests.support.language_models import END, delta, language_model
from tests.support.served import served
from tests.support.waiting import NEVER_SECONDS, until
from xnai_pipelines.language_model.server import FAILURES, ChatServer
from xnai_pipelines.serving.writer import Writer

QUESTION = {"question": "When is the office closed?"}
STREAM = {"Accept": "text/event-stream"}
PROVEN, SECOND, INVENTED = (
    "The office is closed at night. [1] ",
    "Everybody has thirty holidays. [1] ",
    "Ada sings. [1] ",
)
HEAD_START = 0.2


@pytest.fixture(scope="module")
def open_client(tenants):
    with served(tenants.home, authenticated=False) as client:
        yield client
        client.service.writer = None


@pytest.fixture
def asking(open_client):
    """Return a function whose block has a client of a service whose answers a script writes."""

    @contextmanager
    def asking(script, *, head_start=NEVER_SECONDS, seconds=NEVER_SECONDS, **how):
        with language_model(script, **how) as url:
            open_client.service.writer = Writer(ChatServer(url, "small", seconds=seconds), head_start)
            yield open_client

    return asking


def events(lines):
    """Yield the name and the content of each event."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def asked(client, body=QUESTION):
    with client.stream("POST", "/v1/answer", json=body, headers=STREAM) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        return list(events(response.iter_lines()))


def test_quotes_are_streamed_as_they_are_answered(open_client):
    open_client.service.writer = None
    whole = open_client.post("/v1/answer", json=QUESTION).json()
    *sentences, (last, answer) = asked(open_client)
    assert [one for _, one in sentences] == whole["sentences"]
    assert {name for name, _ in sentences} == {"sentence"}
    assert (last, {**answer, "seconds": 0}) == ("answer", {**whole, "seconds": 0})
    wanted = open_client.post("/v1/answer", json={**QUESTION, "stream": True})
    assert [name for name, _ in events(wanted.iter_lines())][-1] == "answer"


def test_an_error_before_the_first_event_has_its_status(open_client):
    response = open_client.post("/v1/answer", json={"question": "?!"}, headers=STREAM)
    assert (response.status_code, response.json()["error"]) == (400, "QueryError")


def test_a_sentence_is_shown_while_the_model_writes_the_next(asking):
    goes_on = threading.Event()

    def script(say):
        say(delta(PROVEN + SECOND[:25]))
        goes_on.wait()
        say(delta(SECOND[25:] + INVENTED) + END)

    with asking(script) as client, client.stream("POST", "/v1/answer", json=QUESTION, headers=STREAM) as r:
        seen = events(r.iter_lines())
        first = next(seen)
        goes_on.set()
        second, (last, answer) = seen
    assert [one["text"] for _, one in (first, second)] == [PROVEN[:-5], SECOND[:-5]]
    assert (last, answer["answerer"]) == ("answer", "small")
    assert answer["sentences"] == [first[1], second[1]]
    assert answer["notes"] == ["1 sentence without support in the documents left out."]


def hangs(say):
    with suppress(ConnectionError):
        while True:
            say(": wait\n\n")
            threading.Event().wait(0.01)


def breaks(say):
    say(delta("Every"))
    raise ConnectionError


FAILING = {
    "hangs": ({"script": hangs, "head_start": HEAD_START}, "did not reply within 0.2 s"),
    "breaks": ({"script": breaks}, "broke off"),
    "garbage": ({"script": lambda say: say("data: {]\n\n")}, "sent a reply that is not a completion"),
    "an error": ({"script": lambda say: say('data: {"error": "no"}\n\n')}, "sent a reply that is not a completion"),
    "500": ({"script": lambda say: say("no"), "status": 500}, "answered with status 500"),
    "redirect": ({"script": lambda say: say("no"), "status": 302}, "answered with status 302"),
    "endless": ({"script": lambda say: say("data: " + "x" * 2_000_000)}, "sent more than a megabyte"),
    "lies": ({"script": lambda say: say(delta(INVENTED) + END)}, "wrote nothing that the documents support"),
    "no text": ({"script": lambda say: say("{}"), "kind": "application/json"}, "sent a reply that is not a completion"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failing_model_server_costs_no_answer(asking, name):
    how, why = FAILING[name]
    with asking(**how) as client:
        *sentences, (_, answer) = asked(client)
    assert (answer["answerer"], answer["notes"]) == (
        "extractive",
        [f"The language model {why}; the answer quotes the documents."],
    )
    assert [one for _, one in sentences] == answer["sentences"] != []


def test_what_was_verified_before_the_limit_is_the_answer(asking):
    def script(say):
        say(delta(PROVEN + SECOND))
        hangs(say)

    for seconds in (HEAD_START, 2.0, 20.0):  # a slow machine needs longer to verify the first sentence
        with asking(script, seconds=seconds) as client:
            *sentences, (_, answer) = asked(client)
        if answer["answerer"] == "small":
            break
    assert [one["text"] for _, one in sentences] == [PROVEN[:-5]]
    assert answer["notes"] == [f"The language model did not reply within {seconds:g} s; its answer may be incomplete."]


def test_a_server_that_does_not_stream_is_understood(asking):
    whole = json.dumps({"choices": [{"message": {"content": PROVEN}}]})
    with asking(lambda say: say(whole), kind="application/json") as client:
        assert client.post("/v1/answer", json=QUESTION).json()["answerer"] == "small"


def test_a_client_that_leaves_stops_the_model(asking):
    left = threading.Event()

    def script(say):
        say(delta(PROVEN + SECOND))
        hangs(say)
        left.set()

    with asking(script) as client:
        with client.stream("POST", "/v1/answer", json=QUESTION, headers=STREAM) as response:
            assert next(events(response.iter_lines()))[0] == "sentence"
        assert left.wait(NEVER_SECONDS)
        until(lambda: client.service.workers.busy == 0)


def test_a_model_server_that_fails_again_and_again_is_left_alone(asking):
    calls = []

    def script(say):
        calls.append(1)
        say("no")

    with asking(script, status=500) as client:
        notes = [client.post("/v1/answer", json=QUESTION).json()["notes"][0] for _ in range(FAILURES + 2)]
    assert len(calls) == FAILURES
    assert "is left alone for 60 s" in notes[-1]


def test_a_model_that_writes_holds_no_processor(asking):
    begun, goes_on = threading.Event(), threading.Event()

    def script(say):
        begun.set()
        goes_on.wait()
        say(delta(PROVEN) + END)

    with asking(script) as client, ThreadPoolExecutor(1) as other:
        answer = other.submit(client.post, "/v1/answer", json=QUESTION)
        begun.wait()
        until(lambda: client.service.workers.busy == 0)  # what tests before gave up may still be verified
        assert client.post("/v1/search", json=QUESTION).status_code == 200
        goes_on.set()
        assert answer.result().json()["answerer"] == "small"
