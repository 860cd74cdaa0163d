"""A link to another host is dead after failures on three days, and no other machine of the network is asked."""

import socket

import pytest
from werkzeug import Request, Response

from tests.support.health_corpora import corpus_of
from xnai_pipelines.documents.health.external_links import ExternalLinks, checked, dead_links, external_urls, why_dead
from xnai_pipelines.documents.health.targets import Targets

GONE = "https://gone.example.org/page"


def test_a_server_that_answers_is_alive_and_one_that_has_no_such_page_is_not(httpserver):
    httpserver.expect_request("/here").respond_with_data("")
    httpserver.expect_request("/moved").respond_with_response(Response(status=301, headers={"Location": "/gone"}))
    httpserver.expect_request("/private").respond_with_response(Response(status=403))
    httpserver.expect_request("/gone").respond_with_response(Response(status=404))
    httpserver.expect_request("/broken").respond_with_response(Response(status=503))

    def get_only(request: Request) -> Response:
        return Response(status=200 if request.method == "GET" else 405)

    httpserver.expect_request("/get").respond_with_handler(get_only)
    answers = {
        path: why_dead(httpserver.url_for(f"/{path}"), private=True)
        for path in ("here", "moved", "private", "gone", "broken", "get")
    }
    assert answers == {
        **dict.fromkeys(("here", "moved", "private", "get")),
        "gone": "answers 404",
        "broken": "answers 503",
    }


def test_a_port_that_nothing_listens_on_gives_no_answer():
    with socket.socket() as taken:  # so that nobody else listens on it
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert why_dead(url, private=True) == "no answer (ConnectionRefusedError)"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]"])
def test_addresses_of_the_own_network_are_not_asked(host, httpserver):
    assert why_dead(f"http://{host}:{httpserver.port}/gone") is None
    assert httpserver.log == []


def test_a_link_is_dead_after_three_days_and_alive_after_one_answer():
    targets = Targets(corpus_of({"a.md": f"[x]({GONE}#part) and <{GONE}>\n"}))
    urls = external_urls(targets)
    assert urls == [GONE]
    known = ExternalLinks()
    for day in ("2026-01-01", "2026-01-02", "2026-01-02", "2026-01-03"):
        assert list(dead_links(targets, known)) == []
        known = checked(known, urls, day, ask=lambda _: "answers 404")
    found = list(dead_links(targets, known))
    assert [one.kind for one in found] == ["dead_link", "dead_link"]
    assert "2026-01-03" in found[0].message
    known = checked(known, urls, "2026-01-04", ask=lambda _: None)
    assert list(dead_links(targets, known)) == []


def test_a_link_is_asked_once_a_day_and_forgotten_with_its_page():
    asked: list[str] = []

    def ask(url: str) -> None:
        asked.append(url)

    known = checked(ExternalLinks(), [GONE], "2026-01-01", ask=ask)
    known = checked(known, [GONE], "2026-01-01", ask=ask)
    assert asked == [GONE]
    assert checked(known, [], "2026-01-02", ask=ask).links == {}
