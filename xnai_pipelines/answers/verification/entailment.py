"""Whether a sentence of a document says what a sentence of an answer says, word by word and by rule, in any language.

The two are laid side by side. What differs is then judged. Leaving words out is allowed, unless one of them turns what
is kept. New words may only add nothing. What moved must have moved with a neighbour. The share of the sentence's words
that the document has must be high.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from xnai_pipelines.answers.verification.alignment import CRITICAL, Alignment
from xnai_pipelines.answers.verification.moved import (
    compared,
    exchanged,
    moved,
    other_subject,
    passive_added,
    passive_dropped,
    spliced,
)
from xnai_pipelines.answers.verification.past import past
from xnai_pipelines.answers.verification.replaced import of_itself, opposite, other_beginning, replaced
from xnai_pipelines.answers.verification.reported import reports_dropped
from xnai_pipelines.answers.verification.tokens import Token
from xnai_pipelines.answers.verification.turned import anything_dropped, cues_added, cues_dropped, units_dropped

MIN_COVERAGE = 0.85  # chosen on train documents, see benchmarks/verification.py


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the document's sentence supports the answer's, the share of words that it has, and why not if not."""

    supported: bool
    coverage: float
    reason: str | None = None


def missing(aligned: Alignment) -> Iterator[str]:
    """Yield numbers and names that the passage does not have."""
    for at, token in enumerate(aligned.sentence):
        if token.kind in CRITICAL and not aligned.present(at) and not aligned.initials(token):
            yield f'The {token.kind} "{token.text}" is not in the evidence.'


# What may speak against a sentence, the plainest first. To add an objection, add a line.
OBJECTIONS: tuple[Callable[[Alignment], Iterator[str]], ...] = (
    missing,
    cues_added,
    cues_dropped,
    reports_dropped,
    past,
    units_dropped,
    anything_dropped,
    replaced,
    other_beginning,
    opposite,
    of_itself,
    moved,
    exchanged,
    compared,
    passive_added,
    passive_dropped,
    other_subject,
    spliced,
)


def judge(
    sentence: Sequence[Token], passage: Sequence[Token], context: frozenset[str] = frozenset(), *, covered: bool = True
) -> Judgement:
    """Return whether one sentence of a document says what the sentence says.

    Args:
        sentence: Tokens of the sentence.
        passage: Tokens of the document's sentence.
        context: Terms of names before it: title, headings, earlier sentences. One of them may stand where the passage
            has "he" or "its".
        covered: Whether the language is one whose words that turn a claim are known.
    """
    content = [at for at, token in enumerate(sentence) if token.content]
    if not content:
        return Judgement(False, 0.0, "It has no words to check.")
    aligned = Alignment(sentence, passage, context, covered=covered)
    coverage = sum(aligned.present(at) for at in content) / len(content)
    reason = next((reason for objections in OBJECTIONS for reason in objections(aligned)), None)
    if reason is None and coverage < MIN_COVERAGE:
        absent = next(sentence[at].text for at in content if not aligned.present(at))
        reason = f'"{absent}" is not in the evidence.'
    return Judgement(reason is None, coverage, reason)
