"""Which remedy for a drop in accuracy comes first. Pure."""

from collections.abc import Collection, Sequence

from xnai_pipelines.autonomy.decisions.decide import Decision
from xnai_pipelines.autonomy.decisions.memory import Action


def encoder_to_try(decision: Decision, *, at_hand: Sequence[str], tried: Collection[str]) -> str | None:
    """Return the encoder to try before an adapter is trained, None if none is left or none would help.

    An encoder at hand is tried if a language degraded: the current one may not know it, and embedding the corpus with
    one that does takes a fraction of the time of a training. Ranking policies need no attempt: each evaluation chooses
    one.

    Args:
        decision: The decision of a tick.
        at_hand: Encoders that installed packages carry, best first.
        tried: Encoder of the current release, and those that were judged against it.
    """
    if decision.action is not Action.RETRAIN:
        return None
    causes = decision.memory.standing.values()
    if not any(cause.kind.of_accuracy and cause.part.dimension == "language" for cause in causes):
        return None
    return next((name for name in at_hand if name not in tried), None)
