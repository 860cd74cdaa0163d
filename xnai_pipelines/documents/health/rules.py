"""The limits below which a document counts as unhealthy."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HealthRules:
    """Thresholds of document health.

    Attributes:
        stale_days: Days without a change after which a document is stale.
        quality: Score below which a document, or the mean of all, is unhealthy.
        freshness: Freshness below which a document, or the mean of all, is out of date.
        external_links: Whether links to other hosts are requested.
    """

    stale_days: int = 30
    quality: float = 0.7
    freshness: float = 0.6
    external_links: bool = False
