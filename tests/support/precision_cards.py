"""Cards as they would be measured, without measuring."""

from datetime import UTC, datetime

from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.evaluation.intervals import Estimate
from xnai_pipelines.models.card.agreement import Agreement
from xnai_pipelines.models.card.card import Card, Retrieval, VariantFigures
from xnai_pipelines.models.card.probe import Probe

BASE_NDCG = 0.8
FULL_BYTES = 90_000_000


def cost(rate=100.0, memory=150_000_000, p95=4.0, finite=True):
    return Probe(
        load_seconds=0.1,
        peak_memory_bytes=memory,
        idle_memory_bytes=90_000_000,
        query_p50_ms=p95 / 2,
        query_p95_ms=p95,
        passages_per_second=rate,
        finite=finite,
        served_identical=1.0,
        batch_cosine=0.995,
        batch_identical=0.0,
        passages=10,
        queries=10,
        threads=2,
    )


def variant(name, ratio=1.0, cosine=0.99, loss=0.0, bound=None, vector_loss=0.0, **options):
    """Figures whose losses are shares of fp32's nDCG@10 in hybrid search; `bound` is the interval's worse end."""
    bound = loss + 0.005 if bound is None else bound
    retrieval = {
        mode: Retrieval(
            BASE_NDCG * (1 - lost), Estimate(-BASE_NDCG * lost, -BASE_NDCG * far, BASE_NDCG * (far - 2 * lost))
        )
        for mode, lost, far in (("hybrid", loss, bound), ("vector", vector_loss, vector_loss + 0.005))
    }
    rate = options.pop("rate", 100.0)
    given = {
        "vector_space": f"{name}-space",
        "runtime": Runtime.INT8_DYNAMIC,
        "cosine_floor": 0.5,
        "shipped_bytes": round(FULL_BYTES / ratio),
        "ratio": ratio,
        "bits_per_weight": 32 / ratio,
        "quantization_seconds": 3.0,
        "agreement": Agreement(cosine, cosine - 0.01, 0.9, 0.95, 100),
        "retrieval": retrieval,
        "cost": cost(rate, options.pop("memory", 150_000_000), options.pop("p95", 4.0)),
        "speed_ratio": rate / 50,
    }
    return VariantFigures(name=name, **(given | options)).checked()


def full(**options):
    given = {"runtime": Runtime.FP32, "cosine": 1.0, "bound": 0.0, "rate": 50.0, "quantization_seconds": None}
    return variant("fp32", **(given | options))


def card(*variants, questions=200, **options):
    given = {
        "made_at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        "base": "all-MiniLM-L6-v2",
        "base_sha256": "5" * 64,
        "calibration_sha256": None,
        "corpus": "the whole corpus of 500 chunks",
        "held_out": 100,
        "questions": questions,
        "origin": f"{questions} generated questions of the test split, since there are no labelled ones",
        "mode": "hybrid",
        "cpu_flags": ("avx2", "avx512_vnni"),
        "threads": 2,
    }
    return Card(variants=variants, **(given | options))
