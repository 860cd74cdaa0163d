"""Numbers and names that stand beside other words than in the document, and verbs with another subject."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from xnai_pipelines.answers.verification.alignment import CRITICAL, Alignment, passive
from xnai_pipelines.answers.verification.cues import ARTICLES, SUBJECTS, Cue
from xnai_pipelines.answers.verification.tokens import YEAR, Token, TokenKind
from xnai_pipelines.search.words import fold

_THAN = frozenset(
    ["than", "als", "que", "che", "dan", "чем", "ніж", "нiж", "отколкото", "niz", "nez", "an", "end", "enn"]
)
_BY = frozenset(["by", "durch", "par", "por", "door"])
_DOER = _BY | {"von", "vom"}
_PASSIVE = frozenset(["is", "are", "was", "were", "been", "being", "be", "wird", "werden", "wurde", "wurden", "worden"])
_RUSSIAN_PASSIVE = re.compile(r"(?:ет|ут|ют|ит|ат|ят|л|ла|ло|ли)с[яь]$|[аеё]н[аоы]?$")


def moved(aligned: Alignment) -> Iterator[str]:
    """Yield numbers, units and names that stand beside other words than in the passage."""
    turned = _names_turned(aligned)
    for at, token in enumerate(aligned.sentence):
        if token.kind not in CRITICAL or token.term not in aligned.places or at in turned:
            continue
        kept = _kept_in_place(aligned, at) if at in aligned.match else None
        if kept is None:
            kept = aligned.keeps_a_neighbour(at)
        if not kept:
            yield f'The evidence has "{token.text}" in another place.'
        elif not _run_in_order(aligned, at):
            yield f'The evidence does not have "{token.text} {aligned.sentence[at + 1].text}" in this order.'


def _names_turned(aligned: Alignment) -> frozenset[int]:
    """Return the words of the subject and of the doer that changed sides because active became passive."""
    turned = _turned_to_passive(aligned)
    if not turned:
        return frozenset()
    subject, doer = (aligned.places[aligned.sentence[at].term][0] for at in turned)
    if subject < doer:
        return frozenset()
    found = set(turned)
    for at in turned:
        while (
            at + 1 < len(aligned.sentence)
            and aligned.sentence[at + 1].kind is aligned.sentence[at].kind is TokenKind.NAME
        ):
            at += 1
            found.add(at)
    return frozenset(found)


def _kept_in_place(aligned: Alignment, at: int) -> bool | None:
    """Return whether nothing of its kind was left out beside a matched token; None if both sides are new."""
    sides = [_kept_on(aligned, at, step) for step in (-1, 1)]
    known = [side for side in sides if side is not None]
    return any(known) if known else None


def _kept_on(aligned: Alignment, at: int, step: int) -> bool | None:
    kind = aligned.sentence[at].kind
    beside = at + step
    while (
        0 <= beside < len(aligned.sentence)
        and (not aligned.sentence[beside].content or aligned.sentence[beside].kind is kind)
        and beside not in aligned.match
    ):
        beside += step
    if not 0 <= beside < len(aligned.sentence):
        return len(aligned.match) == 1 or None
    if beside not in aligned.match:
        return False
    low, high = sorted((aligned.match[at], aligned.match[beside]))
    if aligned.passage[high].clause - aligned.passage[low].clause == 2:  # one clause put in between marks
        return True
    high -= _day_and_month_before(aligned.passage, high)
    return not any(token.kind is kind for token in aligned.passage[low + 1 : high])


def _day_and_month_before(passage: Sequence[Token], year: int) -> int:
    """Return how many tokens right before a year are its day and month: in 1911, of 4 May 1911."""
    before = passage[max(0, year - 2) : year]
    if not YEAR.fullmatch(passage[year].term) or not any(token.term.startswith("month:") for token in before):
        return 0
    return sum(token.kind is TokenKind.NUMBER for token in before)


def _run_in_order(aligned: Alignment, at: int) -> bool:
    """Return whether a number or name and the one right behind it follow each other in the passage as well."""
    if at + 1 >= len(aligned.sentence):
        return True
    first, second = aligned.sentence[at], aligned.sentence[at + 1]
    dated = any(token.term.startswith("month:") for token in (first, second))
    if first.kind is not second.kind or first.clause != second.clause or dated or second.term not in aligned.places:
        return True
    return any(0 < two - one <= 3 for one in aligned.places[first.term] for two in aligned.places[second.term])


def exchanged(aligned: Alignment) -> Iterator[str]:
    """Yield pairs of names that changed places around a verb, unless active became passive with them."""
    names = [
        at for at, token in enumerate(aligned.sentence) if token.kind is TokenKind.NAME and token.term in aligned.places
    ]
    for first, second in pairwise(names):
        one, two = aligned.place(first), aligned.place(second)
        verbs = any(
            aligned.sentence[at].kind is TokenKind.WORD and at in aligned.match for at in range(first + 1, second)
        )
        if one is None or two is None or not verbs:
            continue
        turned = passive(aligned.sentence[first + 1 : second]) != passive(
            aligned.passage[min(one, two) + 1 : max(one, two)]
        )
        if (one > two) != turned and (turned or not aligned.keeps_a_neighbour(first)):
            names_shown = f'"{aligned.sentence[first].text}" and "{aligned.sentence[second].text}"'
            yield f"The evidence has {names_shown} the other way round."


def compared(aligned: Alignment) -> Iterator[str]:
    """Yield words that changed sides of a "than"."""
    than = [place for place, token in enumerate(aligned.passage) if fold(token.text) in _THAN]
    for at, token in enumerate(aligned.sentence):
        sides = _content_beside(aligned.sentence, at)
        if len(than) == 1 and fold(token.text) in _THAN and sides:
            before, after = (aligned.places.get(aligned.sentence[side].term, [than[0]]) for side in sides)
            if min(before) > than[0] > max(after):
                yield f'The evidence has "{aligned.sentence[sides[1]].text}" on the other side of "{token.text}".'


def _content_beside(sentence: Sequence[Token], at: int) -> tuple[int, int] | None:
    before = next((i for i in range(at - 1, -1, -1) if sentence[i].content), None)
    after = next((i for i in range(at + 1, len(sentence)) if sentence[i].content), None)
    return None if before is None or after is None else (before, after)


def passive_dropped(aligned: Alignment) -> Iterator[str]:
    """Yield a "by" left out between a verb and who or what did it, which then has it done to them."""
    for place, token in enumerate(aligned.passage):
        sides = _content_beside(aligned.passage, place)
        if fold(token.text) in _BY and place not in aligned.matched and sides:
            verb, doer = (aligned.matched.get(side) for side in sides)
            active = (
                aligned.passage[sides[1]].kind is not TokenKind.NUMBER
                and aligned.passage[sides[0]].kind is TokenKind.WORD
            )
            if verb is not None and doer is not None and verb < doer and active:
                yield f'The evidence says "{token.text}" there.'


def passive_added(aligned: Alignment) -> Iterator[str]:
    """Yield a verb put into the passive voice whose subject is still who did it: Ada was designed by the pier."""
    for at, token in enumerate(aligned.sentence):
        if at in aligned.match and _reflexive_or_passive(token) != _reflexive_or_passive(
            aligned.passage[aligned.match[at]]
        ):
            subject = next((i for i in range(at) if aligned.sentence[i].content), None)
            if subject is not None and aligned.match.get(subject, aligned.match[at]) < aligned.match[at]:
                yield f'The evidence says "{aligned.passage[aligned.match[at]].text}".'
    if turned := _turned_to_passive(aligned):
        subject, doer = turned
        one, two = aligned.places[aligned.sentence[subject].term], aligned.places[aligned.sentence[doer].term]
        if max(one) < min(two):
            name = aligned.sentence[doer].text
            yield f'In the evidence, this is done to "{name}", not by "{name}".'


def _turned_to_passive(aligned: Alignment) -> tuple[int, int] | None:
    """Return the subject and the doer of a sentence in the passive voice if the passage is in the active one."""
    said, given = ({fold(token.text) for token in side} for side in (aligned.sentence, aligned.passage))
    if said.isdisjoint(_PASSIVE) or not given.isdisjoint(_PASSIVE):
        return None
    for at, token in enumerate(aligned.sentence):
        sides = _content_beside(aligned.sentence, at)
        if fold(token.text) in _DOER and at not in aligned.match and sides:
            subject = next(i for i in range(at) if aligned.sentence[i].content)
            known = all(aligned.sentence[i].term in aligned.places for i in (subject, sides[1]))
            return (subject, sides[1]) if known and aligned.sentence[sides[1]].kind is not TokenKind.NUMBER else None
    return None


def _reflexive_or_passive(token: Token) -> bool:
    """Return whether a Russian verb is reflexive, or a short participle."""
    return (
        token.kind is TokenKind.WORD
        and token.term.startswith("ru:")
        and bool(_RUSSIAN_PASSIVE.search(token.text.lower()))
    )


def other_subject(aligned: Alignment) -> Iterator[str]:
    """Yield pronouns left out before a verb, which then has what stands before them as its subject."""
    for kind, first, _, other, until in aligned.operations:
        if kind == "insert" and first > 0 and fold(aligned.passage[until - 1].text) in SUBJECTS and other:
            yield f'The evidence says "{aligned.passage[until - 1].text}" there.'


def spliced(aligned: Alignment) -> Iterator[str]:
    """Yield what is left out between two words that then say something together: 40 miles and Berg drove 90 miles."""
    content = [at for at, token in enumerate(aligned.sentence) if token.content]
    for first, second in pairwise(content):
        low, high = aligned.match.get(first), aligned.match.get(second)
        if low is not None and high is not None and low < high:
            before, after = _around_the_last_link(aligned.passage, low, high)
            if not before or not any(token.content for token in after):
                continue
            kind = aligned.passage[high].kind
            if _begins_a_subject(after[0]) or (kind in CRITICAL and before[0].kind is kind):
                yield f'The evidence says "{" ".join(token.text for token in after)}" there.'


def _around_the_last_link(passage: Sequence[Token], low: int, high: int) -> tuple[list[Token], list[Token]]:
    """Return what stands between two words before and after the last "and", "which" or comma there.

    Content words alone before it, up to the first "and" or comma: what follows those goes with the first of the two.
    """
    links = [
        at
        for at in range(low + 1, high + 1)
        if passage[at].cue is Cue.LINK or passage[at].clause != passage[at - 1].clause
    ]
    if not links:
        return [], []
    before = [token for token in passage[low + 1 : links[0]] if token.content]
    last = links[-1] + (passage[links[-1]].cue is Cue.LINK)
    return before, list(passage[last:high])


def _begins_a_subject(token: Token) -> bool:
    return token.kind is TokenKind.NAME or fold(token.text) in ARTICLES
