"""Anchors of headings, as GitHub, MkDocs (Python-Markdown) and Sphinx (docutils) make them."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_NOT_WORD = re.compile(r"[^\w\s-]")
_NOT_GITHUB = re.compile(r"[^\w\- ]")
_RUNS = re.compile(r"[-\s]+")
_NOT_DOCUTILS = re.compile(r"[^a-z0-9]+")
_DOCUTILS_ENDS = re.compile(r"^[-0-9]+|-+$")
_ATTRIBUTES = re.compile(r"\{[^{}]{0,200}\}\s*$")
_URL = re.compile(r"\]\([^()\s]{0,500}\)")
_MARKS = re.compile(r"[^\w]+|_+")


def github_slug(title: str) -> str:
    """Return the anchor that GitHub gives a heading, before it numbers repetitions."""
    return _NOT_GITHUB.sub("", title.strip().lower()).replace(" ", "-")


def mkdocs_slug(title: str, *, unicode: bool = False) -> str:
    """Return the anchor of Python-Markdown's `toc`: ASCII letters only, unless its slugify keeps all."""
    value = unicodedata.normalize("NFC" if unicode else "NFKD", title)
    if not unicode:
        value = value.encode("ascii", "ignore").decode()
    return _RUNS.sub("-", _NOT_WORD.sub("", value).strip().lower())


def sphinx_slug(title: str) -> str:
    """Return the anchor of docutils' `make_id`, without its transliterations of single letters."""
    value = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return _DOCUTILS_ENDS.sub("", _NOT_DOCUTILS.sub("-", " ".join(value.split())))


def heading_anchors(headings: Sequence[Sequence[str]]) -> frozenset[str]:
    """Return every anchor that one of the three gives the headings of a page, repetitions numbered.

    Args:
        headings: Forms of each heading, as `heading_words` returns them.
    """
    anchors: set[str] = set()
    for slug, joint in ((github_slug, "-"), (mkdocs_slug, "_"), (_unicode_slug, "_"), (sphinx_slug, "-")):
        times: Counter[str] = Counter()
        for forms in headings:
            for anchor in {slug(form) for form in forms}:
                number = times[anchor]
                times[anchor] += 1
                anchors.add(f"{anchor}{joint}{number}" if number else anchor)
    return frozenset(anchors - {""})


def heading_words(line: str, title: str) -> tuple[str, ...]:
    """Return the forms of a heading from which tools make its anchor.

    Args:
        line: The heading as it is written. In code and after a backslash, brackets are no links and no tags.
        title: Its words without markup.
    """
    written = _ATTRIBUTES.sub("", line.strip().strip("#").strip())
    plain = _URL.sub("]", written).replace("\\", "").replace("`", "")
    numbered = title.partition(":")[0]  # some sites make "#err01" of "ERR01: not found"
    return tuple(dict.fromkeys((title, plain, plain.replace("*", "").replace("_", ""), numbered)))


def plain_anchor(anchor: str) -> str:
    """Return what is left of an anchor without case and marks: two that differ here are not meant to be the same."""
    return _MARKS.sub("", anchor).casefold()


def _unicode_slug(title: str) -> str:
    return mkdocs_slug(title, unicode=True)
