"""The checks on the processor that the models were measured on, and on the candidate."""

import dagster as dg

from xnai_pipelines.defs.resources.encoder import EncoderResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.encoders.hardware import cpu_flags
from xnai_pipelines.models.card.make import last_card
from xnai_pipelines.state.artefacts import CARD
from xnai_pipelines.state.candidate import read_candidate


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


@dg.asset_check(asset="candidate_encoder")
def candidate_can_be_released(stores: StoresResource, encoder: EncoderResource) -> dg.AssetCheckResult:
    """A variant was chosen, it is made of the base weights that the settings name, and its files are there."""
    candidate = read_candidate(stores.layout.releases)
    if candidate is None:
        return dg.AssetCheckResult(
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description="No variant qualifies; the reasons are on the precision card.",
        )
    made_of_them = candidate.base_sha256 == encoder.base().weights_sha256
    there = (stores.layout.models / candidate.vector_space / CARD).exists()
    return dg.AssetCheckResult(
        passed=made_of_them and there,
        metadata={"variant": candidate.variant, "of_present_weights": made_of_them, "files_there": there},
    )
