"""Which remedy for a drop in accuracy comes first. Pure."""

from collections.abc import Collection

from xnai_pipelines.autonomy.decisions.decide import Decision
from xnai_pipelines.autonomy.decisions.memory import Action
from xnai_pipelines.models.encoder_comparison.card import EncoderCard


def encoder_to_try(
    decision: Decision, card: EncoderCard | None, *, current: str, judged: Collection[str], failed: Collection[str]
) -> str | None:
    """Return the encoder to try before an adapter is trained, None if an adapter is next.

    It is the best encoder of the card, on this corpus and its questions, if that is another than the current one.
    Embedding the corpus with it takes a fraction of the time of a training. Ranking policies need no attempt: each
    evaluation chooses one.

    Args:
        decision: The decision of a tick.
        card: The last comparison of encoders, None if there was none.
        current: Vector space of the current release.
        judged: Vector spaces that were judged against the current release.
        failed: Names of the encoders whose trial against it failed.
    """
    best = card.best if card else None
    if decision.action is not Action.RETRAIN or card is None or best is None or best.current:
        return None
    measured_now = card.encoders[0].vector_space == current  # else the card is of an earlier release
    tried = best.vector_space in judged or best.name in failed
    return best.name if measured_now and not tried else None
