"""The precision card: the contract between measuring, choosing, plots, MLflow and the Dagster face."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.models.card.agreement import Agreement
from xnai_pipelines.models.card.probe import Probe
from xnai_pipelines.models.card.stored_vectors import StoredVectors

FULL_PRECISION = "fp32"


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Mean nDCG@10 of a variant in one mode, and its difference to full precision with the 95 % interval."""

    ndcg: float
    difference: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantFigures:
    """The figures of a variant; None: not measured.

    Attributes:
        name: Name of the variant.
        vector_space: Name of its vectors' space and of its folder; None if it could not be built.
        runtime: Runtime that runs it.
        shipped_bytes: Size of all files shipped for it, without the tokenizer.
        ratio: How many times smaller that is than fp32.
        bits_per_weight: Shipped bits per parameter of the model.
        quantization_seconds: Build time in seconds; None for fp32.
        cosine_floor: Mean cosine to fp32 below which it counts as broken.
        agreement: Agreement of its vectors with fp32's on held-out text.
        retrieval: nDCG@10 and the difference to fp32 by search mode; empty if there are no questions.
        cost: Cost of serving it.
        speed_ratio: Passages per second relative to fp32 in the same run.
        failed: Why it cannot be chosen, None if it can.
    """

    name: str
    vector_space: str | None
    runtime: Runtime
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
        """Return the figures with `failed` set if the measurements are missing, not finite or below the floor.

        An existing reason stays.
        """
        return self if self.failed is not None else replace(self, failed=self._fault())

    def _fault(self) -> str | None:
        if self.cost is None:
            return "It was not served, so its cost is unknown."
        if not self.cost.finite:
            return "Some of its vectors are not finite."
        if self.agreement is None:
            return "Its vectors were not compared with fp32's."
        if self.agreement.cosine_mean < self.cosine_floor:
            return (
                f"Its mean cosine to fp32 on held-out text is {self.agreement.cosine_mean:.3f}, below the floor of "
                f"{self.cosine_floor:g} for its width: it is broken, not just coarse."
            )
        return None


@dataclass(frozen=True, slots=True)
class VariantChoice:
    """The variant that a policy picked, None if none qualifies, and why, as sentences.

    `reasons` are about the chosen variant; `rejected` has a reason for each variant that does not qualify.
    """

    variant: str | None
    vector_space: str | None
    reasons: tuple[str, ...]
    rejected: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Every variant of one encoder, measured on one corpus in one run.

    Attributes:
        made_at: Time of the measurement, UTC.
        base: Name of the encoder.
        base_sha256: Hash of its weights.
        calibration_sha256: Hash of the calibration texts; None if no variant needed any.
        corpus: The chunks searched, as a phrase: the pool's statement.
        held_out: Number of held-out texts on which vectors were compared.
        questions: Number of questions.
        origin: Origin of the questions, as a phrase.
        mode: Search mode that a policy judges.
        cpu_flags: The processor's vector instruction sets.
        threads: Number of passages encoded in parallel.
        variants: The figures, in the order of `VARIANTS`.
        stored_vectors: Formats of stored vectors; empty if not measured.
        choice: The policy's choice; None before it was made.
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
    choice: VariantChoice | None = None

    def variant(self, name: str) -> VariantFigures | None:
        """Return the figures of the variant of that name, None if it is not on the card."""
        return next((figures for figures in self.variants if figures.name == name), None)
