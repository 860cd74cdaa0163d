"""Whether a sentence of a document says what a sentence of an answer says, word by word and by rule, in any language.

The two are laid side by side (longest common runs of words). What differs is then judged. Leaving words out is allowed,
unless one of them turns what is kept. New words may only add nothing. What moved must have moved with a neighbour. The
share of the sentence's words that the document has must be high.
"""

import itertools
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property

from xnai_pipelines.answers.verification.cues import NEGATING_PREFIXES, PRONOUNS, Cue
from xnai_pipelines.answers.verification.tokens import Kind, Token
from xnai_pipelines.search.words import fold

MIN_COVERAGE = 0.85  # chosen on train documents, see benchmarks/verification.py
_CRITICAL = (Kind.NUMBER, Kind.UNIT, Kind.NAME)
_SLOT = 2  # words of the document per new word of the sentence that it may stand for; more were left out
_ARTICLES = frozenset(
    [
        "a",
        "an",
        "the",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "des",
        "ein",
        "eine",
        "einen",
        "le",
        "la",
        "les",
        "l",
        "un",
        "une",
        "el",
        "los",
        "las",
        "il",
        "lo",
        "gli",
        "i",
        "o",
        "os",
        "as",
    ]
)
_SUBJECTS = frozenset(
    [
        "i",
        "he",
        "she",
        "it",
        "they",
        "we",
        "you",
        "er",
        "sie",
        "es",
        "wir",
        "il",
        "elle",
        "ils",
        "elles",
        "nous",
        "ella",
        "ellos",
        "он",
        "она",
        "оно",
        "они",
        "мы",
        "я",
    ]
)
# They stand before a word whether or not the document's sentence is reordered, so leaving one out turns nothing.
_BEFORE_A_PHRASE = frozenset(
    f"en:{word}"
    for word in [
        "into",
        "from",
        "to",
        "for",
        "since",
        "until",
        "against",
        "during",
        "between",
        "inside",
        "outside",
        "within",
        "before",
        "after",
    ]
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the document's sentence supports the answer's, the share of words that it has, and why not if not."""

    supported: bool
    coverage: float
    reason: str | None = None


def judge(sentence: Sequence[Token], passage: Sequence[Token], context: frozenset[str] = frozenset()) -> Judgement:
    """Return whether one sentence of a document says what the sentence says.

    Args:
        sentence: Tokens of the sentence.
        passage: Tokens of the document's sentence.
        context: Terms of names before it: title, headings, earlier sentences. One of them may stand where the passage
            has "he" or "its".
    """
    beside = _Alignment(sentence, passage, context)
    content = [at for at, token in enumerate(sentence) if token.content]
    if not content:
        return Judgement(False, 0.0, "It has no words to check.")
    coverage = sum(beside.present(at) for at in content) / len(content)
    reason = next(beside.objections(), None)
    if reason is None and coverage < MIN_COVERAGE:
        missing = next(sentence[at].text for at in content if not beside.present(at))
        reason = f'"{missing}" is not in the evidence.'
    return Judgement(reason is None, coverage, reason)


class _Alignment:
    """A sentence beside a passage: `match[i]` is the passage's token for token i of the sentence."""

    def __init__(self, sentence: Sequence[Token], passage: Sequence[Token], context: frozenset[str]) -> None:
        self.context = context
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
            if self.sentence[at].kind is Kind.NAME and self.sentence[at].term in self.context
        )

    def objections(self) -> Iterator[str]:
        """Yield what speaks against the sentence, the plainest first."""
        yield from self._missing()
        yield from self._cues_added()
        yield from self._cues_dropped()
        yield from self._replaced()
        yield from self._moved()
        yield from self._exchanged()
        yield from self._other_subject()

    def _missing(self) -> Iterator[str]:
        """Yield numbers and names that the passage does not have."""
        for at, token in enumerate(self.sentence):
            if token.kind in _CRITICAL and not self.present(at) and not self._initials(token):
                yield f'The {token.kind} "{token.text}" is not in the evidence.'

    def _initials(self, token: Token) -> bool:
        """Return whether a name in capitals abbreviates words that follow each other in the passage."""
        letters = token.text.replace(".", "")
        heads = "".join(other.text[0] for other in self.passage if other.capital)
        return len(letters) > 1 and letters.isupper() and letters in heads

    # Words that turn a claim

    def _cues_added(self) -> Iterator[str]:
        """Yield cues that the passage does not have at the same place. A hedge only weakens a claim."""
        for at, token in enumerate(self.sentence):
            if token.cue in (None, Cue.HEDGE) or self._stands_as_before(at):
                continue
            anchor = _anchor(self.sentence, at)
            place = None if anchor is None else self._place(anchor)
            if place is None:
                if token.cue is not Cue.DIRECTION and token.term not in self.places:
                    yield f'"{token.text}" is not in the evidence.'
                continue
            free = [cue for cue in _cues_of(self.passage, place, token.cue) if cue not in self.matched]
            same = [cue for cue in free if self.passage[cue].term == token.term]
            if token.cue is Cue.DIRECTION:
                if free and not same:
                    yield f'The evidence says "{self.passage[free[0]].text}" instead of "{token.text}".'
            elif not (free if token.cue is Cue.NEGATION else same):
                yield f'"{token.text}" is not in the evidence there.'

    def _stands_as_before(self, at: int) -> bool:
        """Return whether a cue and the word that it stands before are beside each other in the passage too."""
        if at not in self.match:
            return False
        anchor = _anchor(self.sentence, at)
        if anchor is None or anchor not in self.match:
            return True
        low, high = sorted((self.match[at], self.match[anchor]))
        return not any(token.content and token.kind is not Kind.WORD for token in self.passage[low + 1 : high])

    def _cues_dropped(self) -> Iterator[str]:
        """Yield cues of the passage that are left out although what they stand before is kept."""
        for place, token in enumerate(self.passage):
            if token.cue is None or place in self.matched or self._left_out_with_its_clause(place):
                continue
            anchor = _anchor(self.passage, place)
            if anchor is None or anchor not in self.matched:
                continue
            bound = self.passage[anchor].kind is Kind.NUMBER
            if token.cue is Cue.DIRECTION and (not bound or token.term in _BEFORE_A_PHRASE):
                continue
            kept = self.matched[anchor]
            free = [cue for cue in _cues_of(self.sentence, kept, token.cue) if cue not in self.match]
            if token.cue not in (Cue.NEGATION, Cue.HEDGE):
                free = [cue for cue in free if self.sentence[cue].term == token.term]
            if not free:
                yield f'The evidence says "{token.text}" there.'

    def _left_out_with_its_clause(self, place: int) -> bool:
        """Return whether the cue's clause says more than the cue, and nothing of it is kept."""
        clause = self.passage[place].clause
        beside = [at for at, token in enumerate(self.passage) if token.clause == clause and token.content]
        return bool(beside) and not any(at in self.matched for at in beside)

    # Words that stand where the passage has others

    def _replaced(self) -> Iterator[str]:
        """Yield words that the passage does not have where it has another one, and opposites by their prefix."""
        for kind, first, last, other, until in self.operations:
            if kind != "replace":
                continue
            new = [
                at
                for at in range(first, last)
                if (self.sentence[at].content or self.sentence[at].cue is Cue.QUANTITY)
                and not (self.present(at) and self._keeps_a_neighbour(at) and not self._rivals(at, other, until))
                and at not in self.meant_by_pronouns
            ]
            for gone in self._clauses(other, until):
                if new and 0 < len(gone) <= _SLOT * len(new):
                    yield f'The evidence says "{gone[-1].text}" instead of "{self.sentence[new[-1]].text}".'
        yield from self._other_beginning()
        for at, token in enumerate(self.sentence):
            if token.content and not self.present(at) and self._opposite(token):
                yield f'"{token.text}" is the opposite of what the evidence says.'

    def _other_beginning(self) -> Iterator[str]:
        """Yield a new word at the beginning, before anything that the passage has: another subject."""
        first = next((at for at, token in enumerate(self.sentence) if token.content and self.present(at)), None)
        if first is None:
            return
        for at, token in enumerate(self.sentence[:first]):
            if token.content and token.clause == self.sentence[first].clause and at not in self.meant_by_pronouns:
                yield f'"{token.text}" is not in the evidence there.'

    def _rivals(self, at: int, first: int, last: int) -> bool:
        """Return whether the passage has another number or name in the place of this one."""
        kind = self.sentence[at].kind
        return kind in _CRITICAL and any(token.kind is kind for token in self.passage[first:last])

    def _clauses(self, first: int, last: int) -> list[list[Token]]:
        """Return the content words of the first and of the last clause of a stretch of the passage."""
        words = [token for token in self.passage[first:last] if token.content]
        ends = (self.passage[first].clause, self.passage[last - 1].clause)
        return [[token for token in words if token.clause == clause] for clause in ends]

    def _opposite(self, token: Token) -> bool:
        """Return whether the passage has the word with or without a negating prefix."""
        code, _, word = token.term.partition(":")
        return any(
            f"{code}:{prefix}{word}" in self.places
            or (
                word.startswith(prefix)
                and len(word) > len(prefix) + 3
                and f"{code}:{word[len(prefix) :]}" in self.places
            )
            for prefix in NEGATING_PREFIXES
        )

    # Numbers and names beside other words than in the passage

    def _moved(self) -> Iterator[str]:
        """Yield numbers, units and names that stand beside other words than in the passage."""
        for at, token in enumerate(self.sentence):
            if token.kind not in _CRITICAL or token.term not in self.places:
                continue
            kept = self._kept_in_place(at) if at in self.match else None
            if kept is None:
                kept = self._keeps_a_neighbour(at)
            if not kept:
                yield f'The evidence has "{token.text}" in another place.'
            elif not self._run_in_order(at):
                yield f'The evidence does not have "{token.text} {self.sentence[at + 1].text}" in this order.'

    def _kept_in_place(self, at: int) -> bool | None:
        """Return whether nothing of its kind was left out beside a matched token; None if both sides are new."""
        sides = [self._kept_on(at, step) for step in (-1, 1)]
        known = [side for side in sides if side is not None]
        return any(known) if known else None

    def _kept_on(self, at: int, step: int) -> bool | None:
        kind = self.sentence[at].kind
        beside = at + step
        while (
            0 <= beside < len(self.sentence)
            and (not self.sentence[beside].content or self.sentence[beside].kind is kind)
            and beside not in self.match
        ):
            beside += step
        if not 0 <= beside < len(self.sentence):
            return len(self.match) == 1 or None
        if beside not in self.match:
            return False
        low, high = sorted((self.match[at], self.match[beside]))
        if self.passage[high].clause - self.passage[low].clause == 2:  # one clause put in between marks
            return True
        return not any(token.kind is kind for token in self.passage[low + 1 : high])

    def _keeps_a_neighbour(self, at: int) -> bool:
        """Return whether the token has the same word next to it in the passage, articles and its own kind aside."""
        mine = [_beside(self.sentence, at, step) for step in (-1, 1)]
        if mine == [None, None]:
            return True
        for place in self.places.get(self.sentence[at].term, ()):
            theirs = [_beside(self.passage, place, step) for step in (-1, 1)]
            if any(one is not None and one == other for one, other in zip(mine, theirs, strict=True)):
                return True
        return False

    def _run_in_order(self, at: int) -> bool:
        """Return whether a number or name and the one right behind it follow each other in the passage as well."""
        if at + 1 >= len(self.sentence):
            return True
        first, second = self.sentence[at], self.sentence[at + 1]
        dated = any(token.term.startswith("month:") for token in (first, second))
        if first.kind is not second.kind or first.clause != second.clause or dated or second.term not in self.places:
            return True
        return any(0 < two - one <= 3 for one in self.places[first.term] for two in self.places[second.term])

    def _exchanged(self) -> Iterator[str]:
        """Yield pairs of names that changed places around a verb, unless active became passive with them."""
        names = [at for at, token in enumerate(self.sentence) if token.kind is Kind.NAME and token.term in self.places]
        for first, second in itertools.pairwise(names):
            one, two = self._place(first), self._place(second)
            verbs = any(self.sentence[at].kind is Kind.WORD and at in self.match for at in range(first + 1, second))
            if one is None or two is None or not verbs:
                continue
            turned = _passive(self.sentence[first + 1 : second]) != _passive(
                self.passage[min(one, two) + 1 : max(one, two)]
            )
            if (one > two) != turned and (turned or not self._keeps_a_neighbour(first)):
                names_shown = f'"{self.sentence[first].text}" and "{self.sentence[second].text}"'
                yield f"The evidence has {names_shown} the other way round."

    def _other_subject(self) -> Iterator[str]:
        """Yield pronouns left out before a verb, which then has what stands before them as its subject."""
        for kind, first, _, other, until in self.operations:
            if kind == "insert" and first > 0 and fold(self.passage[until - 1].text) in _SUBJECTS and other:
                yield f'The evidence says "{self.passage[until - 1].text}" there.'

    def _place(self, at: int) -> int | None:
        """Return where the passage has the sentence's token."""
        places = self.places.get(self.sentence[at].term)
        return self.match.get(at, places[0] if places else None)


