"""A sentence of an answer laid beside a sentence of a document by the longest common runs of words. Pure."""

from collections.abc import Container, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import cached_property

from xnai_pipelines.answers.verification.cues import ARTICLES, PRONOUNS, Cue
from xnai_pipelines.answers.verification.tokens import Token, TokenKind
from xnai_pipelines.search.words import fold

CRITICAL = (TokenKind.NUMBER, TokenKind.UNIT, TokenKind.NAME, TokenKind.OPERATOR)


class Alignment:
    """A sentence beside a passage: `match[i]` is the passage's token for token i of the sentence."""

    def __init__(
        self, sentence: Sequence[Token], passage: Sequence[Token], context: frozenset[str], *, covered: bool
    ) -> None:
        self.context = context
        self.covered = covered  # whether the passage's language is one whose turning words are known
        # a number that can be read in two ways is read as the other side has it
        readings = {term for token in sentence for term in (token.term, *token.others)}
        self.passage = [_read_as(token, readings) for token in passage]
        self.places: dict[str, list[int]] = {}
        for at, token in enumerate(self.passage):
            self.places.setdefault(token.term, []).append(at)
        self.sentence = [_read_as(token, self.places) for token in sentence]
        said, given = [token.term for token in self.sentence], [token.term for token in self.passage]
        self.operations = SequenceMatcher(None, said, given, autojunk=False).get_opcodes()
        self.match: dict[int, int] = {}
        for kind, first, last, other, _ in self.operations:
            if kind == "equal":
                self.match |= {at: other + at - first for at in range(first, last)}
        self.matched = {place: at for at, place in self.match.items()}

    def present(self, at: int) -> bool:
        """Return whether the passage has the token, or has a pronoun in the place of a name from its context."""
        return self.sentence[at].term in self.places or at in self.meant_by_pronouns

    @cached_property
    def meant_by_pronouns(self) -> frozenset[int]:
        """Tokens of names from the context for which the passage has "he" or "its"."""
        return frozenset(
            at
            for kind, first, last, other, until in self.operations
            if kind == "replace" and any(fold(token.text) in PRONOUNS for token in self.passage[other:until])
            for at in range(first, last)
            if self.sentence[at].kind is TokenKind.NAME and self.sentence[at].term in self.context
        )

    def keeps_a_neighbour(self, at: int, *, content: bool = False) -> bool:
        """Return whether the token has the same word next to it in the passage, articles and its own kind aside.

        Args:
            at: Place of the token.
            content: Whether function words do not count: "of theft" stands beside "of" wherever it stands.
        """
        mine = [beside(self.sentence, at, step, content=content) for step in (-1, 1)]
        if mine == [None, None]:
            return True
        for place in self.places.get(self.sentence[at].term, ()):
            theirs = [beside(self.passage, place, step, content=content) for step in (-1, 1)]
            if any(one is not None and one == other for one, other in zip(mine, theirs, strict=True)):
                return True
        return False

    def initials(self, token: Token) -> bool:
        """Return whether a name in capitals abbreviates words that follow each other in the passage."""
        letters = token.text.replace(".", "")
        heads = "".join(other.text[0] for other in self.passage if other.capital)
        return len(letters) > 1 and letters.isupper() and letters in heads

    def place(self, at: int) -> int | None:
        """Return where the passage has the sentence's token."""
        places = self.places.get(self.sentence[at].term)
        return self.match.get(at, places[0] if places else None)


def _read_as(token: Token, there: Container[str]) -> Token:
    """Return the token in the reading that the other side has, if it has one of them."""
    other = next((term for term in token.others if term in there), None)
    return token if token.term in there or other is None else replace(token, term=other)


def anchor_of(tokens: Sequence[Token], at: int) -> int | None:
    """Return the content word that a cue stands before; the one before it if it ends the sentence or clause."""
    clause = tokens[at].clause
    after = next((i for i in range(at + 1, len(tokens)) if tokens[i].content), None)
    if after is not None and tokens[after].clause == clause:
        return after
    before = next((i for i in range(at - 1, -1, -1) if tokens[i].content and tokens[i].clause == clause), None)
    return after if before is None else before


def cues_of(tokens: Sequence[Token], at: int, cue: Cue) -> list[int]:
    """Return the cues of a class that stand before a word, with at most one other content word between."""
    found: list[int] = []
    words = 0
    for i in range(at - 1, -1, -1):
        words += tokens[i].content
        if words > 1:
            break
        if tokens[i].cue is cue:
            found.append(i)
    if at + 1 < len(tokens) and tokens[at + 1].cue is cue:
        found.append(at + 1)
    return found


def beside(tokens: Sequence[Token], at: int, step: int, *, content: bool = False) -> str | None:
    """Return the term next to a token on one side, articles and others of its kind aside; None at the end.

    With `content`, all function words are put aside.
    """
    kind = tokens[at].kind
    at += step
    clause = tokens[at - step].clause
    while 0 <= at < len(tokens) and (
        fold(tokens[at].text) in ARTICLES
        or (content and not tokens[at].content)
        or (tokens[at].kind is kind and kind in CRITICAL and tokens[at].clause == clause)
    ):
        at += step
    return tokens[at].term if 0 <= at < len(tokens) else None


def passive(tokens: Sequence[Token]) -> bool:
    """Return whether English words between two names are in the passive voice."""
    said = {token.text.lower() for token in tokens}
    return "by" in said and not said.isdisjoint({"was", "were", "is", "are", "been", "being", "be"})
