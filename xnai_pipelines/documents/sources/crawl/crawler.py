"""A web site as a source: visits its pages from the first one on and yields those to keep.

A page is kept under the URL that it was found at in the end, once. A page with the text of one that was kept is a copy.
A page that names another URL as its own is left to that one, unless that one turns out not to be kept.
"""

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep

from xnai_pipelines.documents.sources.crawl.content import extension_of, media_type_of, modified_ns, stored_content
from xnai_pipelines.documents.sources.crawl.frontier import Frontier, Kept, PageState, Visit
from xnai_pipelines.documents.sources.crawl.http import SECONDS, HttpClient, Response
from xnai_pipelines.documents.sources.crawl.page import CrawledPage, read_page
from xnai_pipelines.documents.sources.crawl.polite import PoliteClient
from xnai_pipelines.documents.sources.crawl.urls import (
    canonical_url,
    file_path,
    host_of,
    is_loop,
    is_wanted,
    page_key,
    url_pattern,
)
from xnai_pipelines.documents.sources.source import Entry, Failed, Gone, Item, Skipped, Unfinished
from xnai_pipelines.documents.sources.specs import CrawlSpec
from xnai_pipelines.errors import (
    EntryUnavailableError,
    HostBusyError,
    PageRefusedError,
    RequestFailedError,
    SourceUnavailableError,
)
from xnai_pipelines.extras import require

PAGE_BYTES = 32 * 2**20
MAX_ATTEMPTS = 3  # visits of a page that ended the process
SILENT_PAGES = 10  # failures in a row after which the site is taken to be down

_GONE = {404, 410}  # other refusals may be those of a firewall or a login, and pass


