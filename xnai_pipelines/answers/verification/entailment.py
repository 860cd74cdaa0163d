"""Whether a passage says what a sentence says, word by word and by rule; the same in every language.

The sentence is laid beside the passage (longest common runs of words). What hangs on single words is then checked where
it stands: numbers and names beside the same words, negations and the like in both or in neither, nothing put in the
place of something else. What is left is measured: the share of the sentence's words that the passage has.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property

from xnai_pipelines.answers.verification.cues import NEGATING_PREFIXES, PRONOUNS, Cue
from xnai_pipelines.answers.verification.tokens import Kind, Token
from xnai_pipelines.search.words import fold

MIN_COVERAGE = 0.8  # chosen on train documents, see benchmarks/verification.py
_CRITICAL = (Kind.NUMBER, Kind.NAME)
_NEAR = 4  # content words between a number or a name and the word that it belongs to
_SCOPE = 2  # content words that a negation or a hedge can stand before
_ENCLOSING = {",", "(", "—", "–", "["}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the passage supports the sentence, the share of its words that are there, and why not if not."""

    supported: bool
    coverage: float
    reason: str | None = None


def judge(sentence: Sequence[Token], passage: Sequence[Token], context: frozenset[str] = frozenset()) -> Judgement:
    """Return whether one sentence of a document says what the sentence says.

    Args:
        sentence: Tokens of the sentence.
        passage: Tokens of the passage.
        context: Terms of what stands before the passage: title, headings, earlier sentences. A name from there may
            stand where the passage has "he" or "the company".
    """
    beside = _Alignment(sentence, passage, context)
    content = [at for at, token in enumerate(sentence) if token.content]
    if not content:
        return Judgement(False, 0.0, "It has no words to check.")
    there = sum(beside.present(at) for at in content)
    coverage = there / len(content)
    reason = next(beside.objections(), None)
    if reason is None and coverage < MIN_COVERAGE:
        missing = next(sentence[at].text for at in content if not beside.present(at))
        reason = f'"{missing}" is not in the evidence.'
    return Judgement(reason is None, coverage, reason)


