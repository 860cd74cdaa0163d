"""The precision card: the contract between measuring, choosing, plots, MLflow and the Dagster face."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter

from xnai_pipelines.models.card.agreement import Agreement
from xnai_pipelines.models.card.judging import Retrieval
from xnai_pipelines.models.card.probe import Probe
from xnai_pipelines.models.card.stored_vectors import StoredVectors
from xnai_pipelines.models.variants import Serving

FULL_PRECISION = "fp32"


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantFigures:
    """What was measured of a variant; what could not be measured is None.

    Attributes:
        name: The variant's name.
        vector_space: Names its vectors and its folder; None where it could not be built.
        serving: What is run.
        shipped_bytes: All that a user ships for it, the tokenizer apart.
        ratio: How many times smaller than fp32 that is.
        bits_per_weight: Shipped bits for each parameter of the model.
        quantization_seconds: Time that making it took; None for fp32.
        cosine_floor: Mean cosine to fp32 below which it is broken.
        agreement: Its vectors against fp32's on held-out text.
        retrieval: nDCG@10 and the difference to fp32 by search mode; empty where there are no questions.
        cost: What serving it needs.
        speed_ratio: Passages a second against fp32's in the same run.
        failed: Why it cannot be chosen, None where it can.
    """

    name: str
    vector_space: str | None
    serving: Serving
    cosine_floor: float
    shipped_bytes: int | None = None
    ratio: float | None = None
    bits_per_weight: float | None = None
    quantization_seconds: float | None = None
    agreement: Agreement | None = None
    retrieval: Mapping[str, Retrieval] = field(default_factory=dict)
    cost: Probe | None = None
    speed_ratio: float | None = None
    failed: str | None = None

    def checked(self) -> "VariantFigures":
        """Return the figures with `failed` set where the measurements are missing, not finite or below the floor.

        A reason that is already there stays.
        """
        return self if self.failed is not None else replace(self, failed=self._fault())

    def _fault(self) -> str | None:
        if self.cost is None:
            return "It was not served, so that nothing is known of its cost."
        if not self.cost.finite:
            return "Some of its vectors are not finite."
        if self.agreement is None:
            return "Its vectors were not compared with fp32's."
        if self.agreement.cosine_mean < self.cosine_floor:
            return (
                f"Its mean cosine to fp32 on held-out text is {self.agreement.cosine_mean:.3f}, below the floor of "
                f"{self.cosine_floor:g} for its width: it is broken rather than coarse."
            )
        return None


@dataclass(frozen=True, slots=True)
class Choice:
    """The variant that a policy picked, None where none qualifies, and why, in words.

    `reasons` are about the one chosen, `rejected` gives the reason of each variant that does not qualify.
    """

    variant: str | None
    vector_space: str | None
    reasons: tuple[str, ...]
    rejected: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Every variant of one encoder, measured on one corpus in one run.

    Attributes:
        made_at: When it was measured, UTC.
        base: The encoder's name.
        base_sha256: Hash of its weights.
        calibration_sha256: Hash of the calibration texts; None where no variant needed any.
        corpus: On which chunks questions were asked, in words: the pool's statement.
        held_out: Number of held-out texts that vectors were compared on.
        questions: Number of questions.
        origin: Whose questions, in words.
        mode: Search mode that a policy judges.
        cpu_flags: The processor's vector instruction sets.
        threads: Passages encoded at once.
        variants: The figures, in the order of `VARIANTS`.
        stored_vectors: Ways to store vectors; empty where that was not measured.
        choice: What the policy picked; None until it was asked.
    """

    made_at: datetime
    base: str
    base_sha256: str
    calibration_sha256: str | None
    corpus: str
    held_out: int
    questions: int
    origin: str
    mode: str
    cpu_flags: tuple[str, ...]
    threads: int
    variants: tuple[VariantFigures, ...]
    stored_vectors: tuple[StoredVectors, ...] = ()
    choice: Choice | None = None

    def variant(self, name: str) -> VariantFigures | None:
        """Return the figures of the variant of that name, None where the card has none."""
        return next((figures for figures in self.variants if figures.name == name), None)

    def chosen(self, choice: Choice) -> "Card":
        """Return the card with a choice on it."""
        return replace(self, choice=choice)

    def to_json(self) -> str:
        """Return the card as JSON text."""
        return _adapter().dump_json(self, indent=2).decode()

    @classmethod
    def from_json(cls, text: str) -> "Card":
        """Return the card that `to_json` wrote.

        Raises:
            pydantic.ValidationError: The text is not such a card; the message names the fields.
        """
        return _adapter().validate_json(text)


@cache  # built when one is read or written, not when the module is imported
def _adapter() -> TypeAdapter[Card]:
    return TypeAdapter(Card)
