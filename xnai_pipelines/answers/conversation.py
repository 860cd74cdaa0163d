"""Follow-up questions: one that means something said before is completed, so that it can be searched for alone. Pure.

Without a language model the words of the question before are carried over. A language model may write the complete
question instead; it is taken only if all of its words were said.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xnai_pipelines.search.function_words import function_words
from xnai_pipelines.search.words import Word, fold, words

MOST_TURNS = 6  # that are looked at, the newest
MOST_CHARACTERS = 2_000  # of a turn's question and of its answer

_NAME = re.compile(r"(?<=\w\s)[A-ZА-ЯЁÀ-Þ]\w+")  # a capital inside the sentence
_SHOUTED = re.compile(r"\b[A-ZА-ЯЁ]{2,}\b")  # an acronym: IT, ESA
_OWN_SUBJECT = 2  # telling words before "it", from which on it means one of them


@dataclass(frozen=True, slots=True)
class _Language:
    """What tells a follow-up in one language, in folded words.

    Attributes:
        others: Words that mean something said before. Those that often mean nothing, such as the German "es" or the
            English "that", are left out.
        leads: What a question begins with that goes on with the one before.
        verbs: What makes a question with one telling word a whole one: "What is Kubernetes?".
        articles: What stands before a thing that was spoken of: "What is the height?".
    """

    others: frozenset[str]
    leads: re.Pattern[str]
    verbs: frozenset[str]
    articles: frozenset[str] = frozenset()

    @classmethod
    def of(cls, others: str, leads: str, verbs: str, articles: str = "") -> "_Language":
        begins = re.compile(rf"\s*(?:{leads})\s+(?=\S)", re.IGNORECASE)
        return cls(frozenset(others.split()), begins, frozenset(verbs.split()), frozenset(articles.split()))


_LANGUAGES = {
    "en": _Language.of(
        "it its they them their theirs he him his she her hers this these those",
        "and|but|what about|how about",
        "is are was were do does did define",
        "the",
    ),
    "ru": _Language.of(
        "он оно она они его ее их ему ей им нем ней них этот эта это эти этого этой там",
        "а|и",
        "такое такой такая такие",
    ),
    "de": _Language.of(
        "er sie ihn ihm ihr ihre ihren seine seinen seiner dieser diese dieses dort",
        "und|aber|was ist mit",
        "ist sind war waren",
        "der die das den dem des",
    ),
    "fr": _Language.of(
        "elle ils elles lui leur leurs cela ceci celui celle", "et", "est sont etait etaient", "le la les l"
    ),
    "es": _Language.of(
        "ella ellos ellas su sus esto eso esa ese alli", "y|e", "es son era eran fue fueron", "el la los las"
    ),
    "it": _Language.of(
        "lei loro suo sua suoi questo questa quello quella", "e", "e sono era erano", "il lo la i gli le l"
    ),
    "nl": _Language.of("hij zij hem haar hun deze dit daar", "en", "is zijn was waren", "de het"),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question, as it was searched for, and the text of its answer."""

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
    asked = list(words(question))
    spoken = _spoken({word.text for word in asked})
    shouted = set() if question.isupper() else {fold(name) for name in _SHOUTED.findall(question)}
    told = (set(telling(question)) - function_words(spoken)) | shouted
    languages = [_LANGUAGES[name] for name in spoken]
    names = {fold(name) for name in _NAME.findall(question)}
    if any(one.leads.match(question) for one in languages) or (
        len(told) <= 1 and not any(_is_whole(asked, told, names, one) for one in languages)
    ):
        return True
    before = 0
    for word in asked:
        if word.text not in shouted and any(word.text in one.others for one in languages):
            return before < _OWN_SUBJECT
        if word.text in told:
            before += _OWN_SUBJECT if word.text in names or word.identifier else 1
    return False


def _spoken(said: set[str]) -> list[str]:
    """Return the languages that most of the function words may be of; "it" is none of Italian's."""
    common = {name: len(said & function_words([name])) for name in _LANGUAGES}
    return [name for name, count in common.items() if count == max(common.values())]


def _is_whole(asked: Sequence[Word], told: set[str], names: set[str], language: _Language) -> bool:
    """Return whether a question of one telling word says all that it asks about: "What is Kubernetes?"."""
    at = next((at for at, word in enumerate(asked) if word.text in told), 0)
    known = bool(at) and asked[at - 1].text in language.articles and asked[at].text not in names
    return bool(told) and not known and any(word.text in language.verbs for word in asked)


def _all_said(written: str, question: str, turns: Sequence[Turn], telling: Telling) -> bool:
    said = set(telling(" ".join([question, *(f"{one.question} {one.answer}" for one in turns)])))
    return len(written) <= MOST_CHARACTERS and bool(told := set(telling(written))) and told <= said
