"""Made-up questions and passages on colours and numbers, two questions a passage."""

from collections.abc import Iterable

from xnai_pipelines.adapters.pairs import TrainingPair

COLOURS = ("red", "green", "blue", "grey", "pink", "black", "white", "brown")


def pairs_of(numbers: Iterable[int]) -> list[TrainingPair]:
    """Return pairs; those of numbers 2n and 2n + 1 share a passage."""
    return [_pair(number) for number in numbers]


def _pair(number: int) -> TrainingPair:
    about = number // 2
    colour, other = COLOURS[about % 8], COLOURS[(about + 3) % 8]
    asked = ("what is {} {} ?", "where is {} {} ?")[number % 2]
    return TrainingPair(
        question=asked.format(colour, about),
        positive=f"the {colour} box {about} is on the shelf of room {about} .",
        negatives=(f"the {other} box {about} is gone .",) if number % 3 == 0 else (),
        document_id=f"document-{about}",
    )
