"""A crawl reads what a site lets it read, once, and gets out of every trap."""

import gzip
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.support.processes import end, start_process
from xnai_pipelines.documents.sources.crawl import crawler, http
from xnai_pipelines.documents.sources.crawl.crawler import CrawlSource
from xnai_pipelines.documents.sources.mirror import Mirror, MirrorRecord, synchronise
from xnai_pipelines.documents.sources.specs import CrawlSpec

EVERY_PATH = re.compile(".*")
PRIVATE = frozenset({"127.0.0.1", "localhost"})


class Site:
    """A real web site of pages that a test sets, and its mirror."""

    def __init__(self, server: HTTPServer, folder: Path) -> None:
        self.server, self.mirror = server, Mirror(folder / "mirror")
        self.url = server.url_for("/")
        self.pages: dict[str, str | bytes | Response | Callable[[Request], Response]] = {}
        self.asked: list[str] = []
        self.waited: list[float] = []
        server.expect_request(EVERY_PATH).respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        path = request.full_path.rstrip("?")
        self.asked.append(path)
        page = self.pages.get(path)
        if callable(page) and not isinstance(page, Response):
            return page(request)
        if page is None:
            return Response("none", 404)
        if isinstance(page, Response):
            return page
        response = Response(page, content_type="text/html" if isinstance(page, str) else "application/pdf")
        response.add_etag()
        return response.make_conditional(request)

    def spec(self, **options: Any) -> CrawlSpec:
        options = {"url": self.url, "delay": 0.0, **options}
        return CrawlSpec(kind="crawl", name="site", prefix="site", **options)

    def source(self, *, now: bool = True, **options: Any) -> CrawlSource:
        spec = self.spec(**options)
        return CrawlSource(spec, self.mirror.work, PRIVATE, now=now, wait=self.waited.append, seconds=20)

    def crawl(self, **options: Any) -> MirrorRecord:
        self.asked.clear()
        return synchronise(self.mirror, self.source(**options), max_bytes=2**30)

    def kept(self) -> set[str]:
        """Return the paths of the URLs of what is kept."""
        return {"/" + file.origin.removeprefix(self.url) for file in self.mirror.record().files.values()}


@pytest.fixture
def site(httpserver: HTTPServer, tmp_path: Path) -> Site:
    return Site(httpserver, tmp_path)


def links(*targets: str, text: str = "") -> str:
    words = text or f"A page of {len(targets)} links: {' '.join(targets)}."
    anchors = "".join(f"<a href='{target}'>x</a>" for target in targets)
    return f"<html><body><p>{words}</p>{anchors}</body></html>"


def test_pages_are_kept_with_their_urls_and_asked_for_once(site: Site):
    site.pages = {
        "/": links("/a", "b/c.html#part", "/a?utm_source=x", "mailto:a@b.c"),
        "/a": links("/", text="A"),
        "/b/c.html": "<p>C</p>",
        "/doc.pdf": b"%PDF",
    }
    record = site.crawl()
    assert site.kept() == {"/", "/a", "/b/c.html"}
    assert (record.fetched, record.failed, record.trouble) == (3, {}, None)
    assert sorted(site.asked) == ["/", "/a", "/b/c.html", "/robots.txt", "/sitemap.xml"]
    host = site.url.removeprefix("http://").strip("/").replace(":", "_")
    assert record.files.keys() == {f"{host}/index.html", f"{host}/a/index.html", f"{host}/b/c.html"}


def test_robots_txt_is_obeyed_with_wildcards_and_its_delay(site: Site):
    robots = "User-agent: *\nDisallow: /private\nDisallow: /*.tmp$\nAllow: /private/open\nCrawl-delay: 7\n"
    site.pages = {
        "/robots.txt": Response(robots),
        "/": links("/private/x", "/private/open", "/y.tmp"),
        "/private/open": "<p>open</p>",
        "/private/x": "<p>x</p>",
        "/y.tmp": "<p>y</p>",
    }
    record = site.crawl()
    assert site.kept() == {"/", "/private/open"}
    assert record.skipped == {"robots.txt does not allow it": 2}
    assert 1 < max(site.waited) <= 7  # less by what the requests took


def test_without_an_answer_about_robots_nothing_is_read_and_nothing_removed(site: Site):
    site.pages = {"/": links()}
    site.crawl()
    site.pages["/robots.txt"] = Response("down", 500)
    record = site.crawl()
    assert "robots.txt" in (record.trouble or "")
    assert set(site.asked) == {"/robots.txt"}
    assert site.kept() == {"/"}


def test_sitemaps_name_pages_that_nothing_links_to(site: Site):
    index = f"<sitemapindex><sitemap><loc>{site.url}maps/1.xml.gz</loc></sitemap></sitemapindex>"
    urls = f"<urlset><url><loc>{site.url}hidden</loc></url><url><loc>http://other.example/</loc></url></urlset>"
    site.pages = {
        "/": links(),
        "/hidden": "<p>hidden</p>",
        "/sitemap.xml": Response(index),
        "/maps/1.xml.gz": Response(gzip.compress(urls.encode()), content_type="application/gzip"),
    }
    site.crawl()
    assert site.kept() == {"/", "/hidden"}


