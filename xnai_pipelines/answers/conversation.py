"""Follow-up questions: one that means something said before is completed, so that it can be searched for alone. Pure.

Without a language model the words of the question before are carried over. A language model may write the complete
question instead; it is taken only if all of its words were said.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xnai_pipelines.search.words import fold, words

MOST_TURNS = 6  # that are looked at, the newest
MOST_CHARACTERS = 2_000  # of a turn's question and of its answer

# Words that mean something said before, in the languages whose function words are known. Those that often mean nothing,
# such as the German "es" or the English "that", are left out.
_OTHERS = """
    it its they them their theirs he him his she her hers this these those
    он она оно они его ее их ему ей им нем ней них этот эта это эти этого этой там
    er sie ihn ihm ihr ihre ihren seine seinen seiner dieser diese dieses dort
    elle ils elles lui leur leurs cela ceci celui celle
    ella ellos ellas su sus esto eso esa ese alli
    lei loro suo sua suoi questo questa quello quella
    hij zij hem haar hun deze dit daar
"""
_MEANING_OTHERS = frozenset(_OTHERS.split())
_LEADS = re.compile(r"\s*(?:and|but|what about|how about|а|и|und|aber|was ist mit|et|y|e|en)\s+(?=\S+)", re.IGNORECASE)
_NAME = re.compile(r"(?<=\w\s)[A-ZА-ЯЁÀ-Þ]\w+")  # a capital inside the sentence
_ELLIPTIC = 1  # telling words, up to which a question after another one is a part of one: "Why?", "And in winter?"
_OWN_SUBJECT = 2  # telling words before "it", from which on it means one of them


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was asked before, as it was searched for, and the text of its answer."""

    question: str
    answer: str = ""


Telling: TypeAlias = Callable[[str], Sequence[str]]
"""Returns the words of a text that are no function words, in order and folded."""

Rewriter: TypeAlias = Callable[[str, Sequence[Turn]], str | None]
"""Writes a follow-up as a question that stands alone; None if it cannot."""


def recent(history: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return what counts of a conversation: its newest turns, long ones cut."""
    return tuple(Turn(one.question[:MOST_CHARACTERS], one.answer[:MOST_CHARACTERS]) for one in history[-MOST_TURNS:])


def standalone(question: str, history: Sequence[Turn], telling: Telling, rewriter: Rewriter | None = None) -> str:
    """Return a question that can be searched for alone: the same one if it means nothing said before.

    Args:
        question: What a person asks now.
        history: What was asked before, the oldest first; only what is `recent` counts.
        telling: Words of a text without function words.
        rewriter: Writes the question with a language model; None carries words over.
    """
    turns = recent(history)
    if not turns or not _follows(question, telling):
        return question
    written = rewriter(question, turns) if rewriter else None
    if written and _all_said(written, question, turns, telling):
        return written
    known = set(telling(question))
    carried = [word for word in dict.fromkeys(telling(turns[-1].question)) if word not in known]
    return f"{question.strip()} ({' '.join(carried)})" if carried else question


def _follows(question: str, telling: Telling) -> bool:
    """Return whether a question means something said before."""
    told = set(telling(question))
    if len(told) <= _ELLIPTIC or _LEADS.match(question):
        return True
    names = {fold(name) for name in _NAME.findall(question)}
    before = 0
    for word in words(question):
        if word.text in _MEANING_OTHERS:
            return before < _OWN_SUBJECT
        if word.text in told:
            before += _OWN_SUBJECT if word.text in names or word.identifier else 1
    return False


def _all_said(written: str, question: str, turns: Sequence[Turn], telling: Telling) -> bool:
    said = set(telling(" ".join([question, *(f"{one.question} {one.answer}" for one in turns)])))
    return len(written) <= MOST_CHARACTERS and bool(told := set(telling(written))) and told <= said
