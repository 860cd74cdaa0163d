"""Requests as a guest makes them: what robots.txt allows, no faster than asked, and later if the host is busy."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xnai_pipelines.documents.sources.crawl.http import HttpClient, Response, limited
from xnai_pipelines.documents.sources.crawl.sitemap import GZIP, MAX_BYTES, MAX_FILES, read_sitemap
from xnai_pipelines.documents.sources.crawl.urls import canonical_url, host_of
from xnai_pipelines.errors import HostBusyError, PageRefusedError, RequestFailedError

if TYPE_CHECKING:
    from protego import Protego

AGENT = "xnai-pipelines"
ATTEMPTS = 3
FIRST_WAIT = 2.0  # seconds before another try; doubles
LONGEST_WAIT = 120.0  # a host that asks for more is left until the next run
MAX_REDIRECTS = 5
ROBOTS_BYTES = 500 * 1024  # of RFC 9309; what follows is not read
BUSY = (429, 503)


@dataclass(frozen=True, slots=True)
class Rules:
    """The robots.txt of a host; `failed` is why it could not be read, in which case nothing may be."""

    robots: "Protego | None"
    failed: str | None = None

    def allows(self, url: str) -> bool:
        """Return whether a page may be read."""
        return self.failed is None and (self.robots is None or self.robots.can_fetch(url, AGENT))

    @property
    def delay(self) -> float:
        """Seconds between two requests that the host asks for."""
        asked = self.robots.crawl_delay(AGENT) if self.robots else None
        return min(float(asked or 0.0), LONGEST_WAIT)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """URLs of the sitemaps that it names."""
        return tuple(self.robots.sitemaps) if self.robots else ()


@dataclass
class PoliteClient:
    """Reads the pages of some hosts.

    Attributes:
        client: Sends the requests.
        hosts: The hosts that may be read.
        delay: Min seconds between two requests to a host.
        sleep: Waits.
    """

    client: HttpClient
    hosts: frozenset[str]
    delay: float
    sleep: Callable[[float], None] = time.sleep
    _rules: dict[str, Rules] = field(default_factory=dict)
    _next: dict[str, float] = field(default_factory=dict)

    def get(self, url: str, headers: dict[str, str] | None = None) -> Response:
        """Return the answer for a page; its URL is the one that redirects led to.

        Raises:
            PageRefusedError: The page may not be read.
            RequestFailedError: There is no answer, or only errors of the server.
            HostBusyError: The host asks to wait.
        """
        for _ in range(MAX_REDIRECTS):
            rules = self.rules(url)
            if rules.failed:
                raise RequestFailedError(f"robots.txt of its host cannot be read: {rules.failed}", passing=True)
            if not rules.allows(url):
                raise PageRefusedError("robots.txt does not allow it")
            answer = self._tried(url, headers, max(self.delay, rules.delay))
            target = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not target:
                return answer
            url = self._redirected(url, target)
        raise RequestFailedError(f"more than {MAX_REDIRECTS} redirects", passing=False)

    def rules(self, url: str) -> Rules:
        """Return the robots.txt of the host of a URL, read once."""
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc}"
        if place not in self._rules:
            self._rules[place] = self._read_rules(f"{place}/robots.txt")
        return self._rules[place]

    def sitemap_pages(self, url: str) -> Iterator[str]:
        """Yield the pages that the sitemaps of a host name. Sitemaps that cannot be read are left out."""
        parts = urlsplit(url)
        pending = list(self.rules(url).sitemaps) or [f"{parts.scheme}://{parts.netloc}/sitemap.xml"]
        seen: set[str] = set()
        while pending and len(seen) < MAX_FILES:
            place = canonical_url(pending.pop(0), url)
            if place is None or place in seen or host_of(place) not in self.hosts:
                continue
            seen.add(place)
            try:
                answer = self.get(place)
                body = answer.body
                if body.startswith(GZIP):
                    body = limited(iter([body]), MAX_BYTES, packed=True)
            except (PageRefusedError, RequestFailedError):
                continue
            if answer.status == 200:
                found = read_sitemap(body)
                pending += found.sitemaps
                yield from found.pages

    def _read_rules(self, url: str) -> Rules:
        """Return the rules of RFC 9309: without a robots.txt all is allowed, with a broken server nothing is."""
        from protego import Protego

        answer: Response | None = None
        try:
            for _ in range(MAX_REDIRECTS):
                answer = self._tried(url, None, self.delay)
                if answer.status // 100 != 3 or "location" not in answer.headers:
                    break
                url = self._redirected(url, answer.headers["location"])
        except PageRefusedError:
            return Rules(None)
        except RequestFailedError as error:
            return Rules(None, str(error))
        if answer is None or answer.status != 200:
            return Rules(None)
        return Rules(Protego.parse(answer.body[:ROBOTS_BYTES].decode(errors="replace")))

    def _redirected(self, url: str, target: str) -> str:
        found = canonical_url(target, url)
        if found is None:
            raise PageRefusedError("it redirects to something that is not a page")
        if host_of(found) not in self.hosts:
            raise PageRefusedError(f"it redirects to another host, {host_of(found)}")
        return found

    def _tried(self, url: str, headers: dict[str, str] | None, delay: float) -> Response:
        """Return an answer that is not an error of the server, after some tries."""
        reason = ""
        for attempt in range(ATTEMPTS):
            wait = FIRST_WAIT * 2**attempt
            self._wait_for_turn(urlsplit(url).netloc, delay)
            try:
                answer = self.client.get(url, headers)
            except RequestFailedError as error:
                if not error.passing:
                    raise
                reason = str(error)
            else:
                if answer.status < 500 and answer.status not in BUSY:
                    return answer
                reason = f"the server answered {answer.status}"
                if answer.status in BUSY:
                    wait = max(wait, _asked_wait(answer.headers.get("retry-after", "")))
                    if wait > LONGEST_WAIT:
                        raise HostBusyError(f"{urlsplit(url).netloc} asks to wait for {wait:.0f} s")
            if attempt + 1 < ATTEMPTS:
                self.sleep(wait)
        raise RequestFailedError(reason, passing=True)

    def _wait_for_turn(self, host: str, delay: float) -> None:
        wait = self._next.get(host, 0.0) - time.monotonic()
        if wait > 0:
            self.sleep(wait)
        self._next[host] = time.monotonic() + delay


def _asked_wait(value: str) -> float:
    """Return the seconds that a header Retry-After asks for, 0 if it is malformed."""
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
