"""The check on the processor that the models were measured on."""

import dagster as dg

from xnai_pipelines.encoding import cpu_flags
from xnai_pipelines.resources import StoresResource
from xnai_pipelines.stages import last_card


@dg.asset_check(asset="precision_card")
def card_fits_this_processor(stores: StoresResource) -> dg.AssetCheckResult:
    """The card was measured on a processor with the vector instructions of this one."""
    measured, here = set(last_card(stores.layout).cpu_flags), set(cpu_flags())
    return dg.AssetCheckResult(
        passed=measured == here,
        severity=dg.AssetCheckSeverity.WARN,
        description=None if measured == here else "Speed and 8-bit accuracy differ here: run `xnai quantize` again.",
        metadata={"missing_here": sorted(measured - here), "new_here": sorted(here - measured)},
    )
