"""Orphans: pages to which nothing links and on which no question lands."""

from collections.abc import Iterator

from xnai_pipelines.documents.health.content import INDEX_NAMES
from xnai_pipelines.documents.health.finding import Finding, Severity, found
from xnai_pipelines.documents.health.languages import tree_language
from xnai_pipelines.documents.health.targets import Targets

LINKED = 0.7  # share of the pages that others link to, from which on links are how readers get there
MIN_PAGES = 5


def orphans(targets: Targets) -> Iterator[Finding]:
    """Yield a finding for each page that readers cannot reach.

    If most pages have no link to them, the navigation is kept elsewhere and nothing is reported.
    """
    corpus, inbound = targets.corpus, targets.inbound
    pages = [document for document in corpus.documents if document.has_structure]
    linked = sum(inbound[document.path] > 0 for document in pages)
    if len(pages) < MIN_PAGES or linked < LINKED * len(pages):
        return
    landings = corpus.landings or {}
    for document in pages:
        stem = document.path.rpartition("/")[2].partition(".")[0].lower()
        if inbound[document.path] or landings.get(document.document_id) or stem in INDEX_NAMES:
            continue
        if tree_language(document.path) is not None:
            continue  # the original's pages lead there
        unasked = "" if corpus.landings is None else ", and no question finds it"
        message, action = f"No page links to it{unasked}.", "Link to it from a page that readers use, or delete it."
        yield found(document, "orphan", Severity.INFO, message, action=action)
