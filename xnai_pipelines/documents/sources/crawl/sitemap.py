"""Sitemaps: the pages that a site names itself. Hostile ones cost a bounded time and no more memory than their size."""

from contextlib import suppress
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_URLS = 50_000  # of the standard, per file
MAX_BYTES = 50 * 2**20  # of the standard, unpacked
MAX_FILES = 50
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap lists: pages, or other sitemaps if it is an index."""

    pages: tuple[str, ...]
    sitemaps: tuple[str, ...]


def read_sitemap(content: bytes) -> Sitemap:
    """Return what a sitemap lists. A damaged one ends where the damage is; plain text has a URL per line."""
    if not content.lstrip().startswith(b"<"):
        lines = content.decode(errors="replace").split()
        return Sitemap(tuple(line for line in lines if line.startswith("http"))[:MAX_URLS], ())
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.EntityDeclHandler = _refuse  # no sitemap needs one, and nested ones grow without limit
    with suppress(expat.ExpatError, _RefusedError):
        parser.Parse(content, True)
    return Sitemap(tuple(reader.pages), tuple(reader.sitemaps))


class _RefusedError(Exception):
    """An entity is declared."""


def _refuse(*_: object) -> None:
    raise _RefusedError


@dataclass
class _Reader:
    pages: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)
    _kind: str = ""
    _text: list[str] | None = None

    def start(self, name: str, _: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if local in ("url", "sitemap"):
            self._kind = local
        # images and videos of a page have a loc in a namespace of their own
        self._text = [] if local == "loc" and "image" not in name and "video" not in name else None

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, name: str) -> None:
        if self._text is not None and name.rpartition(" ")[2] == "loc":
            found = self.pages if self._kind == "url" else self.sitemaps
            if len(found) < MAX_URLS:
                found.append("".join(self._text).strip())
        self._text = None
