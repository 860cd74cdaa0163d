"""Holds every sentence of a draft against the evidence: a quote, supported, or neither, with the reason.

The evidence that the draft names is looked at first, then the rest: a wrong citation is replaced.
Nothing here asks a model, so the same draft and evidence always give the same verdicts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import dropwhile, pairwise, takewhile

from xnai_pipelines.answers.answer import Citation, Sentence, State
from xnai_pipelines.answers.draft import Draft, DraftSentence
from xnai_pipelines.answers.evidence import Evidence
from xnai_pipelines.answers.verification.cues import Cue
from xnai_pipelines.answers.verification.entailment import Judgement, judge
from xnai_pipelines.answers.verification.quoting import (
    Normalised,
    find_quote,
    normalised,
    quoted_spans,
    without_spans,
)
from xnai_pipelines.answers.verification.tokens import Kind, Token, tokens
from xnai_pipelines.chunks.boundaries import sentence_starts
from xnai_pipelines.documents.parsers.language import identify_language

_TURNING = (Cue.NEGATION, Cue.HEDGE, Cue.QUANTITY)  # cues that a quote must not leave out
_TRIED = 4  # sentences of one piece of evidence that are judged, those with most of the words
_SAMPLE = 2_000  # characters of the evidence from which its language is identified


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
        self._language = identify_language(" ".join(piece.text for piece in evidence)[:_SAMPLE])
        self._pieces = [_Piece(piece, self._language) for piece in evidence]

    def verified(self, sentence: DraftSentence) -> Sentence:
        """Return the sentence with its state and, if the evidence proves it, the citation."""
        return _verified(sentence, self._pieces, self._language)


@dataclass
class _Piece:
    """One piece of evidence, prepared when it is first needed."""

    evidence: Evidence
    language: str | None

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
        return frozenset(token.term for sentence in self.tokens for token in sentence if token.kind is Kind.NAME)

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
        return judge(sentence, self.tokens[at], self.above.union(*self.subjects[:at]))

    @cached_property
    def subjects(self) -> list[frozenset[str]]:
        """Terms of the name that each sentence begins with or has first: what a pronoun after it may mean."""
        return [frozenset(_first_name(sentence)) for sentence in self.tokens]

    def turned_by_what_is_left_out(self, start: int, end: int) -> bool:
        """Return whether a quote leaves out a "not", "may" or "nearly" before it in its clause."""
        for (first, last), sentence in zip(self.sentences, self.tokens, strict=True):
            if first < start and end <= last:
                clause = next((token.clause for token in sentence if first + token.end > start), None)
                return any(
                    token.cue in (Cue.NEGATION, Cue.HEDGE, Cue.QUANTITY)
                    and token.clause == clause
                    and first + token.end <= start
                    for token in sentence
                )
        return False

    def cite(self, start: int, end: int) -> Citation:
        """Return the citation of a range of its text."""
        piece = self.evidence
        return Citation(
            document_id=piece.document_id,
            source=piece.source,
            chunk_id=piece.chunk_at(piece.start + start),
            start=piece.start + start,
            end=piece.start + end,
            quote=piece.text[start:end],
            heading_path=piece.heading_path,
            page=piece.page,
        )


def _verified(draft: DraftSentence, pieces: Sequence[_Piece], language: str | None) -> Sentence:
    named = [pieces[at] for at in dict.fromkeys(draft.cited) if 0 <= at < len(pieces)]
    ordered = [*named, *(piece for piece in pieces if piece not in named)]
    said = tokens(draft.text, language)
    if not said:
        return Sentence(draft.text, State.UNSUPPORTED, reason="It has no words to check.")
    if whole := _quoted(draft.text, ordered):
        return Sentence(draft.text, State.VERBATIM, (whole,))
    quotes = {span: _quoted(span, ordered, alone=False) for span in quoted_spans(draft.text)}
    for span, citation in quotes.items():
        if citation is None and len(span.split()) > 2:
            return Sentence(draft.text, State.UNSUPPORTED, reason=f'No document says "{span}".')
    spans = tuple(dict.fromkeys(citation for citation in quotes.values() if citation))
    if spans and not any(token.content for token in tokens(without_spans(draft.text), language)):
        return Sentence(draft.text, State.VERBATIM, spans)
    return _supported(draft.text, said, ordered, spans)


def _quoted(text: str, pieces: Sequence[_Piece], *, alone: bool = True) -> Citation | None:
    """Return the citation of the first evidence that has the text, None if none has.

    A quote that stands alone must not leave out a "not" before it.
    """
    for piece in pieces:
        found = find_quote(text, piece.evidence.text, piece.prepared)
        if found and not (alone and piece.turned_by_what_is_left_out(*found)):
            return piece.cite(*found)
    return None


def _supported(text: str, said: Sequence[Token], pieces: Sequence[_Piece], spans: tuple[Citation, ...]) -> Sentence:
    """Return the sentence as supported by the first evidence that does, else with the reason of the nearest one."""
    nearest = Judgement(False, -1.0, "There is no evidence.")
    for piece in pieces:
        sentence = _with_names(said, piece)
        for at in piece.nearest(sentence):
            judged = piece.judge(sentence, at)
            if judged.supported:
                citation = piece.cite(*piece.sentences[at])
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


def _first_name(sentence: Sequence[Token]) -> Iterator[str]:
    named = dropwhile(lambda token: token.kind is not Kind.NAME, sentence)
    yield from (token.term for token in takewhile(lambda token: token.kind is Kind.NAME, named))


def _as_name(token: Token, is_name: bool) -> Token:
    return replace(token, kind=Kind.NAME) if is_name and token.capital and token.kind is Kind.WORD else token
