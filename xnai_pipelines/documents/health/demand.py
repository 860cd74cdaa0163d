"""Demand: on which documents questions land, and what is asked that nothing answers."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

SHOWN = 3
MAX_TOPICS = 10
_WORD = re.compile(r"[^\W_]{3,}")


@dataclass(frozen=True, slots=True)
class Topic:
    """Questions that nothing answers and that share a word.

    Attributes:
        name: The word that they share, or the question if it is alone.
        questions: Number of questions.
        examples: Some of them.
    """

    name: str
    questions: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """What questions ask for.

    Attributes:
        questions: Number of questions that were searched for.
        landings: How often they land on a document, by document_id; the second result counts half, the third a third.
        unanswered: Questions that found nothing, or only documents that people judged wrong.
    """

    questions: int
    landings: Mapping[str, float] = field(default_factory=dict)
    unanswered: tuple[str, ...] = ()


def topics(questions: Sequence[str], function_words: Collection[str]) -> tuple[Topic, ...]:
    """Return the questions grouped by the word that most of them share, the largest group first.

    Args:
        questions: Questions without an answer.
        function_words: Words that say nothing of a topic, in lower case.
    """
    words = {
        question: {word for word in _WORD.findall(question.lower()) if word not in function_words}
        for question in dict.fromkeys(questions)
    }
    found: list[Topic] = []
    while words and len(found) < MAX_TOPICS:
        counts = Counter(word for kept in words.values() for word in kept)
        word, count = max(counts.items(), key=lambda item: (item[1], len(item[0]), item[0]), default=("", 0))
        group = [question for question, kept in words.items() if word in kept] if count > 1 else list(words)[:1]
        found.append(Topic(word if count > 1 else group[0], len(group), tuple(group[:SHOWN])))
        words = {question: kept for question, kept in words.items() if question not in group}
    return tuple(found)