class _Alignment:
    """A sentence beside a passage: `match[i]` is the passage's token for token i of the sentence."""

    def __init__(self, sentence: Sequence[Token], passage: Sequence[Token], context: frozenset[str]) -> None:
        self.passage, self.context = passage, context
        there = {token.term for token in passage}
        self.sentence = [_read_as(token, there) for token in sentence]
        self.places: dict[str, list[int]] = {}
        for at, token in enumerate(passage):
            for term in (token.term, *token.others):
                self.places.setdefault(term, []).append(at)
        said, given = [token.term for token in self.sentence], [token.term for token in passage]
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
        yield from self._misplaced()
        yield from self._replaced()
        yield from self._roles()

    def _missing(self) -> Iterator[str]:
        for at, token in enumerate(self.sentence):
            if token.kind in _CRITICAL and not self.present(at) and not self._initials(token):
                noun = "number" if token.kind is Kind.NUMBER else "name"
                yield f'The {noun} "{token.text}" is not in the evidence.'

    def _initials(self, token: Token) -> bool:
        """Return whether a name in capitals abbreviates names that follow each other in the passage."""
        letters = token.text.replace(".", "")
        if len(letters) < 2 or not letters.isupper():
            return False
        heads = "".join(other.text[0] for other in self.passage if other.capital)
        return letters in heads

    # cues

    def _cues_added(self) -> Iterator[str]:
        """Yield cues of the sentence that the passage has not at the same place."""
        for at, token in enumerate(self.sentence):
            if token.cue is None or token.cue is Cue.HEDGE:
                continue
            anchors = self._anchors(self.sentence, at)
            placed = [(anchor, self._place(anchor)) for anchor in anchors]
            found = [place for _, place in placed if place is not None]
            if not found:
                if token.cue in (Cue.NEGATION, Cue.QUANTITY) and token.term not in self.places:
                    yield f'"{token.text}" is not in the evidence.'
                continue
            near = {cue.term for place in found for cue in self._cues_at(place, token.cue)}
            if token.cue is Cue.DIRECTION:
                close = {cue.term for cue in self._cues_at(found[0], token.cue, scope=1)}
                if token.term not in near and close:
                    yield f'The evidence does not say "{token.text}" there.'
            elif token.cue is Cue.NEGATION:
                if not near:
                    yield f'"{token.text}" is not in the evidence there.'
            elif token.term not in near:
                yield f'"{token.text}" is not in the evidence there.'

    def _cues_dropped(self) -> Iterator[str]:
        """Yield cues of the passage that the sentence leaves out although it says what they stand before."""
        for place, token in enumerate(self.passage):
            if token.cue is None or place in self.matched:
                continue
            anchors = self._anchors(self.passage, place, scope=1 if token.cue is Cue.DIRECTION else _SCOPE)
            kept = next((self.matched[anchor] for anchor in anchors[:1] if anchor in self.matched), None)
            if kept is None:
                continue
            near = self._cues_of_sentence(kept, token.cue)
            same = near if token.cue is Cue.NEGATION else [cue for cue in near if cue.term == token.term]
            if token.cue is Cue.HEDGE:
                same = near
            bound = self.passage[anchors[0]].kind is Kind.NUMBER
            if token.cue is Cue.DIRECTION and not (bound and token.term not in self._loose):
                continue
            if token.cue is Cue.MODAL and not near and not bound:
                continue
            if not same:
                yield f'The evidence says "{token.text}" there.'

    _loose = frozenset(f"en:{word}" for word in "into from to for since until against during by on in at".split())

    def _anchors(self, tokens: Sequence[Token], at: int, scope: int = _SCOPE) -> list[int]:
        """Return the next content words that a cue stands before; the last ones if it ends the sentence."""
        after = [i for i in range(at + 1, min(len(tokens), at + 8)) if tokens[i].content][:scope]
        if after:
            return after
        return [i for i in range(at - 1, max(-1, at - 8), -1) if tokens[i].content][:1]

    def _place(self, at: int) -> int | None:
        """Return where the passage has the sentence's token."""
        if at in self.match:
            return self.match[at]
        places = self.places.get(self.sentence[at].term, ())
        return places[0] if places else None

    def _cues_at(self, place: int, cue: Cue, scope: int = _SCOPE) -> list[Token]:
        return self._cues_before(self.passage, place, cue, scope)

    def _cues_of_sentence(self, at: int, cue: Cue) -> list[Token]:
        return self._cues_before(self.sentence, at, cue, _SCOPE)

    def _cues_before(self, tokens: Sequence[Token], at: int, cue: Cue, scope: int) -> list[Token]:
        """Return the cues of a class whose scope reaches a token: those before it, beyond at most so many words."""
        found: list[Token] = []
        words = 0
        for i in range(at - 1, max(-1, at - 9), -1):
            if tokens[i].cue is cue:
                found.append(tokens[i])
            words += tokens[i].content
            if words >= scope:
                break
        if at + 1 < len(tokens) and tokens[at + 1].cue is cue and not any(t.content for t in tokens[at + 2 : at + 4]):
            found.append(tokens[at + 1])  # a negation at the end: "ich sehe ihn nicht"
        return found

    # numbers, names, what stands in the place of something else

    def _misplaced(self) -> Iterator[str]:
        """Yield numbers and names that stand beside other words than in the passage."""
        for at, token in enumerate(self.sentence):
            if token.kind not in _CRITICAL or token.term not in self.places:
                continue
            if not self._bound(at):
                yield f'The evidence has "{token.text}" in another place.'

    def _bound(self, at: int) -> bool:
        """Return whether a number or name is beside the words that it is beside in the passage."""
        neighbours = self._neighbours(at)
        if not neighbours:
            return True
        candidates = self.places[self.sentence[at].term]
        if at in self.match:
            candidates = [self.match[at], *candidates]
        return any(self._belongs(candidate, neighbours, at) for candidate in candidates)

    def _neighbours(self, at: int) -> list[int]:
        """Return the nearest content words on both sides that the passage has, those of the same clause first."""
        kind = self.sentence[at].kind

        def nearest(places: Iterable[int]) -> list[int]:
            found = [i for i in places if self.sentence[i].content and self.sentence[i].term in self.places]
            return [i for i in found if self.sentence[i].kind is not kind][:1]

        sides = nearest(range(at + 1, len(self.sentence))) + nearest(range(at - 1, -1, -1))
        clause = self.sentence[at].clause
        return [i for i in sides if self.sentence[i].clause == clause] or sides

    def _belongs(self, place: int, neighbours: Sequence[int], at: int) -> bool:
        """Return whether one neighbour is near this place of the passage, and nearer to it than to a rival."""
        return any(
            self._nearest(place, there) for neighbour in neighbours for there in self.places[self.sentence[neighbour].term]
        )

    def _nearest(self, place: int, there: int) -> bool:
        low, high = sorted((place, there))
        between = self.passage[low + 1 : high]
        kind = self.passage[place].kind
        run = [token for token in between if token.kind is kind and not self._enclosed(low, high)]
        same_phrase = all(token.kind is kind for token in between if token.content)
        if sum(token.content for token in between) > _NEAR and not self._enclosed(low, high):
            return False
        return not run or same_phrase

    def _enclosed(self, low: int, high: int) -> bool:
        """Return whether what stands between two tokens is one clause put in between marks."""
        return self.passage[high].clause - self.passage[low].clause == 2

    def _replaced(self) -> Iterator[str]:
        """Yield words that stand where the passage has another word."""
        for kind, first, last, other, until in self.operations:
            if kind != "replace":
                continue
            new = [
                token
                for at, token in enumerate(self.sentence[first:last], start=first)
                if (token.content or token.cue is Cue.QUANTITY) and not self.present(at)
            ]
            gone = [t for t in self.passage[other:until] if t.content]
            if new and gone:
                yield f'The evidence says "{gone[0].text}" instead of "{new[0].text}".'
        for at, token in enumerate(self.sentence):
            if token.content and not self.present(at) and self._opposite(token):
                yield f'"{token.text}" is the opposite of what the evidence says.'

    def _opposite(self, token: Token) -> bool:
        """Return whether the passage has the word with or without a negating prefix."""
        code, _, word = token.term.partition(":")
        for prefix in NEGATING_PREFIXES:
            if f"{code}:{prefix}{word}" in self.places:
                return True
            if word.startswith(prefix) and len(word) > len(prefix) + 3 and f"{code}:{word.removeprefix(prefix)}" in self.places:
                return True
        return False

    def _roles(self) -> Iterator[str]:
        """Yield pairs of names that changed places around the same words, unless the voice changed with them."""
        names = [at for at, token in enumerate(self.sentence) if token.kind is Kind.NAME and token.term in self.places]
        for first, second in zip(names, names[1:], strict=False):
            one, two = self._place(first), self._place(second)
            if one is None or two is None or first + 1 == second:
                continue
            between = range(first + 1, second)
            verbs = [at for at in between if self.sentence[at].kind is Kind.WORD and at in self.match]
            if not verbs:
                continue
            swapped = one > two
            if swapped != (self._passive(self.sentence, first, second) != self._passive(self.passage, *sorted((one, two)))):
                yield f'The evidence has "{self.sentence[first].text}" and "{self.sentence[second].text}" the other way round.'

    def _passive(self, tokens: Sequence[Token], first: int, second: int) -> bool:
        words = [token.text.lower() for token in tokens[first + 1 : second]]
        return "by" in words and bool({"was", "were", "is", "are", "been", "being", "be"} & set(words))


def _read_as(token: Token, there: set[str]) -> Token:
    """Return the token in the reading that the passage has, if it has one of them."""
    if token.term in there:
        return token
    other = next((term for term in token.others if term in there), None)
    if other is None:
        return token
    return replace(token, term=other)
