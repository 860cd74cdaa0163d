"""Questions how to do something, in the languages whose function words are known. Pure."""

import re

# Questions that ask what to do.
_STEPS = re.compile(
    r"\bhow (?:do|does|to|can|could|should|must|is|are)\b|\bsteps?\b|^\W*(?:как|wie|comment|c[oó]mo|come|hoe)\b",
    re.IGNORECASE,
)
# Questions of which some ask how to do something: their steps may be named by the heading above them alone.
_TO_DO = re.compile(
    r"\bhow (?:do|can|could|should|must) (?:i|we|you|one)\b|\bhow to\b|如何|怎么|怎样"
    r"|^\W*(?:как (?:мне|можно|[^\W_]+(?:ть|ться|ти))|wie (?:kann|muss|soll|wird|werden|\w+e (?:ich|man)|\w+t man)"
    r"|comment (?:\w+(?:er|ir|re)|puis|peut|faut|dois)|c[oó]mo (?:se|puedo|debo|\w+[aei]r(?:lo|la|se)?)"
    r"|come (?:si|posso|\w+[aei]re))\b",
    re.IGNORECASE,
)


def asks_for_steps(question: str) -> bool:
    """Return whether a question may be answered with steps."""
    return bool(_STEPS.search(question))


def asks_what_to_do(question: str) -> bool:
    """Return whether a question asks how somebody does something."""
    return bool(_TO_DO.search(question))
