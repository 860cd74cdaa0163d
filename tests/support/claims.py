"""A claim held against one sentence of a document, by one objection or by all."""

from collections.abc import Callable, Iterator

from xnai_pipelines.answers.verification.alignment import Alignment
from xnai_pipelines.answers.verification.cues import COVERED
from xnai_pipelines.answers.verification.entailment import judge
from xnai_pipelines.answers.verification.tokens import tokens


def aligned(claim: str, passage: str, language: str = "en", names: str = "") -> Alignment:
    """Return the claim beside the passage, after sentences with these names."""
    context = frozenset(token.term for token in tokens(names, language))
    return Alignment(tokens(claim, language), tokens(passage, language), context, covered=language in COVERED)


def objects(
    objection: Callable[[Alignment], Iterator[str]], claim: str, passage: str, language: str = "en", names: str = ""
) -> bool:
    """Return whether this objection speaks against the claim."""
    return any(objection(aligned(claim, passage, language, names)))


def supported(claim: str, passage: str, language: str = "en") -> bool:
    """Return whether nothing speaks against the claim."""
    found = judge(tokens(claim, language), tokens(passage, language), covered=language in COVERED)
    return found.supported