def _read_as(token: Token, there: Container[str]) -> Token:
    """Return the token in the reading that the other side has, if it has one of them."""
    other = next((term for term in token.others if term in there), None)
    return token if token.term in there or other is None else replace(token, term=other)


def _anchor(tokens: Sequence[Token], at: int) -> int | None:
    """Return the content word that a cue stands before; the one before it if it ends the sentence or clause."""
    clause = tokens[at].clause
    after = next((i for i in range(at + 1, len(tokens)) if tokens[i].content), None)
    if after is not None and tokens[after].clause == clause:
        return after
    before = next((i for i in range(at - 1, -1, -1) if tokens[i].content and tokens[i].clause == clause), None)
    return after if before is None else before


def _cues_of(tokens: Sequence[Token], at: int, cue: Cue) -> list[int]:
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


def _beside(tokens: Sequence[Token], at: int, step: int) -> str | None:
    """Return the term next to a token on one side, articles and others of its kind aside; None at the end."""
    kind = tokens[at].kind
    at += step
    clause = tokens[at - step].clause
    while 0 <= at < len(tokens) and (
        fold(tokens[at].text) in _ARTICLES
        or (tokens[at].kind is kind and kind in _CRITICAL and tokens[at].clause == clause)
    ):
        at += step
    return tokens[at].term if 0 <= at < len(tokens) else None


def _passive(tokens: Sequence[Token]) -> bool:
    """Return whether English words between two names are in the passive voice."""
    said = {token.text.lower() for token in tokens}
    return "by" in said and not said.isdisjoint({"was", "were", "is", "are", "been", "being", "be"})
