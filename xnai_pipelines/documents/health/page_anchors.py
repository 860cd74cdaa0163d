"""The anchors of pages: those of headings, as site generators make them, and those that a page names itself."""

import re

from xnai_pipelines.documents.health.corpus import Examined
from xnai_pipelines.documents.health.slugs import heading_anchors, heading_words, plain_anchor

# What adds headings or labels to a page that its text does not show.
_GENERATED = re.compile(
    r"^[ \t]*(?:--8<--|:::[ \t]*[\w.]+[ \t]*$|\{%-?[ \t]*include|\{!|\{\{|\.\.[ \t]+(?:include|auto\w+|click|argparse|"
    r"program-output|glossary|mdinclude|\w+:auto\w+)::|import\s.{1,200}\sfrom\s|\[\[?_?TOC_?\]\]?)",
    re.MULTILINE,
)


class PageAnchors:
    """The anchors of the pages of a corpus, worked out once a page."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str] | None] = {}

    def of(self, document: Examined) -> dict[str, str] | None:
        """Return the anchors of a page by their folded form, None if something adds others to the page."""
        if document.source not in self._known:
            lines = (document.text[one.start : one.start + 500].partition("\n")[0] for one in document.headings)
            forms = [heading_words(line, one.title) for line, one in zip(lines, document.headings, strict=True)]
            names = heading_anchors(forms) | document.ids
            generated = _GENERATED.search(document.text) is not None
            self._known[document.source] = None if generated else {plain_anchor(name): name for name in sorted(names)}
        return self._known[document.source]
