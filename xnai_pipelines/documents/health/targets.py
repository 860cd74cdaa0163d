"""Where links lead: exact where that can be known from the folder, otherwise `UNSURE`, which is never reported.

A link may be written for GitHub, MkDocs, Docusaurus, Hugo, Jekyll or Sphinx, which resolve paths in different ways. A
target exists if it exists for one of them.
"""

import posixpath
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import unquote

from xnai_pipelines.documents.health.corpus import Examined, ExaminedCorpus
from xnai_pipelines.documents.health.links import Link, LinkKind, rst_label
from xnai_pipelines.documents.health.page_anchors import PageAnchors
from xnai_pipelines.documents.health.site_files import CLASSES, FILES, SiteFiles, extension_of, normal_path
from xnai_pipelines.documents.health.slugs import plain_anchor
from xnai_pipelines.documents.parsers.media_types import HTML
from xnai_pipelines.documents.parsers.parsed import Markup

SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
# Signs of a template, a glob or an example in place of a path.
_NOT_A_PATH = re.compile(r"[{}<>$*|\\\"^`\0]|%7[bB]|\.\.\.|…")
_BESIDE_THE_TEXT = re.compile(r"^(?:L\d|:~:|top$|user-content-|fn|fnref|id\d+$|page=|/|!)")
KEPT_ELSEWHERE = 3  # different links to a class of files that the folder has none of: it is a copy of a part


class LinkOutcome(StrEnum):
    """Whether a link leads somewhere."""

    FOUND = "found"
    NO_FILE = "no file"
    NO_ANCHOR = "no anchor"
    UNSURE = "unsure"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class ResolvedLink:
    """Where a link leads: a path in the folder if it has one, and the nearest name if it leads nowhere."""

    outcome: LinkOutcome
    path: str = ""
    anchor: str = ""
    nearest: str = ""


EXTERNAL = ResolvedLink(LinkOutcome.EXTERNAL)
UNSURE = ResolvedLink(LinkOutcome.UNSURE)


