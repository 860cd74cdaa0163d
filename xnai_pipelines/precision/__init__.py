"""The precision card: every variant of an encoder measured on one's own corpus, and the choice among them."""

from xnai_pipelines.precision.variants import VARIANTS, Serving, Variant

__all__ = ["VARIANTS", "Serving", "Variant"]
