"""What is served follows the home: runs, moves of the pointer and access rules; a request keeps what it began with."""

import threading

import pytest

from tests.support.backed_up import copy_home
from tests.support.served import bearer, served
from tests.support.waiting import until
from tests.support.workplace import Workplace
from xnai_pipelines.state.layout import write_bytes
from xnai_pipelines.state.manifest import Releases

NEUTRAL = "The service cannot answer this now. Its log names the cause."


@pytest.fixture
def own(tenants, tmp_path):
    return copy_home(tenants, tmp_path)


def found(client, headers, question):
    response = client.post("/v1/search", json={"question": question}, headers=headers)
    return [hit["source"] for hit in response.json()["hits"]] if response.status_code == 200 else response.status_code


def test_a_deleted_document_leaves_results_cache_and_documents(own):
    with served(own.home) as client:
        blue = bearer(own.home, "blue")
        assert found(client, blue, "paid in quartz")[0] == "blue/pay.md"
        (own.documents / "blue/pay.md").unlink()
        own.ingest()
        until(lambda: "blue/pay.md" not in found(client, blue, "paid in quartz"))


def test_new_rules_hold_and_broken_ones_close_the_service(own):
    with served(own.home) as client:
        red = bearer(own.home, "red")
        assert "blue/pay.md" not in found(client, red, "paid in quartz")
        rules = own.documents / "access.yaml"
        write_bytes(rules, b'"blue/**": [red]\n')
        until(lambda: "blue/pay.md" in found(client, red, "paid in quartz"))
        write_bytes(rules, b"blue/**: red\n")
        until(lambda: found(client, red, "paid in quartz") == 503)
        ready = client.get("/ready")
        assert (ready.status_code, ready.json()["message"]) == (503, NEUTRAL)
        assert client.get("/health").status_code == 200
        write_bytes(rules, b'"[z-a]": [red]\n')
        until(lambda: "z-a" in client.service.current.failure)
        write_bytes(rules, b'"blue/**": [red]\n')
        until(lambda: client.get("/ready").status_code == 200)


def test_a_move_of_the_pointer_fails_no_request_and_mixes_none(own):
    own.ingest(new_release=True)
    releases = Releases(own.home.releases)
    with served(own.home) as client:
        headers, stop, seen = bearer(own.home, "blue"), threading.Event(), []

        def ask():
            while not stop.is_set():
                response = client.post("/v1/search", json={"question": "office"}, headers=headers)
                seen.append((response.status_code, response.json()["release"]))

        asking = threading.Thread(target=ask)
        asking.start()
        for number in (1, 2, 1):
            releases.roll_back(number, "a test")
            until(lambda number=number: seen and seen[-1] == (200, number))
        stop.set()
        asking.join()
    assert {status for status, _ in seen} == {200}


def test_before_the_first_release_the_service_is_alive_and_not_ready(tmp_path, built_encoder):
    work = Workplace(tmp_path, built_encoder)
    with served(work.home) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/ready").status_code == 503
        assert client.get("/ready").json()["message"] == NEUTRAL
        assert "xnai run" in client.service.current.failure
        work.write("a.md", "# A\n\nSome words to find.")
        work.ingest()
        until(lambda: client.get("/ready").status_code == 200)
