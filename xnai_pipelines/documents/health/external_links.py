"""Links to other hosts: requested at most once a day, and dead only after failures on three different days.

Only public addresses are requested, so that a document cannot make this machine call others of its network. Redirects
are not followed; they count as an answer.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit, urlunsplit

from xnai_pipelines.documents.health.finding import Finding, Severity, found
from xnai_pipelines.documents.health.targets import LinkOutcome, Targets
from xnai_pipelines.documents.sources.crawl.http import is_public

DEAD_AFTER_DAYS = 3
MAX_LINKS = 500  # requested in one run
MAX_SECONDS = 300.0
REQUEST_SECONDS = 10.0
THREADS = 8
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_HEADERS = {"User-Agent": "xnai-pipelines (link check)", "Accept": "*/*", "Connection": "close"}


@dataclass(frozen=True, slots=True)
class LinkState:
    """The last request of a link, and the days (ISO 8601) on which it failed since it last answered."""

    checked_on: str
    failed_on: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_dead(self) -> bool:
        """Whether it failed on three different days without an answer between them."""
        return len(set(self.failed_on)) >= DEAD_AFTER_DAYS


@dataclass(frozen=True, slots=True)
class ExternalLinks:
    """What is known of links to other hosts, by URL."""

    links: Mapping[str, LinkState] = field(default_factory=dict)


def external_urls(targets: Targets) -> list[str]:
    """Return the http and https URLs of all pages without their anchors, each once."""
    urls = {
        link.target.partition("#")[0]
        for pairs in targets.resolved.values()
        for link, at in pairs
        if at.outcome is LinkOutcome.EXTERNAL and link.target.startswith(("http://", "https://"))
    }
    return sorted(urls)


def checked(
    known: ExternalLinks, urls: Iterable[str], today: str, ask: Callable[[str], str | None] | None = None
) -> ExternalLinks:
    """Return what is known of the URLs after requesting those not requested today, the longest unrequested first.

    Args:
        known: State before.
        urls: URLs of the documents. Others are forgotten.
        today: Date, ISO 8601.
        ask: Returns why a URL does not answer, None if it does. Default: `why_dead`.
    """
    ask = ask or why_dead
    links = {url: known.links[url] for url in urls if url in known.links}
    due = [url for url in urls if url not in links or links[url].checked_on != today]
    due.sort(key=lambda url: links[url].checked_on if url in links else "")
    deadline = time.monotonic() + MAX_SECONDS

    def asked(url: str) -> tuple[str, str | None] | None:
        return (url, ask(url)) if time.monotonic() < deadline else None

    with ThreadPoolExecutor(THREADS) as threads:
        for answer in threads.map(asked, due[:MAX_LINKS]):
            if answer is not None:
                url, reason = answer
                before = links[url].failed_on if url in links else ()
                failed = () if reason is None else (*before, today)[-DEAD_AFTER_DAYS:]
                links[url] = LinkState(today, failed, reason or "")
    return ExternalLinks(links)


def dead_links(targets: Targets, known: ExternalLinks) -> Iterator[Finding]:
    """Yield a finding for each link to another host that is dead."""
    dead = {url: state for url, state in known.links.items() if state.is_dead}
    for document in targets.corpus.documents if dead else ():
        for link in document.links:
            state = dead.get(link.target.partition("#")[0])
            if state is not None:
                message = f"{link.target}: {state.reason}, on {DEAD_AFTER_DAYS} days up to {state.failed_on[-1]}."
                place, action = (link.start, link.end), "Link to where the page is now, or remove the link."
                yield found(document, "dead_link", Severity.WARNING, message, action=action, place=place)


def why_dead(url: str, *, private: bool = False) -> str | None:
    """Return why a URL does not answer, None if it does, refuses programs, or may not be asked.

    Args:
        url: URL, http or https.
        private: Request addresses of private networks too.
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        addresses = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        if not private and not all(map(is_public, addresses)):
            return None
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        for method in ("HEAD", "GET"):
            status = _status(method, host, min(addresses), port=port, path=path, encrypted=parts.scheme == "https")
            if status not in (*_GONE, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED):
                break
        return f"answers {status}" if status in _GONE or status >= HTTPStatus.INTERNAL_SERVER_ERROR else None
    except socket.gaierror:
        return "the host has no address"
    except (OSError, HTTPException) as error:
        return f"no answer ({type(error).__name__})"
    except ValueError:  # not a URL after all
        return None


def _status(method: str, host: str, address: str, *, port: int, path: str, encrypted: bool) -> int:
    # connected by the address that was judged: a second look-up could give another
    connection = HTTPConnection(host, port, timeout=REQUEST_SECONDS)
    sock = socket.create_connection((address, port), timeout=REQUEST_SECONDS)
    connection.sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host) if encrypted else sock
    try:
        connection.request(method, path, headers={**_HEADERS, "Host": host if port in (80, 443) else f"{host}:{port}"})
        return connection.getresponse().status
    finally:
        connection.close()