@dataclass(frozen=True)
class Targets:
    """Resolves the links of a corpus."""

    corpus: ExaminedCorpus

    @cached_property
    def _files(self) -> SiteFiles:
        return SiteFiles(self.corpus)

    @cached_property
    def _anchors(self) -> PageAnchors:
        return PageAnchors()

    @cached_property
    def resolved(self) -> dict[str, tuple[tuple[Link, ResolvedLink], ...]]:
        """Links with where they lead, by source."""
        first = {
            document.source: tuple((link, self._resolve(document, link)) for link in document.links)
            for document in self.corpus.documents
        }
        elsewhere = self._kept_elsewhere(first)
        if not elsewhere:
            return first
        return {
            source: tuple(
                (link, UNSURE if at.outcome is LinkOutcome.NO_FILE and extension_of(at.path) in elsewhere else at)
                for link, at in pairs
            )
            for source, pairs in first.items()
        }

    @cached_property
    def inbound(self) -> Counter[str]:
        """Number of documents that link to a path, by path."""
        counts: Counter[str] = Counter()
        for source, pairs in self.resolved.items():
            paths = {at.path for _, at in pairs if at.outcome in (LinkOutcome.FOUND, LinkOutcome.NO_ANCHOR)}
            counts.update(path for path in paths if path != source)
        for document in self.corpus.documents:
            if PurePosixPath(document.path).name in ("mkdocs.yml", "mkdocs.yaml", "_toc.yml", "SUMMARY.md"):
                counts.update(self._named_in(document))
        return counts

    def _kept_elsewhere(self, first: dict[str, tuple[tuple[Link, ResolvedLink], ...]]) -> set[str]:
        """Return the extensions of a class that the folder has no file of, although several different links need it."""
        targets = {
            (link.kind, link.target)
            for pairs in first.values()
            for link, at in pairs
            if at.outcome in (LinkOutcome.NO_FILE, LinkOutcome.UNSURE)
        }
        missing = Counter(
            ".png" if kind is LinkKind.IMAGE else extension_of(target.partition("#")[0]) for kind, target in targets
        )
        return {
            extension
            for extensions in CLASSES
            if extensions.isdisjoint(self.corpus.extensions)
            and sum(missing[extension] for extension in extensions) >= KEPT_ELSEWHERE
            for extension in extensions
        }

    def _named_in(self, document: Examined) -> Iterator[str]:
        for found in re.finditer(r"[\w./-]{1,300}\.(?:md|rst|ipynb|html)\b", document.text):
            for root in (document.folder, posixpath.join(document.folder, "docs")):
                path = normal_path(root, found.group())
                if path in self.corpus.files:
                    yield path

    def _resolve(self, document: Examined, link: Link) -> ResolvedLink:
        if link.kind is LinkKind.LABEL:
            return self._label(link.target)
        if link.kind is LinkKind.WIKI:
            return self._wiki(link.target)
        if SCHEME.match(link.target):
            return EXTERNAL
        if _NOT_A_PATH.search(link.target):
            return UNSURE
        path, _, anchor = link.target.partition("#")
        path = unicodedata.normalize("NFC", unquote(path.partition("?")[0])).strip()
        if link.kind is LinkKind.DOCUMENT:
            return self._sphinx_document(document, path)
        if not path:
            return self._anchor(document, document.path, anchor) if anchor else UNSURE
        if path.startswith("/"):
            at = self._files.from_a_root(document.folder, path)
            return self._anchor(document, at, anchor) if at else UNSURE
        return self._relative(document, link.kind, path, anchor)

    def _relative(self, document: Examined, kind: LinkKind, path: str, anchor: str) -> ResolvedLink:
        wanted = normal_path(document.folder, path)
        if wanted is None:
            return UNSURE  # it leads out of the folder
        # the page's own URL may end in a slash, and relative links then start one level deeper
        as_page = normal_path(str(PurePosixPath(document.path).with_suffix("")), path)
        for candidate in (wanted, as_page):
            found = self._files.existing(candidate)
            if found is not None:
                return self._anchor(document, found, anchor)
        if self._files.is_in_original(wanted):
            return UNSURE  # sites serve the original in place of a page that is not translated
        is_web = document.media_type == HTML
        extension = extension_of(wanted)
        if extension not in FILES and not (is_web and extension in (".html", ".htm")):
            return UNSURE
        if kind is LinkKind.HTML and not is_web and as_page is None:
            return UNSURE
        if any(wanted.startswith(folder) for folder in self.corpus.opaque) or self._files.may_be_built(wanted):
            return UNSURE
        if not self._files.is_kept(document.folder, wanted):
            return UNSURE
        return ResolvedLink(
            LinkOutcome.NO_FILE, wanted, anchor, self.corpus.paths_in_lower_case.get(wanted.lower(), "")
        )

    def _sphinx_document(self, document: Examined, path: str) -> ResolvedLink:
        if SCHEME.match(path):
            return EXTERNAL
        if path.startswith("/"):
            found = self._files.from_a_root(document.folder, path)
            return ResolvedLink(LinkOutcome.FOUND, found) if found else UNSURE
        wanted = normal_path(document.folder, path)
        if wanted is None or document.path in self._included:
            return UNSURE
        found = self._files.existing(wanted)
        if found is not None:
            return ResolvedLink(LinkOutcome.FOUND, found)
        if any(wanted.startswith(folder) for folder in self.corpus.opaque) or path in (
            "genindex",
            "modindex",
            "search",
        ):
            return UNSURE
        return ResolvedLink(LinkOutcome.NO_FILE, wanted)

    @cached_property
    def _included(self) -> frozenset[str]:
        """Paths of pages whose text becomes part of others: their links are relative to those."""
        return frozenset(
            path
            for document in self.corpus.documents
            for link in document.links
            if link.kind is LinkKind.INCLUDE and (path := normal_path(document.folder, link.target)) is not None
        )

    @cached_property
    def _labels(self) -> dict[str, str]:
        labels: dict[str, str] = {}
        for document in self.corpus.documents:
            if document.markup is Markup.RST:
                labels |= dict.fromkeys(document.ids, document.path)
        return labels

    def _label(self, target: str) -> ResolvedLink:
        # a label that no page has may be another project's (intersphinx), a docstring's or an extension's
        path = self._labels.get(rst_label(target))
        return UNSURE if path is None else ResolvedLink(LinkOutcome.FOUND, path, target)

    @cached_property
    def _names(self) -> dict[str, str]:
        return {PurePosixPath(path).stem.lower(): path for path in sorted(self.corpus.by_path, reverse=True)}

    def _wiki(self, target: str) -> ResolvedLink:
        path = self._names.get(PurePosixPath(target).name.lower()) or self._names.get(target.lower().replace(" ", "-"))
        return UNSURE if path is None else ResolvedLink(LinkOutcome.FOUND, path)

    def _anchor(self, document: Examined, path: str, anchor: str) -> ResolvedLink:
        there = self.corpus.by_path.get(path)
        anchor = unicodedata.normalize("NFC", unquote(anchor))
        if not anchor or there is None or not there.has_structure or _BESIDE_THE_TEXT.match(anchor):
            return ResolvedLink(LinkOutcome.FOUND, path, anchor)
        known = self._anchors.of(there)
        is_there = known is None or plain_anchor(anchor) in known
        return ResolvedLink(LinkOutcome.FOUND if is_there else LinkOutcome.NO_ANCHOR, path, anchor)
