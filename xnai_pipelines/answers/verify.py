"""Holds every sentence of a draft against the evidence: a quote, supported, or neither, with the reason.

The evidence that the draft names is looked at first, then the rest: a wrong citation is replaced.
Nothing here asks a model, so the same draft and evidence always give the same verdicts.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import dropwhile, pairwise, takewhile

from xnai_pipelines.answers.answer import Citation, Sentence, State
from xnai_pipelines.answers.draft import Draft, DraftSentence
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.verification.cues import COVERED, TURNING
from xnai_pipelines.answers.verification.entailment import Judgement, judge
from xnai_pipelines.answers.verification.quoting import (
    Normalised,
    find_quote,
    normalised,
    quoted_spans,
    without_spans,
)
from xnai_pipelines.answers.verification.reported import reports_left_out
from xnai_pipelines.answers.verification.tokens import Token, TokenKind, tokens
from xnai_pipelines.answers.verification.turned import turning_left_out, units_left_out
from xnai_pipelines.chunks.boundaries import sentence_starts
from xnai_pipelines.documents.parsers.text.language import identify_language

_TRIED = 4  # sentences of one piece of evidence that are judged, those with most of the words
_SAMPLE = 2_000  # characters of evidence from which its language is identified


def verify(draft: Draft, evidence: Sequence[Evidence]) -> tuple[Sentence, ...]:
    """Return the sentences of a draft, each with its state and, if the evidence proves it, the citation.

    Args:
        draft: Sentences that nothing has checked yet.
        evidence: Passages that they may rest on.
    """
    verifier = Verifier(evidence)
    return tuple(verifier.verified(sentence) for sentence in draft)


class Verifier:
    """Evidence, prepared for one sentence after the other."""

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        self._pieces = [_Piece(piece, evidence) for piece in evidence]

    def verified(self, sentence: DraftSentence) -> Sentence:
        """Return the sentence with its state and, if the evidence proves it, the citation."""
        return _verified(sentence, self._pieces)


@dataclass
class _Piece:
    """One piece of evidence, prepared when it is first needed."""

    evidence: Evidence
    beside: Sequence[Evidence]  # all of it: what is too short to tell its language is in that of the rest

    @cached_property
    def language(self) -> str | None:
        """Language of its text; None if it is not known."""
        together = " ".join(piece.text for piece in self.beside)
        return identify_language(self.evidence.text[:_SAMPLE]) or identify_language(together[:_SAMPLE])

    @cached_property
    def prepared(self) -> Normalised:
        """The text to look quotes up in."""
        return normalised(self.evidence.text)

    @cached_property
    def sentences(self) -> list[tuple[int, int]]:
        """Ranges of the text's sentences."""
        text = self.evidence.text
        starts = [0, *sentence_starts(text, 0, len(text)), len(text)]
        ranges = [(start, start + len(text[start:end].rstrip())) for start, end in pairwise(starts)]
        return [(start, end) for start, end in ranges if end > start]

    @cached_property
    def tokens(self) -> list[list[Token]]:
        """Tokens of each sentence."""
        found = [tokens(self.evidence.text[start:end], self.language) for start, end in self.sentences]
        small = {token.term for sentence in found for token in sentence if not token.capital}
        return [[_as_name(token, token.term not in small) for token in sentence] for sentence in found]

    @cached_property
    def above(self) -> frozenset[str]:
        """Terms of the title and of the headings."""
        text = ". ".join([self.evidence.title, *self.evidence.heading_path])
        return frozenset(token.term for token in tokens(text, self.language))

    @cached_property
    def names(self) -> frozenset[str]:
        """Terms of its names."""
        return frozenset(token.term for sentence in self.tokens for token in sentence if token.kind is TokenKind.NAME)

    @cached_property
    def terms(self) -> list[frozenset[str]]:
        """Terms of each sentence."""
        return [
            frozenset(term for token in sentence if token.content for term in (token.term, *token.others))
            for sentence in self.tokens
        ]

    def nearest(self, sentence: Sequence[Token]) -> list[int]:
        """Return its sentences with most of a sentence's words, the best first."""
        wanted = frozenset(term for token in sentence if token.content for term in (token.term, *token.others))
        shared = [len(wanted & terms) for terms in self.terms]
        return [at for at in sorted(range(len(shared)), key=lambda at: -shared[at])[:_TRIED] if shared[at]]

    def judge(self, sentence: Sequence[Token], at: int) -> Judgement:
        """Return whether one of its sentences supports a sentence."""
        before = self.above.union(*self.subjects[:at])
        return judge(sentence, self.tokens[at], before, covered=self.language in COVERED)

    @cached_property
    def subjects(self) -> list[frozenset[str]]:
        """Terms of the name that each sentence begins with or has first: what a pronoun after it may mean."""
        return [frozenset(_first_name(sentence)) for sentence in self.tokens]

    def misquoted(self, start: int, end: int) -> bool:
        """Return whether a quote says something else without the rest of its sentence.

        It leaves out a "not" or "critics said" before it, a condition behind it or the unit of its last number, or
        begins or ends within a number. In a language whose turning words are not known, what is left out may be one.
        """
        for (first, _), sentence in zip(self.sentences, self.tokens, strict=True):
            inside = [start < first + token.end and first + token.start < end for token in sentence]
            kept = {
                at for at, token in enumerate(sentence) if inside[at] and _within(token, start - first, end - first)
            }
            if not any(inside):
                continue
            left_out = (turning_left_out, units_left_out, reports_left_out)
            if len(kept) < sum(inside) or any(True for find in left_out for _ in find(sentence, kept)):
                return True
            if _turned_before(sentence, kept) or (self.language not in COVERED and len(kept) < len(sentence)):
                return True
        return False


