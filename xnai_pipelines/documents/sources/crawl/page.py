"""What the crawler reads of a page: its links, what it says to crawlers, and a hash of its words.

Python's own parser: it runs in the crawler's process, and a page can neither crash it nor keep it for long. The
document itself is parsed later, in the process for hostile files.
"""

import time
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser

from xnai_pipelines.documents.sources.crawl.urls import canonical_url

SECONDS = 10.0
MAX_LINKS = 5_000
_SILENT = {"script", "style", "template", "noscript", "svg"}


@dataclass(frozen=True, slots=True)
class CrawledPage:
    """A page as the crawler sees it.

    Attributes:
        links: Canonical URLs that it links to and lets crawlers follow, each once.
        canonical: URL that it names as its own, None if it names none.
        keep: Whether it lets crawlers keep it.
        words: Hash of its visible text, the same for copies that differ in markup.
    """

    links: tuple[str, ...]
    canonical: str | None
    keep: bool
    words: str


def read_page(html: str, url: str, headers: str = "") -> CrawledPage:
    """Return what a page says. What takes longer than `SECONDS` to read ends there.

    Args:
        html: The page.
        url: Its URL.
        headers: The header X-Robots-Tag, which counts like the tag of that name.
    """
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except (_TooLongError, AssertionError):  # the parser asserts on some broken declarations
        pass
    rules = {rule.strip().lower() for rule in ",".join([headers, *reader.rules]).split(",")}
    base = canonical_url(reader.base, url) or url if reader.base else url
    follow = not rules & {"nofollow", "none"}
    links = [found for link in reader.links if follow and (found := canonical_url(link, base))]
    return CrawledPage(
        links=tuple(dict.fromkeys(links)),
        canonical=canonical_url(reader.canonical, base) if reader.canonical else None,
        keep=not rules & {"noindex", "none"},
        words=sha256(" ".join(" ".join(reader.words).split()).encode(errors="replace")).hexdigest(),
    )


class _TooLongError(Exception):
    """Reading takes too long."""


@dataclass
class _Found:
    links: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    base: str | None = None
    canonical: str | None = None


class _Reader(HTMLParser, _Found):
    def __init__(self) -> None:
        HTMLParser.__init__(self)
        _Found.__init__(self)
        self._silent = 0
        self._deadline = time.monotonic() + SECONDS

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if time.monotonic() > self._deadline:
            raise _TooLongError
        given = {name: value or "" for name, value in attrs}
        rel = given.get("rel", "").lower().split()
        if tag in _SILENT:
            self._silent += 1
        elif tag in ("a", "area") and "href" in given and "nofollow" not in rel:
            if len(self.links) < MAX_LINKS:
                self.links.append(given["href"])
        elif tag == "base" and self.base is None:
            self.base = given.get("href")
        elif tag == "link" and "canonical" in rel and self.canonical is None:
            self.canonical = given.get("href")
        elif tag == "meta" and given.get("name", "").lower() in ("robots", "xnai-pipelines"):
            self.rules.append(given.get("content", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        if time.monotonic() > self._deadline:
            raise _TooLongError
        if not self._silent:
            self.words.append(data)
