"""Questions how to do something, in the languages whose files have words for it. Pure."""

import re

from xnai_pipelines.answers.languages.words import languages


def _asking(kind: str) -> re.Pattern[str]:
    patterns = [pattern for words in languages().values() for pattern in words.asks.get(kind, ())]
    return re.compile("|".join(patterns), re.IGNORECASE)


_STEPS = _asking("steps")
_TO_DO = _asking("to_do")  # their steps may be named by the heading above them alone


def asks_for_steps(question: str) -> bool:
    """Return whether a question may be answered with steps."""
    return bool(_STEPS.search(question))


def asks_what_to_do(question: str) -> bool:
    """Return whether a question asks how somebody does something."""
    return bool(_TO_DO.search(question))
