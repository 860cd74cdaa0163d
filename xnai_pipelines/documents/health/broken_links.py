"""Links that lead nowhere: files, images and anchors of the same folder."""

from collections.abc import Iterator

from xnai_pipelines.documents.health.corpus import Examined
from xnai_pipelines.documents.health.finding import Finding, Severity, found
from xnai_pipelines.documents.health.links import Link, LinkKind
from xnai_pipelines.documents.health.targets import LinkOutcome, ResolvedLink, Targets


def broken_links(targets: Targets) -> Iterator[Finding]:
    """Yield a finding for each link whose target certainly does not exist."""
    for document in targets.corpus.documents:
        for link, at in targets.resolved[document.source]:
            if at.outcome in (LinkOutcome.NO_FILE, LinkOutcome.NO_ANCHOR):
                yield _broken(document, link, at)


def _broken(document: Examined, link: Link, at: ResolvedLink) -> Finding:
    if at.outcome is LinkOutcome.NO_ANCHOR:
        message, severity = f"{link.target}: {at.path} has no heading or anchor {at.anchor!r}.", Severity.WARNING
        action = "Link to a heading that the page has."
    else:
        noun = "image" if link.kind is LinkKind.IMAGE else "file"
        message, severity = f"{link.target}: there is no {noun} {at.path}.", Severity.ERROR
        action = f"Write {at.nearest}." if at.nearest else "Correct the path, restore the file, or remove the link."
    kind = "broken_anchor" if at.outcome is LinkOutcome.NO_ANCHOR else "broken_link"
    return found(document, kind, severity, message, action=action, place=(link.start, link.end))
