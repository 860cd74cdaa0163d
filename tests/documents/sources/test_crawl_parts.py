"""What a crawler is told, by URLs, pages, sitemaps and addresses, is taken at its form and not at its word."""

import gzip
import time

import pytest

from xnai_pipelines.documents.sources.crawl import page
from xnai_pipelines.documents.sources.crawl.http import is_public, limited
from xnai_pipelines.documents.sources.crawl.page import read_page
from xnai_pipelines.documents.sources.crawl.sitemap import read_sitemap
from xnai_pipelines.documents.sources.crawl.urls import canonical_url, file_path, is_loop, page_key, url_pattern
from xnai_pipelines.errors import RequestFailedError


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Example.org:80/a/../b/./c?utm_source=x&b=2&a=1#part", "http://example.org/b/c?a=1&b=2"),
        ("https://münchen.de/straße", "https://xn--mnchen-3ya.de/stra%C3%9Fe"),
        ("http://h/a;jsessionid=1/b?PHPSESSID=2", "http://h/a/b"),
        ("http://h//a///b/", "http://h/a/b/"),
        ("http://h/a%2fb%7Ec", "http://h/a%2Fb~c"),
        ("http://h/100%", "http://h/100%25"),
        ("http://h", "http://h/"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ],
)
def test_a_page_has_one_url(url: str, canonical: str):
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    "url",
    ["mailto:a@b", "javascript:x()", "ftp://h/", "http://u:p@h/", "http://h:99999/", "//h/x", "http:///", "x" * 9],
)
def test_what_is_no_web_page_has_none(url: str):
    assert canonical_url(url) is None


def test_links_are_relative_to_their_page_and_a_slash_at_the_end_is_no_difference():
    assert canonical_url("../x?y=1", "http://h/a/b/c") == "http://h/a/x?y=1"
    assert page_key("http://h/a/") == page_key("http://h/a")


def test_files_of_different_pages_have_different_names_below_the_folder():
    urls = ["http://h/a", "http://h/a.html", "http://h/a?b=1", "http://h/a?b=2", "http://h/%2E%2E/x", "http://h/é%2Fé"]
    names = [file_path(canonical_url(url) or "", ".html") for url in urls]
    assert len(set(names)) == len(names)
    assert not [name for name in names if ".." in name.split("/") or name.startswith("/")]
    assert len(file_path("http://h/" + "n" * 1000, ".html")) < 200


def test_calendars_have_one_pattern_and_circles_are_seen():
    assert url_pattern("http://h/2024/05?day=1") == url_pattern("http://h/1999/12?day=31")
    assert url_pattern("http://h/guide/a") != url_pattern("http://h/guide/b")
    assert is_loop("http://h/x/y/x/y/x/y/x/y")
    assert not is_loop("http://h/a/b/a")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.1", "100.64.0.1", "224.0.0.1"),
        *("::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "ff02::1"),
    ],
)
def test_addresses_that_are_not_of_the_internet_are_seen_in_every_form(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(address: str):
    assert is_public(address)


def test_what_is_packed_is_unpacked_up_to_the_limit():
    packed = gzip.compress(bytes(1_000))
    pieces = [packed[:5], packed[5:]]
    assert limited(iter(pieces), 1_000, packed=True) == bytes(1_000)
    for content, limit in ((pieces, 999), ([b"no gzip"], 1_000), ([packed[:-3]], 1_000)):
        with pytest.raises(RequestFailedError):
            limited(iter(content), limit, packed=True)


def test_a_page_says_where_it_leads_and_what_may_be_done():
    found = read_page(
        '<base href="/base/"><link rel="canonical" href="own"><a href="x">1</a><a href="x#y">2</a>'
        '<a rel="nofollow" href="no">3</a><script>var a = "<a href=z>";</script>',
        "http://h/a/b",
    )
    assert found.links == ("http://h/base/x",)
    assert found.canonical == "http://h/base/own"
    assert found.keep
    assert not read_page("<p>x</p>", "http://h/", "none").keep


def test_the_words_of_a_page_do_not_depend_on_its_markup():
    one = read_page("<p>Same  words</p><script>token = 1</script>", "http://h/")
    assert one.words == read_page("<b>Same words</b><script>token = 2</script>", "http://h/").words
    assert one.words != read_page("<p>Other words</p>", "http://h/").words


@pytest.mark.parametrize("html", ["<div>" * 50_000, "<a " * 20_000, "<!" * 20_000, "<script>" * 20_000, "\0" * 1_000])
def test_hostile_markup_costs_little_time(html: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "SECONDS", 0.1)
    started = time.process_time()
    read_page(html, "http://h/")
    assert time.process_time() - started < 5


def test_sitemaps_in_every_form_and_damaged():
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    assert read_sitemap(f"<urlset {space}><url><loc> http://h/a </loc></url>".encode()).pages == ("http://h/a",)
    index = b"<sitemapindex><sitemap><loc><![CDATA[http://h/s?a&b]]></loc></sitemap></sitemapindex>"
    assert read_sitemap(index).sitemaps == ("http://h/s?a&b",)
    assert read_sitemap(b"http://h/a\nhttp://h/b\n").pages == ("http://h/a", "http://h/b")
    image = "<image:loc xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'>http://h/i.png</image:loc>"
    assert read_sitemap(f"<urlset><url><loc>http://h/a</loc>{image}</url></urlset>".encode()).pages == ("http://h/a",)


def test_entities_of_a_sitemap_do_not_grow():
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'
    assert read_sitemap(bomb.encode()).pages == ()