def test_a_second_crawl_downloads_nothing_and_a_fresh_one_asks_nothing(site: Site):
    site.pages = {"/": links("/a"), "/a": "<p>A</p>"}
    site.crawl()
    assert site.crawl().fetched == 0
    assert "/a" in site.asked  # behind a page that was answered with 304
    assert site.crawl(now=False).trouble is None
    assert site.asked == []


def test_edited_pages_are_read_again_and_lost_ones_removed(site: Site):
    site.pages = {"/": links("/a", "/b", "/c"), "/a": "<p>A</p>", "/b": "<p>B</p>", "/c": "<p>C</p>"}
    site.crawl()
    site.pages |= {"/": links("/a", "/b"), "/a": "<p>new</p>"}
    del site.pages["/b"]
    record = site.crawl()
    assert (record.fetched, record.removed) == (2, 2)
    assert site.kept() == {"/", "/a"}


def test_copies_are_kept_once_and_a_page_goes_by_its_own_url(site: Site):
    other = '<link rel="canonical" href="/guide"><p>print version</p>'
    site.pages = {
        "/": links("/guide?print=1", "/copy", "/same", "/lonely"),
        "/guide": "<p>The guide</p>",
        "/guide?print=1": other,
        "/same": "<p>Same words</p>",
        "/copy": "<b>Same  words</b>",
        "/lonely": '<link rel="canonical" href="/missing"><p>Lonely</p>',
    }
    record = site.crawl()
    assert site.kept() == {"/", "/guide", "/copy", "/lonely"}
    assert record.skipped == {"copy of another page": 1}


def test_pages_that_ask_not_to_be_kept_or_followed(site: Site):
    site.pages = {
        "/": links("/no", "/nofollow"),
        "/no": '<meta name="robots" content="noindex">' + links("/behind"),
        "/nofollow": '<meta name="robots" content="nofollow">' + links("/secret"),
        "/behind": "<p>behind</p>",
        "/secret": "<p>secret</p>",
    }
    site.crawl()
    assert site.kept() == {"/", "/nofollow", "/behind"}


def test_only_the_folder_of_the_first_page_and_named_hosts_are_read(site: Site):
    site.pages = {
        "/docs/": links("/docs/a", "/blog/b", "http://other.example/", "/docs/img.png"),
        "/docs/a": "<p>A</p>",
        "/docs/img.png": Response(b"png", content_type="image/png"),
    }
    record = site.crawl(url=site.url + "docs/")
    assert site.kept() == {"/docs/", "/docs/a"}
    assert "/blog/b" not in site.asked
    assert record.skipped == {"not a document (image/png)": 1}


def test_a_redirect_stays_on_the_host_and_in_the_patterns(site: Site):
    site.pages = {
        "/": links("/old", "/out", "/loop", "/twice"),
        "/new": "<p>New</p>",
        "/old": Response(status=301, headers={"Location": "/new"}),
        "/twice": Response(status=302, headers={"Location": "/new"}),
        "/out": Response(status=302, headers={"Location": "http://169.254.169.254/latest"}),
        "/loop": Response(status=302, headers={"Location": "/loop"}),
    }
    record = site.crawl()
    assert site.kept() == {"/", "/new"}
    assert record.skipped == {"it redirects to another host, 169.254.169.254": 1}
    assert list(record.failed.values()) == ["more than 5 redirects"]


@pytest.mark.parametrize(("status", "asked"), [(500, 3), (403, 1)])
def test_errors_of_the_server_keep_the_old_page_and_are_tried_again(site: Site, status: int, asked: int):
    site.pages = {"/": links("/a"), "/a": "<p>A</p>"}
    site.crawl()
    site.pages["/a"] = Response("oops", status)
    record = site.crawl()
    assert list(record.failed.values()) == [f"the server answered {status}"]
    assert site.asked.count("/a") == asked
    assert site.kept() == {"/", "/a"}


def test_a_busy_host_is_given_the_time_it_asks_for_or_left_until_the_next_run(site: Site):
    answers = [Response("slow", 429, headers={"Retry-After": "30"}), Response("<p>A</p>", content_type="text/html")]
    site.pages = {
        "/": links("/a", "/b"),
        "/a": lambda request: answers.pop(0),
        "/b": Response("slow", 503, headers={"Retry-After": "7200"}),
    }
    record = site.crawl()
    assert 30 in site.waited
    assert "7200 s" in (record.trouble or "")
    assert site.kept() == {"/", "/a"}
    site.pages["/b"] = "<p>B</p>"
    assert site.crawl().trouble is None
    assert site.asked == ["/robots.txt", "/b"]  # the crawl resumed