def _verified(draft: DraftSentence, pieces: Sequence[_Piece]) -> Sentence:
    named = [pieces[at] for at in dict.fromkeys(draft.cited) if 0 <= at < len(pieces)]
    ordered = [*named, *(piece for piece in pieces if piece not in named)]
    if not tokens(draft.text, None):
        return Sentence(draft.text, State.UNSUPPORTED, reason="It has no words to check.")
    if whole := _quoted(draft.text, ordered):
        return Sentence(draft.text, State.VERBATIM, (whole,))
    quotes = {span: _quoted(span, ordered, alone=False) for span in quoted_spans(draft.text)}
    for span, citation in quotes.items():
        if citation is None and len(span.split()) > 2:
            return Sentence(draft.text, State.UNSUPPORTED, reason=f'No document says "{span}".')
    spans = tuple(dict.fromkeys(citation for citation in quotes.values() if citation))
    languages = {piece.language for piece in ordered}
    around = without_spans(draft.text)
    if spans and not any(token.content for language in languages for token in tokens(around, language)):
        return Sentence(draft.text, State.VERBATIM, spans)
    said = {language: tokens(draft.text, language) for language in languages}
    return _supported(draft.text, said, ordered, spans)


def _quoted(text: str, pieces: Sequence[_Piece], *, alone: bool = True) -> Citation | None:
    """Return the citation of the first evidence that has the text, None if none has.

    A quote that stands alone must not say something else without the rest of its sentence.
    """
    for piece in pieces:
        found = find_quote(text, piece.evidence.text, piece.prepared)
        if found and not (alone and piece.misquoted(*found)):
            return piece.evidence.cite(*(piece.evidence.start + at for at in found))
    return None


def _supported(
    text: str,
    said: Mapping[str | None, Sequence[Token]],
    pieces: Sequence[_Piece],
    spans: tuple[Citation, ...],
) -> Sentence:
    """Return the sentence as supported by the first evidence that does, else with the reason of the nearest one."""
    nearest = Judgement(False, -1.0, "There is no evidence.")
    for piece in pieces:
        sentence = _with_names(said[piece.language], piece)
        for at in piece.nearest(sentence):
            judged = piece.judge(sentence, at)
            if judged.supported:
                citation = piece.evidence.cite(*(piece.evidence.start + at for at in piece.sentences[at]))
                return Sentence(text, State.SUPPORTED, tuple(dict.fromkeys((*spans, citation))))
            if judged.coverage > nearest.coverage:
                nearest = judged
    reason = nearest.reason if nearest.coverage >= 0 else "No evidence has its words."
    return Sentence(text, State.UNSUPPORTED, reason=reason)


def _with_names(sentence: Sequence[Token], piece: _Piece) -> list[Token]:
    """Return the tokens with the first word as a name if the evidence has it as one, or does not have it at all."""
    first, *rest = sentence
    known = any(first.term in terms for terms in piece.terms)
    alone = bool(rest) and rest[0].clause == first.clause
    return [_as_name(first, first.term in piece.names or (not known and alone)), *rest]


def _within(token: Token, start: int, end: int) -> bool:
    return start <= token.start and token.end <= end


def _turned_before(sentence: Sequence[Token], kept: Container[int]) -> bool:
    """Return whether a "not", "may" or "nearly" stands before what is kept of its clause."""
    first = next(at for at in range(len(sentence)) if at in kept)
    return any(token.cue in TURNING and token.clause == sentence[first].clause for token in sentence[:first])


def _first_name(sentence: Sequence[Token]) -> Iterator[str]:
    named = dropwhile(lambda token: token.kind is not TokenKind.NAME, sentence)
    yield from (token.term for token in takewhile(lambda token: token.kind is TokenKind.NAME, named))


def _as_name(token: Token, is_name: bool) -> Token:
    return replace(token, kind=TokenKind.NAME) if is_name and token.capital and token.kind is TokenKind.WORD else token
