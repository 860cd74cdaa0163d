"""Checks of adapters: whole and finite, merged without a change, and free of documents that were deleted."""

import dagster as dg

from xnai_pipelines.adapters.make import (
    adapter_faults,
    deleted_in_adapters,
    read_adapted_encoder,
    read_adapter_report,
)
from xnai_pipelines.defs.resources.stores import StoresResource

NAMED = 20
MERGE_TOLERANCE = 1e-5


@dg.asset_check(asset="lora_adapter", blocking=True)
def adapter_is_sound(stores: StoresResource) -> dg.AssetCheckResult:
    """The adapter's files are those of its card, and every number in them is finite."""
    report = read_adapter_report(stores.layout)
    faults = adapter_faults(stores.layout, report.adapter)
    return dg.AssetCheckResult(passed=not faults, metadata={"adapter": report.adapter, "faults": faults})


@dg.asset_check(asset="lora_adapter")
def holds_no_deleted_document(stores: StoresResource) -> dg.AssetCheckResult:
    """No kept adapter was trained on a document that is deleted by now; one that was has to be trained again."""
    deleted = deleted_in_adapters(stores.layout, stores.tables)
    return dg.AssetCheckResult(
        passed=not deleted,
        severity=dg.AssetCheckSeverity.WARN,
        description="Train again without them: `xnai retrain`." if deleted else None,
        metadata={adapter: documents[:NAMED] for adapter, documents in deleted.items()},
    )


@dg.asset_check(asset="adapted_encoder", blocking=True)
def merged_equals_applied(stores: StoresResource) -> dg.AssetCheckResult:
    """Vectors of the merged weights differ from those with the adapter applied by at most 1e-5 in every number."""
    report = read_adapted_encoder(stores.layout)
    return dg.AssetCheckResult(
        passed=report.largest_difference <= MERGE_TOLERANCE,
        metadata={"largest_difference": report.largest_difference, "tolerance": MERGE_TOLERANCE},
    )
