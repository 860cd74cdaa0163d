"""`xnai sources` and `xnai crawl`: what a home reads beside its folder."""

import json
import re

import pytest
from pytest_httpserver import HTTPServer

from tests.support.pipeline import command, variables

PAGES = {
    "/docs/": "<h1>Manual</h1><p>How the pump is cleaned.</p><a href='filter.html'>Filter</a>",
    "/docs/filter.html": "<h1>Filter</h1><p>The filter is changed every year.</p>",
}


@pytest.fixture
def site(httpserver: HTTPServer) -> str:
    """A web site of two pages; return the address of the first."""
    for path, text in PAGES.items():
        httpserver.expect_request(path).respond_with_data(f"<html><body>{text}</body></html>", content_type="text/html")
    httpserver.expect_request(re.compile(".*")).respond_with_data("none", status=404)
    return httpserver.url_for("/docs/")


@pytest.fixture
def environment(work):
    return variables(work, private_hosts="127.0.0.1,localhost")


def test_a_crawled_site_is_a_source_until_it_is_removed(environment, site):
    crawled = command(environment, "crawl", site, "--name", "manual", "--delay", "0", "--json")
    assert crawled.code == 0, crawled.err
    [report] = json.loads(crawled.out)["sources"]
    assert (report["name"], report["kind"], report["fetched"]) == ("manual", "crawl", 2)

    [standing] = json.loads(command(environment, "sources", "--json").out)
    assert (standing["name"], standing["files"], standing["trouble"]) == ("manual", 2, None)
    files = json.loads(command(environment, "sources", "manual", "--json").out)["files"]
    assert site + "filter.html" in [file["origin"] for file in files.values()]

    assert command(environment, "sources", "--remove", "manual").code == 0
    assert json.loads(command(environment, "sources", "--json").out) == []


def test_a_mistyped_address_is_no_source(environment, site):
    failed = command(environment, "crawl", site.replace("/docs/", "/dosc/"), "--delay", "0")
    assert failed.code != 0
    assert "404" in failed.err
    assert json.loads(command(environment, "sources", "--json").out) == []


def test_a_source_that_does_not_exist_is_named(environment):
    failed = command(environment, "sources", "manual")
    assert failed.code != 0
    assert "There is no source manual. There are: none." in failed.err


def test_a_list_of_sources_that_is_wrong_is_refused_with_its_place(work, environment):
    work.write("sources.yaml", "sources:\n  - kind: git\n    name: Hand Book\n    url: https://example.org/x.git\n")
    failed = command(environment, "sources")
    assert failed.code != 0
    assert "sources.yaml" in failed.err
    assert "small letters, digits and hyphens" in failed.err