def test_endless_pages_end_at_a_limit_that_is_named(site: Site):
    def calendar(request: Request) -> Response:
        day = int(request.path.split("/")[-1])
        return Response(links(f"/day/{day + 1}", text=f"Day {day}"), content_type="text/html")

    site.pages = {"/": links("/day/0", "/end"), "/end": "<p>The end</p>"}
    site.pages |= {f"/day/{day}": calendar for day in range(100)}
    record = site.crawl(pages_per_pattern=5, depth=64)
    assert len(site.kept()) == 7
    assert [reason for reason in record.failed.values() if "pages_per_pattern" in reason]
    assert "/end" in site.kept()


def test_links_that_lead_in_circles_and_session_ids_end(site: Site):
    def deeper(request: Request) -> Response:
        return Response(links("x/y/", "?sid=9", text=request.path), content_type="text/html")

    site.server.clear()
    site.server.expect_request(EVERY_PATH).respond_with_handler(deeper)
    record = site.crawl(sitemap=False, url=site.url + "a/", depth=64)
    assert len(record.files) <= 5


def test_limits_on_pages_and_depth_remove_nothing_that_was_kept(site: Site):
    site.pages = {"/": links("/1"), **{f"/{n}": links(f"/{n + 1}", text=f"Page {n}") for n in range(1, 9)}}
    site.crawl(depth=4)
    assert site.kept() == {"/", "/1", "/2", "/3", "/4"}
    record = site.crawl(pages=2)
    assert "limit of 2 pages" in (record.trouble or "")
    assert site.kept() == {"/", "/1", "/2", "/3", "/4"}


def test_a_bomb_costs_its_limit_and_no_more(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(crawler, "PAGE_BYTES", 100_000)
    bomb = Response(gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"}, content_type="text/html")
    fine = gzip.compress(b"<p>packed</p>")
    site.pages = {
        "/": links("/bomb", "/fine", "/broken"),
        "/bomb": bomb,
        "/fine": Response(fine, headers={"Content-Encoding": "gzip"}, content_type="text/html"),
        "/broken": Response(fine[:-9], headers={"Content-Encoding": "gzip"}),
    }
    record = site.crawl()
    assert site.kept() == {"/", "/fine"}
    assert sorted(record.failed.values()) == ["it ends within its compressed part", "it is larger than 0.0954 MB"]


class Limit:
    """A timer whose time is up when the test says so."""

    last: "Limit"

    def __init__(self, seconds: float, expire: Callable[[], None]) -> None:
        self.expire, Limit.last = expire, self

    def start(self) -> None:
        """Begin."""

    cancel = start


def test_a_server_that_dribbles_costs_its_time_limit(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "Timer", Limit)

    def dribble(request: Request) -> Response:
        def pieces() -> Any:
            yield b"x"
            Limit.last.expire()
            yield b"x"

        return Response(pieces(), content_type="text/html")

    site.pages = {"/": links("/slow"), "/slow": dribble}
    record = site.crawl()
    assert list(record.failed.values()) == ["it took longer than 20 s"]
    assert site.kept() == {"/"}


def test_private_addresses_are_refused_unless_their_host_is_named(site: Site):
    site.pages = {"/": links()}
    source = CrawlSource(site.spec(), site.mirror.work, frozenset(), now=True)
    record = synchronise(site.mirror, source, max_bytes=2**30)
    assert "private address 127.0.0.1" in (record.trouble or "")
    assert "XNAI_PRIVATE_HOSTS" in (record.trouble or "")
    assert site.asked == []


def test_an_encoding_that_only_the_header_has_is_kept(site: Site):
    site.pages = {"/": Response("<p>Привет</p>".encode("cp1251"), content_type="text/html; charset=windows-1251")}
    (path,) = site.crawl().files
    assert (site.mirror.files / path).read_text("utf-8-sig") == "<p>Привет</p>"


def test_a_site_without_one_page_says_why(site: Site):
    site.pages = {"/": Response(status=301, headers={"Location": "https://www.example.org/"})}
    assert "redirects to another host, www.example.org" in (site.crawl().trouble or "")


def _crawl_until_killed(url: str, folder: Path, pages: int) -> None:
    real = Mirror.put

    def put(self: Mirror, *arguments: Any) -> Any:
        nonlocal pages
        pages -= 1
        if pages < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, *arguments)

    Mirror.put = put  # type: ignore[method-assign]
    spec = CrawlSpec(kind="crawl", name="site", prefix="site", url=url, delay=0.0)
    mirror = Mirror(folder)
    synchronise(mirror, CrawlSource(spec, mirror.work, PRIVATE, now=True), max_bytes=2**30)


def test_a_killed_crawl_resumes_at_its_page(site: Site):
    site.pages = {"/": links(*(f"/p{n}" for n in range(6))), **{f"/p{n}": f"<p>Page {n}</p>" for n in range(6)}}
    assert end(start_process(_crawl_until_killed, site.url, site.mirror.folder, 3)) == -signal.SIGKILL
    site.asked.clear()
    record = site.crawl()
    assert len(record.files) == 7
    # the pages that were kept are not visited again; their files, which no record names yet, are fetched once
    assert len([path for path in site.asked if path.startswith("/p")]) == 6
    assert "/sitemap.xml" not in site.asked
