"""Which remedy for a drop in accuracy comes first. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from xnai_pipelines.autonomy.decisions.decide import Decision
from xnai_pipelines.autonomy.decisions.memory import Action
from xnai_pipelines.encoders.source import BESIDE, joined_name
from xnai_pipelines.evaluation.slices import Slice
from xnai_pipelines.models.encoder_comparison.card import EncoderCard
from xnai_pipelines.state.manifest import Release

FAILURES = 2  # a trial that was killed is repeated once: what it embedded is kept


@dataclass(frozen=True, slots=True)
class Trial:
    """An encoder that may be tried.

    Attributes:
        encoder: What names it.
        why: Why it may be tried, as a clause.
        vector_space: Its vector space, None if it was never built.
        judged_as: Its name in decisions, if that differs.
    """

    encoder: str
    why: str
    vector_space: str | None = None
    judged_as: str | None = None


@dataclass(frozen=True, slots=True)
class Trials:
    """What was tried against the current release.

    Attributes:
        spaces: Vector spaces that were judged.
        encoders: Names of the encoders that were judged without a new adapter.
        failed: Number of failed trials by the encoder's name, alone and as a companion.
    """

    spaces: Collection[str] = ()
    encoders: Collection[str] = ()
    failed: Mapping[str, int] = field(default_factory=dict)

    def include(self, candidate: Trial) -> bool:
        """Return whether the candidate was judged, or failed too often to be tried again."""
        names = {candidate.encoder, candidate.judged_as}
        judged = candidate.vector_space in self.spaces or not names.isdisjoint(self.encoders)
        return judged or self.failed.get(candidate.encoder.removeprefix(BESIDE), 0) >= FAILURES


def encoder_to_try(
    decision: Decision,
    release: Release,
    *,
    card: EncoderCard | None,
    at_hand: Sequence[str],
    unknown: Sequence[str],
    trials: Trials,
) -> Trial | None:
    """Return the encoder to try before an adapter is trained, None if an adapter is next.

    The best encoder of the card comes first, on this corpus and its questions; then one that is at hand, if the
    release's does not know the degraded language; then the same as the release's companion: it is larger, and
    what the release's encoder knows still counts. Embedding the corpus with it takes a fraction of the time of a
    training, which embeds it too. Ranking policies need no attempt: each evaluation chooses one.

    Args:
        decision: The decision of a tick.
        release: The current release.
        card: The last comparison of encoders, None if there was none.
        at_hand: Names of the installed encoders that know many languages, other than the release's.
        unknown: Languages of the corpus that the release's encoder does not know.
        trials: What was tried against the release.
    """
    if decision.action is not Action.RETRAIN:
        return None
    candidates = (*_best_of_card(card, release), *_knowing_more(decision, release, at_hand, unknown))
    return next((one for one in candidates if not trials.include(one)), None)


def _best_of_card(card: EncoderCard | None, release: Release) -> Iterator[Trial]:
    best = card.best if card else None
    # else the card is of an earlier release
    measured_now = card is not None and card.encoders[0].vector_space == release.vector_space
    if best is not None and measured_now and not best.current:
        yield Trial(best.name, "it is the best on the encoder card", best.vector_space)


def _knowing_more(
    decision: Decision, release: Release, at_hand: Sequence[str], unknown: Sequence[str]
) -> Iterator[Trial]:
    """Yield the encoders at hand if the release's does not know the degraded language, or any if no slice names one."""
    degraded = Slice.parse(decision.tags["slice"])
    if degraded.dimension == "language":
        unknown = [language for language in unknown if language == degraded.value]
    if unknown:
        why = f"it is at hand, and {release.encoder} does not know {', '.join(unknown)}"
        yield from (Trial(name, why) for name in at_hand)
        beside = f"{why}; beside it what this one knows still counts"
        yield from (Trial(BESIDE + name, beside, None, joined_name(release.encoder, name)) for name in at_hand)
