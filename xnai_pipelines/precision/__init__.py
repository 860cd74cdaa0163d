"""The precision card: every variant of an encoder measured on one's own corpus, and the choice among them."""

from xnai_pipelines.precision.agreement import Agreement, agreement
from xnai_pipelines.precision.card import FULL_PRECISION, Card, Choice, VariantFigures
from xnai_pipelines.precision.judging import Judged, Retrieval, compared, ndcg
from xnai_pipelines.precision.markdown import (
    card_markdown,
    detail_table,
    stored_vectors_table,
    variant_table,
)
from xnai_pipelines.precision.measuring import (
    Material,
    MaterialVectors,
    Measured,
    encode_material,
    measure_variant,
    questions_to_judge,
)
from xnai_pipelines.precision.plots import pareto_plot
from xnai_pipelines.precision.policy import Optimise, Policy, choose, relative_loss
from xnai_pipelines.precision.pool import Found, Pool, choose_pool
from xnai_pipelines.precision.probe import Probe, ProbeError, probe
from xnai_pipelines.precision.stored_vectors import StoredVectors, measure_stored_vectors
from xnai_pipelines.precision.variants import VARIANTS, Serving, Variant

__all__ = [
    "FULL_PRECISION",
    "VARIANTS",
    "Agreement",
    "Card",
    "Choice",
    "Found",
    "Judged",
    "Material",
    "MaterialVectors",
    "Measured",
    "Optimise",
    "Policy",
    "Pool",
    "Probe",
    "ProbeError",
    "Retrieval",
    "Serving",
    "StoredVectors",
    "Variant",
    "VariantFigures",
    "agreement",
    "card_markdown",
    "choose",
    "choose_pool",
    "compared",
    "detail_table",
    "encode_material",
    "measure_stored_vectors",
    "measure_variant",
    "ndcg",
    "pareto_plot",
    "probe",
    "questions_to_judge",
    "relative_loss",
    "stored_vectors_table",
    "variant_table",
]
