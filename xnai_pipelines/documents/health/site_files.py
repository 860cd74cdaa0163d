"""Which file of a folder serves a path, as GitHub, MkDocs, Docusaurus, Hugo, Jekyll or Sphinx resolve it."""

import posixpath
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from xnai_pipelines.documents.health.corpus import ExaminedCorpus
from xnai_pipelines.documents.health.languages import in_language, original_language, tree_language

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


@dataclass(frozen=True)
class SiteFiles:
    """The files of a corpus, found by the paths that links name."""

    corpus: ExaminedCorpus

    def existing(self, path: str | None) -> str | None:
        """Return the file that serves a path: itself, a page without its extension, or a folder's index."""
        if path is None or path in self.corpus.files:
            return path
        if path in self.corpus.folders:
            return self._indexes.get(path, path)
        extension = extension_of(path)
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

    def is_in_original(self, path: str) -> bool:
        """Return whether the original of a page that its language lacks exists."""
        if self._original is None or tree_language(path) in (None, self._original):
            return False
        return self.existing(in_language(path, self._original)) is not None

    @cached_property
    def _original(self) -> str | None:
        return original_language(self.corpus.files)

    def is_kept(self, folder: str, wanted: str) -> bool:
        """Return whether a file above the page's folder would be in this folder if it existed: others there are."""
        above = posixpath.dirname(wanted)
        if above == folder or not f"{folder}/".startswith(f"{above}/" if above else ""):
            return True
        return (above, extension_of(wanted)) in self._kept

    @cached_property
    def _kept(self) -> frozenset[tuple[str, str]]:
        return frozenset((posixpath.dirname(path), extension_of(path)) for path in self.corpus.files)

    def may_be_built(self, path: str) -> bool:
        """Return whether another file of the same name may be the source from which it is built."""
        return extension_of(path) not in PAGES and any(
            str(PurePosixPath(path).with_suffix(extension)) in self.corpus.files
            for extension in (".drawio", ".puml", ".dot", ".mmd", ".ipynb", ".py")
            if extension != extension_of(path)
        )

    def from_a_root(self, folder: str, path: str) -> str | None:
        """Return the file of a path that starts at the root of a site: any folder at or above that of the page."""
        wanted = path.lstrip("/")
        for parent in self._roots(folder):
            found = self.existing(normal_path(parent, wanted))
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


def normal_path(folder: str, path: str) -> str | None:
    """Return a path relative to a folder as a path of the listing, None if it leads out of the listing."""
    joined = posixpath.normpath(posixpath.join(folder, path))
    if joined == ".." or joined.startswith("../"):
        return None
    return "" if joined == "." else joined


def extension_of(path: str) -> str:
    """Return the extension of a path in lower case, with the dot, "" without one."""
    return posixpath.splitext(path)[1].lower()