class CrawlSource:
    """The pages of a site."""

    revision: str | None = None

    def __init__(
        self,
        spec: CrawlSpec,
        work: Path,
        private_hosts: frozenset[str],
        *,
        now: bool,
        wait: Callable[[float], None] = sleep,
        seconds: float = SECONDS,
    ) -> None:
        """Prepare the crawl.

        Args:
            spec: The site.
            work: Folder for what the crawl knows.
            private_hosts: Hosts, without a port, that may have private addresses.
            now: Ask for pages again even if they are fresh.
            wait: Waits for some seconds.
            seconds: Max seconds of a request.

        Raises:
            MissingExtraError: The extra `crawl` is not installed.
        """
        require("crawl", f"The source {spec.name}")
        self._spec, self._work, self._now = spec, work, now
        client = HttpClient(private_hosts, max_bytes=min(PAGE_BYTES, spec.max_mb * 2**20), seconds=seconds)
        self._client = PoliteClient(client, spec.all_hosts, spec.delay, wait)
        self._content: tuple[str, bytes] = ("", b"")  # path and content of the page that was yielded last
        self._patterns: Counter[str] = Counter()
        self._site = sha256(repr(replace(spec, refresh_hours=0.0, delay=0.0, minutes=1.0)).encode()).hexdigest()

    def items(self) -> Generator[Item]:
        """Yield the pages. Asks nobody while those of the last round are fresh; resumes a round that was stopped."""
        with closing(Frontier(self._work / "crawl.db")) as frontier:
            if not self._now and frontier.is_fresh(self._site, self._spec.refresh_hours * 3_600):
                yield from self._known(frontier)
                if frontier.unfinished:
                    yield Unfinished(frontier.unfinished)
                return
            if not frontier.is_unfinished(self._site):
                self._begin(frontier)
            self._patterns.update(url_pattern(visit.url) for visit in frontier.visits())
            yield from self._known(frontier)
            yield from self._round(frontier)

    def fetch(self, entry: Entry, file: Path) -> None:
        """Write a page; ask for it again if it was not read just now."""
        path, content = self._content
        if path != entry.path:
            try:
                answer = self._client.get(entry.origin)
            except (PageRefusedError, RequestFailedError, HostBusyError) as error:
                raise EntryUnavailableError(str(error)) from error
            if answer.status != 200:
                raise EntryUnavailableError(f"the server answered {answer.status}")
            content = stored_content(answer)
        file.write_bytes(content)

    def _begin(self, frontier: Frontier) -> None:
        """Begin a round with the first page and what the sitemaps name.

        Raises:
            SourceUnavailableError: The host does not answer.
        """
        try:
            rules = self._client.rules(self._spec.url)
            if rules.failed:
                raise SourceUnavailableError(f"{self._spec.url} cannot be crawled: robots.txt: {rules.failed}.")
            named = list(self._client.sitemap_pages(self._spec.url)) if self._spec.sitemap else []
        except HostBusyError as error:
            raise SourceUnavailableError(f"{error}; the next run tries again.") from error
        frontier.begin(self._site)
        frontier.add(self._spec.url, 0)
        self._queue(frontier, named, 1)

    def _known(self, frontier: Frontier) -> Generator[Item]:
        """Yield what the round has found so far."""
        for visit in frontier.visits():
            if visit.state == PageState.KEPT and visit.path and visit.version:
                yield Entry(visit.path, visit.version, visit.url, None, modified_ns(visit.modified))
            elif visit.state == PageState.FAILED:
                yield Failed(visit.path or visit.url, visit.reason or "")
            elif visit.state == PageState.SKIPPED:
                yield Skipped(visit.reason or "")
            elif visit.state == PageState.COPY:
                yield Skipped("copy of another page")

    def _round(self, frontier: Frontier) -> Generator[Item]:
        """Visit the pages that wait.

        Raises:
            SourceUnavailableError: Not one page could be kept.
        """
        until = monotonic() + self._spec.minutes * 60
        kept, silent = frontier.count(PageState.KEPT), 0
        stopped: str | None = None
        while stopped is None:
            visit = frontier.next()
            if visit is None:
                if frontier.queue_those_without_their_own():
                    continue
                break
            if kept >= self._spec.pages:
                stopped = f"The limit of {kept:,} pages was reached (pages); others were not read."
                break
            if monotonic() > until:
                yield Unfinished(f"{self._spec.minutes:g} minutes have passed (minutes); the next run resumes.")
                return
            try:
                for item in self._visit(frontier, visit):
                    kept += isinstance(item, Entry)
                    silent = silent + 1 if isinstance(item, Failed) else 0
                    yield item
            except HostBusyError as error:
                yield Unfinished(f"{error}; the next run resumes.")
                return
            if silent >= SILENT_PAGES:
                yield Unfinished(f"{silent} pages in a row failed; the next run resumes.")
                return
        if not kept:
            frontier.abandon()
            first = frontier.visit(self._spec.url)
            raise SourceUnavailableError(
                f"{self._spec.url} gives no page: {first.reason or first.state}. Check the URL and the option hosts."
            )
        for pattern, number in self._patterns.items():
            if number > self._spec.pages_per_pattern:
                yield Failed(pattern, f"more than {self._spec.pages_per_pattern} pages (pages_per_pattern)")
        frontier.finish(stopped)
        if stopped:
            yield Unfinished(stopped)

    def _visit(self, frontier: Frontier, visit: Visit) -> Generator[Item]:
        """Visit a page, yield what it gives, then record it: a kill in between costs one request."""
        if visit.attempts >= MAX_ATTEMPTS:
            yield self._fail(frontier, visit, f"the crawl ended at this page {visit.attempts} times")
            return
        try:
            answer = self._client.get(visit.url, _validators(visit))
        except PageRefusedError as error:
            frontier.settle(visit.key, PageState.SKIPPED, str(error))
            yield Skipped(str(error))
            return
        except RequestFailedError as error:
            yield self._fail(frontier, visit, str(error))
            return
        if answer.status == 304 and visit.path and visit.version:
            kept = Kept(visit.path, visit.version, visit.words or "", visit.etag, visit.modified, visit.links)
            yield from self._keep(frontier, visit, visit.url, kept)
        elif answer.status == 200:
            yield from self._take(frontier, visit, answer)
        elif answer.status in _GONE:
            frontier.settle(visit.key, PageState.GONE, f"the server answered {answer.status}")
            if visit.path:
                yield Gone(visit.path)
        else:
            yield self._fail(frontier, visit, f"the server answered {answer.status}")

    def _fail(self, frontier: Frontier, visit: Visit, reason: str) -> Failed:
        frontier.settle(visit.key, PageState.FAILED, reason)
        return Failed(visit.path or visit.url, reason)

    def _take(self, frontier: Frontier, visit: Visit, answer: Response) -> Generator[Item]:
        """Take in a page that was sent."""
        if page_key(answer.url) != visit.key:
            frontier.settle(visit.key, PageState.ELSEWHERE)
            if not self._is_wanted(answer.url) or not frontier.add(answer.url, visit.depth):
                return
            visit = frontier.visit(answer.url)
        media_type = media_type_of(answer)
        extension = extension_of(media_type)
        if extension is None:
            reason = f"not a document ({media_type})"
            frontier.settle(visit.key, PageState.SKIPPED, reason)
            yield Skipped(reason)
            return
        content = stored_content(answer)
        page = CrawledPage((), None, keep=True, words=sha256(content).hexdigest())
        if extension == ".html":
            page = read_page(content.decode(errors="replace"), answer.url, answer.headers.get("x-robots-tag", ""))
        own = page.canonical
        if own and page_key(own) != visit.key and not visit.own and self._is_wanted(own) and not _is_front(own):
            self._queue(frontier, page.links, visit.depth + 1)
            frontier.add(own, visit.depth)
            frontier.settle(visit.key, PageState.ELSEWHERE, target=own)
            return
        if not page.keep:
            self._queue(frontier, page.links, visit.depth + 1)
            reason = "the page asks not to be kept (noindex)"
            frontier.settle(visit.key, PageState.SKIPPED, reason)
            yield Skipped(reason)
            return
        path = file_path(answer.url, extension)
        headers = answer.headers
        version = sha256(content).hexdigest()
        kept = Kept(path, version, page.words, headers.get("etag"), headers.get("last-modified"), page.links)
        self._content = (path, content)
        yield from self._keep(frontier, visit, answer.url, kept)
        self._content = ("", b"")

    def _keep(self, frontier: Frontier, visit: Visit, url: str, kept: Kept) -> Generator[Item]:
        """Yield a page that is not a copy of one kept before; queue its links."""
        copy = frontier.has_copy(visit.key, kept.words, kept.path)
        if copy:
            yield Skipped("copy of another page")
        else:
            yield Entry(kept.path, kept.version, url, None, modified_ns(kept.modified))
        self._queue(frontier, kept.links, visit.depth + 1)
        frontier.keep(visit.key, PageState.COPY if copy else PageState.KEPT, kept)

    def _queue(self, frontier: Frontier, links: "tuple[str, ...] | list[str]", depth: int) -> None:
        if depth > self._spec.depth:
            return
        for link in links:
            url = canonical_url(link)
            if url is None or not self._is_wanted(url) or is_loop(url) or frontier.knows(url):
                continue
            pattern = url_pattern(url)
            self._patterns[pattern] += 1
            if self._patterns[pattern] <= self._spec.pages_per_pattern:
                frontier.add(url, depth)

    def _is_wanted(self, url: str) -> bool:
        spec = self._spec
        if page_key(url) == page_key(spec.url):
            return True
        return host_of(url) in spec.all_hosts and is_wanted(url, spec.included, spec.exclude)


def _is_front(url: str) -> bool:
    """Return whether a URL is a host's front page, which many templates wrongly name for all pages."""
    return url.count("/") == 3 and url.endswith("/")


def _validators(visit: Visit) -> dict[str, str]:
    """Return the headers that ask for a page only if it changed."""
    if not visit.path:
        return {}
    asked = {"If-None-Match": visit.etag, "If-Modified-Since": visit.modified}
    return {name: value for name, value in asked.items() if value}
