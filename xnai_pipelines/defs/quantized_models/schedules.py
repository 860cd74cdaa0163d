"""When models are quantized anew."""

import dagster as dg

from xnai_pipelines.defs.resources.encoder import EncoderResource
from xnai_pipelines.defs.resources.stores import StoresResource
from xnai_pipelines.defs.upkeep.jobs import quantize
from xnai_pipelines.models.requantization import why_requantize


@dg.schedule(
    job=quantize,
    cron_schedule="0 3 * * 6",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Quantizes anew when the base weights changed, or over a fifth of the chunks since calibration.",
)
def weekly_quantization(
    context: dg.ScheduleEvaluationContext, stores: StoresResource, encoder: EncoderResource
) -> dg.RunRequest | dg.SkipReason:
    """Look at what the models were made from."""
    decision = why_requantize(stores.tables, stores.layout, encoder.base())
    if not decision.wanted:
        return dg.SkipReason(decision.reason)
    return dg.RunRequest(tags={"reason": decision.reason})
