"""Whether the models still represent the corpus and the base weights."""

from dataclasses import dataclass

from xnai_pipelines.encoders.specification import EncoderSpec
from xnai_pipelines.models.calibration import CHANGED_SHARE, changed_share, corpus_passages, read_set
from xnai_pipelines.models.make import model_reports
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.tables import Tables


@dataclass(frozen=True, slots=True)
class Requantization:
    """Whether to quantize again, and the reason as a sentence."""

    wanted: bool
    reason: str


def why_requantize(tables: Tables, home: Home, base: EncoderSpec) -> Requantization:
    """Return whether the base weights changed, or over a fifth of the chunks since the calibration set was drawn."""
    built = model_reports(home)
    known = read_set(home)
    share = changed_share(known, corpus_passages(tables)) if known else None
    return decide_requantization([report.base_sha256 for report in built], base.weights_sha256, share)


def decide_requantization(made_from: list[str], base_sha256: str, changed: float | None) -> Requantization:
    """Return the decision. Pure.

    Args:
        made_from: Hashes of the weights that the variants were made from.
        base_sha256: Hash of the weights that the settings name now.
        changed: Share of the chunks added or removed since calibration; None if nothing was calibrated.
    """
    if not made_from:
        return Requantization(False, "Nothing has been quantized yet. `xnai quantize` makes the variants.")
    if base_sha256 not in made_from:
        return Requantization(True, "The encoder's base weights changed.")
    if changed is None:
        return Requantization(False, "The base weights are the same, and no variant is calibrated.")
    if changed > CHANGED_SHARE:
        return Requantization(True, f"{changed:.0%} of the chunks were added or removed since calibration.")
    return Requantization(
        False,
        f"The base weights are the same, and {changed:.0%} of the chunks were added or removed since calibration; "
        f"up to {CHANGED_SHARE:.0%} is allowed.",
    )
