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
from xnai_pipelines.documents.health.languages import in_language, original_language, tree_language
from xnai_pipelines.documents.health.links import Link, LinkKind, rst_label
from xnai_pipelines.documents.health.slugs import heading_anchors, heading_words, plain_anchor
from xnai_pipelines.documents.parsers.media_types import HTML
from xnai_pipelines.documents.parsers.parsed import Markup

PAGES = (".md", ".mdx", ".markdown", ".rst", ".txt", ".ipynb", ".adoc", ".org", ".html", ".htm")
# Extensions of files that a folder of documents has itself. A missing .html file may be built from another.
CLASSES = (
    frozenset((".md", ".mdx", ".markdown", ".rst", ".txt", ".adoc", ".org", ".ipynb")),
    frozenset((".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".bmp", ".ico", ".avif", ".drawio", ".puml", ".mp4",
               ".webm", ".mp3", ".wav")),
    frozenset((".pdf", ".docx", ".xlsx", ".pptx", ".csv", ".tsv", ".zip", ".gz", ".eml")),
    frozenset((".json", ".jsonl", ".yaml", ".yml", ".toml", ".xml", ".ini", ".cfg", ".py", ".js", ".ts", ".sh", ".sql",
               ".ps1", ".go", ".rs", ".java", ".c", ".h", ".cpp")),
)  # fmt: skip
FILES = frozenset[str]().union(*CLASSES)
SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
# Signs of a template, a glob or an example in place of a path.
_NOT_A_PATH = re.compile(r"[{}<>$*|\\\"^`\0]|%7[bB]|\.\.\.|…")
# What adds headings or labels to a page that its text does not show.
_GENERATED = re.compile(
    r"^[ \t]*(?:--8<--|:::[ \t]*[\w.]+[ \t]*$|\{%-?[ \t]*include|\{!|\{\{|\.\.[ \t]+(?:include|auto\w+|click|argparse|"
    r"program-output|glossary|mdinclude|\w+:auto\w+)::|import\s.{1,200}\sfrom\s|\[\[?_?TOC_?\]\]?)",
    re.MULTILINE,
)
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
                (link, UNSURE if at.outcome is LinkOutcome.NO_FILE and _extension(at.path) in elsewhere else at)
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
            ".png" if kind is LinkKind.IMAGE else _extension(target.partition("#")[0]) for kind, target in targets
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
                path = _normal(root, found.group())
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
            at = self._from_a_root(document, path)
            return self._anchor(document, at, anchor) if at else UNSURE
        return self._relative(document, link.kind, path, anchor)

    def _relative(self, document: Examined, kind: LinkKind, path: str, anchor: str) -> ResolvedLink:
        wanted = _normal(document.folder, path)
        if wanted is None:
            return UNSURE  # it leads out of the folder
        # the page's own URL may end in a slash, and relative links then start one level deeper
        as_page = _normal(str(PurePosixPath(document.path).with_suffix("")), path)
        for candidate in (wanted, as_page):
            found = self._existing(candidate)
            if found is not None:
                return self._anchor(document, found, anchor)
        if self._is_in_original(wanted):
            return UNSURE  # sites serve the original in place of a page that is not translated
        is_web = document.media_type == HTML
        extension = _extension(wanted)
        if extension not in FILES and not (is_web and extension in (".html", ".htm")):
            return UNSURE
        if kind is LinkKind.HTML and not is_web and as_page is None:
            return UNSURE
        if any(wanted.startswith(folder) for folder in self.corpus.opaque) or self._may_be_built(wanted):
            return UNSURE
        if not self._is_kept(document.folder, wanted):
            return UNSURE
        return ResolvedLink(
            LinkOutcome.NO_FILE, wanted, anchor, self.corpus.paths_in_lower_case.get(wanted.lower(), "")
        )

    def _existing(self, path: str | None) -> str | None:
        """Return the file that serves a path: itself, a page without its extension, or a folder's index."""
        if path is None or path in self.corpus.files:
            return path
        if path in self.corpus.folders:
            return self._indexes.get(path, path)
        extension = _extension(path)
        if extension in FILES or not path:
            return None
        built = extension in (".html", ".htm")
        for candidate in (path, path[: -len(extension)]) if built else (path,):
            for ending in PAGES:
                if candidate + ending in self.corpus.files:
                    return candidate + ending
        return None

    @cached_property
    def _indexes(self) -> dict[str, str]:
        """The page that serves a folder, by folder."""
        indexes: dict[str, str] = {}
        for path in sorted(self.corpus.files):
            folder, name = posixpath.split(path)
            stem, extension = posixpath.splitext(name)
            if stem.lower() in ("index", "readme", "_index") and extension in PAGES:
                indexes.setdefault(folder, path)
        return indexes

    def _is_in_original(self, path: str) -> bool:
        """Return whether the original of a page that its language lacks exists."""
        if self._original is None or tree_language(path) in (None, self._original):
            return False
        return self._existing(in_language(path, self._original)) is not None

    @cached_property
    def _original(self) -> str | None:
        return original_language(self.corpus.files)

    def _is_kept(self, folder: str, wanted: str) -> bool:
        """Return whether a file above the page's folder would be in this folder if it existed: others there are."""
        above = posixpath.dirname(wanted)
        if above == folder or not f"{folder}/".startswith(f"{above}/" if above else ""):
            return True
        return (above, _extension(wanted)) in self._kept

    @cached_property
    def _kept(self) -> frozenset[tuple[str, str]]:
        return frozenset((posixpath.dirname(path), _extension(path)) for path in self.corpus.files)

    def _may_be_built(self, path: str) -> bool:
        """Return whether another file of the same name may be the source from which it is built."""
        return _extension(path) not in PAGES and any(
            str(PurePosixPath(path).with_suffix(extension)) in self.corpus.files
            for extension in (".drawio", ".puml", ".dot", ".mmd", ".ipynb", ".py")
            if extension != _extension(path)
        )

    def _from_a_root(self, document: Examined, path: str) -> str | None:
        """Return the file of a path that starts at the site's root, which may be any folder above the page."""
        wanted = path.lstrip("/")
        for parent in self._roots(document.folder):
            found = self._existing(_normal(parent, wanted))
            if found is not None:
                return found
        return None

    def _roots(self, folder: str) -> tuple[str, ...]:
        """Return the folders that may be the root of a site with pages in this folder."""
        if folder in self._known_roots:
            return self._known_roots[folder]
        parents = [folder, *("" if str(one) == "." else str(one) for one in PurePosixPath(folder).parents)]
        roots = [posixpath.join(parent, name) for parent in parents for name in ("", "docs", "static", "public")]
        there = (root.rstrip("/") for root in roots)
        return self._known_roots.setdefault(folder, tuple(dict.fromkeys(r for r in there if r in self.corpus.folders)))

    @cached_property
    def _known_roots(self) -> dict[str, tuple[str, ...]]:
        return {}

    def _sphinx_document(self, document: Examined, path: str) -> ResolvedLink:
        if SCHEME.match(path):
            return EXTERNAL
        if path.startswith("/"):
            found = self._from_a_root(document, path)
            return ResolvedLink(LinkOutcome.FOUND, found) if found else UNSURE
        wanted = _normal(document.folder, path)
        if wanted is None or document.path in self._included:
            return UNSURE
        found = self._existing(wanted)
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
            if link.kind is LinkKind.INCLUDE and (path := _normal(document.folder, link.target)) is not None
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
        if not anchor or there is None or not there.has_structure:
            return ResolvedLink(LinkOutcome.FOUND, path, anchor)
        if _BESIDE_THE_TEXT.match(anchor) or self._known_anchors(there) is None:
            return ResolvedLink(LinkOutcome.FOUND, path, anchor)
        known = self._known_anchors(there) or {}
        if plain_anchor(anchor) in known:
            return ResolvedLink(LinkOutcome.FOUND, path, anchor)
        return ResolvedLink(LinkOutcome.NO_ANCHOR, path, anchor)

    def _known_anchors(self, document: Examined) -> dict[str, str] | None:
        """Return the anchors of a page by their folded form, None if something adds others to the page."""
        if document.source not in self._anchors:
            lines = (document.text[one.start : one.start + 500].partition("\n")[0] for one in document.headings)
            forms = [heading_words(line, one.title) for line, one in zip(lines, document.headings, strict=True)]
            names = heading_anchors(forms) | document.ids
            generated = _GENERATED.search(document.text) is not None
            self._anchors[document.source] = None if generated else {plain_anchor(name): name for name in sorted(names)}
        return self._anchors[document.source]

    @cached_property
    def _anchors(self) -> dict[str, dict[str, str] | None]:
        return {}


def _normal(folder: str, path: str) -> str | None:
    """Return a path relative to a folder as a path of the listing, None if it leads out of the listing."""
    joined = posixpath.normpath(posixpath.join(folder, path))
    if joined == ".." or joined.startswith("../"):
        return None
    return "" if joined == "." else joined


def _extension(path: str) -> str:
    return posixpath.splitext(path)[1].lower()
