"""Variants of the encoder: each is built once for its base weights, scheme and calibration set."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import UNSTORED, Runtime
from xnai_pipelines.encoders.source import companion_name
from xnai_pipelines.encoders.specification import MODEL_FILE, EncoderSpec, shipped_bytes
from xnai_pipelines.errors import DamagedArtefactError, VariantMissingError
from xnai_pipelines.models.calibration import held_out_texts, read_calibration
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.models.logged import LoggedModel, ModelVersion, log_model
from xnai_pipelines.models.quantization.calibration_texts import texts_sha256
from xnai_pipelines.models.stored_encoder import build_static_encoder, build_stored_encoder
from xnai_pipelines.models.transformer_file import quantize_shown
from xnai_pipelines.models.variants import VARIANTS, Variant
from xnai_pipelines.state.artefacts import CARD, read_card
from xnai_pipelines.state.context import StageContext, stage
from xnai_pipelines.state.layout import Home
from xnai_pipelines.state.manifest import Release, Releases, read_candidate
from xnai_pipelines.state.records import read_record, write_record
from xnai_pipelines.state.tracker import Tracker

QUANTIZER_VERSION = 1  # raised when the same scheme and texts give other codes
COMPARED_TEXTS = 64  # held-out passages on which a new variant is compared with fp32


@dataclass(frozen=True, slots=True)
class QuantizedModelReport:
    """A built variant.

    `shipped_bytes` is the size of all files shipped for it, without the tokenizer; `ratio` is how many times smaller
    that is than the float32 weights. `cosine` is the mean over held-out passages to fp32. `seconds` is the build time;
    `built` says whether this run built it. `registered` is its version in MLflow.
    """

    variant: str
    runtime: str
    vector_space: str
    base: str
    base_sha256: str
    calibration_sha256: str | None
    scheme: dict[str, Any] | None
    shipped_bytes: int
    ratio: float
    bits_per_weight: float
    cosine: float
    cosine_floor: float
    finite: bool
    compared_texts: int
    notes: tuple[str, ...]
    seconds: float | None
    built: bool
    registered: ModelVersion | None


def quantize_variant(
    context: StageContext, variant: Variant, base: EncoderSpec, tracker: Tracker, *, threads: int
) -> QuantizedModelReport:
    """Build a variant if it is missing or damaged, compare it with fp32, and register it in MLflow.

    `base` is the fp32 encoder. The report is on disk before MLflow is contacted: the next run registers what this one
    could not.

    Raises:
        CalibrationError: The variant is calibrated, and no calibration set was drawn.
        QuantizationError: The weights or texts cannot be quantized, or there is too little memory.
        TrackingUnavailableError: MLflow cannot be reached.
    """
    home = context.home
    with stage(context, "quantized_models") as watch:
        watch.items = 1
        texts = texts_for(context, variant, base)
        spec = variant_spec(variant, base, texts)
        folder = home.models / spec.vector_space
        known = read_model_report(home, variant.name)
        if known and known.vector_space != spec.vector_space:
            known = None
        built = not _is_whole(folder)
        started = time.perf_counter()
        if built:
            build_variant(context, variant, base=base, spec=spec, texts=texts)
        seconds = time.perf_counter() - started if built else (known.seconds if known else None)
        if known is None or built:
            known = _report(context, variant, spec=spec, texts=texts, seconds=seconds, threads=threads)
            _record(home, known)
        if known.registered is None:
            known = replace(known, registered=_register(context, tracker, folder, known))
            _record(home, known)
    return replace(known, built=built)


def variant_spec(variant: Variant, base: EncoderSpec, texts: Sequence[str]) -> EncoderSpec:
    """Return what decides the variant's vectors; `texts` are its calibration texts, none for some variants."""
    if variant.scheme is None and variant.runtime is not Runtime.INT8_STATIC:
        return replace(base, variant=variant.runtime.value)
    recipe = {
        "quantizer": QUANTIZER_VERSION,
        "scheme": json.loads(variant.scheme.description) if variant.scheme else None,
        "serving": variant.runtime.value,
        "calibration": texts_sha256(texts) if texts else None,
    }
    return replace(base, variant=variant.name, recipe=json.dumps(recipe, sort_keys=True))


def read_model_report(home: Home, name: str) -> QuantizedModelReport | None:
    """Return the report of a variant's last build, None if it was never built."""
    return read_record(_record_path(home, name), QuantizedModelReport)


def model_reports(home: Home) -> list[QuantizedModelReport]:
    """Return the reports of all variants ever built in this home, in the order of `VARIANTS`."""
    found = (read_model_report(home, variant.name) for variant in VARIANTS)
    return [report for report in found if report is not None]


@dataclass(frozen=True, slots=True)
class NextEncoder:
    """The encoder of a new release; `buildable` if it can be made from the base weights alone."""

    variant: str
    vector_space: str
    buildable: EncoderSpec | None


def next_encoder(home: Home, base: EncoderSpec, variant: str | None) -> NextEncoder:
    """Return the encoder for a new release: the requested variant, else the card's choice, else dynamic INT8.

    Raises:
        VariantMissingError: The requested variant has to be quantized first.
    """
    candidate = read_candidate(home.releases)
    if variant is None and candidate and candidate.base_sha256 == base.weights_sha256:
        name, space = candidate.variant, candidate.vector_space
    else:
        name, report = variant or Runtime.INT8_DYNAMIC.value, read_model_report(home, variant or "")
        space = report.vector_space if report and report.base_sha256 == base.weights_sha256 else ""
    if name in UNSTORED:
        spec = replace(base, variant=name)
        return NextEncoder(name, spec.vector_space, spec)
    if not space or not (home.models / space).is_dir():
        raise VariantMissingError(
            f"The variant {name} has not been made from these weights, and ingest never quantizes. `xnai quantize "
            f"--variant {name}` makes it."
        )
    return NextEncoder(name, space, None)


def asked_vector_space(home: Home, base: EncoderSpec, variant: str | None, release: Release) -> str:
    """Return the vector space that the settings imply: the release's own if they name its weights and no variant.

    Raises:
        VariantMissingError: The requested variant has to be quantized first.
    """
    as_released = (None, release.variant) if companion_name(release.encoder) else (None,)
    if variant in as_released:
        card = read_card(home.models / release.vector_space)
        if card["base"]["sha256"] == base.weights_sha256:
            return release.vector_space
    return next_encoder(home, base, variant).vector_space


def texts_for(context: StageContext, variant: Variant, base: EncoderSpec) -> list[str]:
    """Return a variant's calibration texts, as the encoder reads them; none if it needs none.

    Raises:
        CalibrationError: No set was drawn, or one of its chunks is gone.
    """
    return [base.passage_prefix + text for text in read_calibration(context)] if variant.calibrated else []


def build_variant(
    context: StageContext, variant: Variant, base: EncoderSpec, spec: EncoderSpec, texts: Sequence[str]
) -> Path:
    """Return the folder of a variant of the fp32 encoder `base`, built first if it is missing.

    `spec` and `texts` are the results of `variant_spec` and `texts_for`.
    """
    models = context.home.models
    if spec.recipe is None:
        return build_encoder(spec, models)
    float_folder = build_encoder(base, models)
    if variant.scheme is None:
        return build_static_encoder(spec, texts, float_folder, models)
    model = quantize_shown(
        base.source, variant.scheme, texts, max_length=base.max_length, label=variant.name, progress=context.progress
    )
    runtime = Runtime.FP32 if variant.runtime is Runtime.FP32 else Runtime.INT8_DYNAMIC
    return build_stored_encoder(spec, model, float_folder=float_folder, models_root=models, runtime=runtime)


def _report(
    context: StageContext,
    variant: Variant,
    spec: EncoderSpec,
    texts: Sequence[str],
    seconds: float | None,
    threads: int,
) -> QuantizedModelReport:
    models = context.home.models
    card = read_card(models / spec.vector_space)
    compared = held_out_texts(context, COMPARED_TEXTS)
    reference = replace(spec, variant=Runtime.FP32.value, recipe=None).vector_space
    encoders = [Encoder.load(models / space, threads) for space in (reference, spec.vector_space)]
    exact, ours = (encoder.encode_passages(compared).vectors for encoder in encoders)
    finite = bool(np.isfinite(ours).all())
    shipped = shipped_bytes(models / spec.vector_space)
    ratio = (models / reference / MODEL_FILE).stat().st_size / shipped
    return QuantizedModelReport(
        variant=variant.name,
        runtime=variant.runtime.value,
        vector_space=spec.vector_space,
        base=card["base"]["name"],
        base_sha256=spec.weights_sha256,
        calibration_sha256=texts_sha256(texts) if texts else None,
        scheme=json.loads(variant.scheme.description) if variant.scheme else None,
        shipped_bytes=shipped,
        ratio=round(ratio, 3),
        bits_per_weight=round(32 / ratio, 3),
        cosine=round(float(np.mean(np.sum(exact * ours, axis=1))), 5) if finite and compared else 0.0,
        cosine_floor=variant.cosine_floor,
        finite=finite,
        compared_texts=len(compared),
        notes=(*card.get("notes", ()), *_kept_codes(card.get("statistics"))),
        seconds=round(seconds, 2) if seconds is not None else None,
        built=True,
        registered=None,
    )


def _kept_codes(statistics: dict[str, Any] | None) -> list[str]:
    """Return a sentence on how often the method's codes beat rounding; nothing if they were not compared."""
    better = statistics["better_than_rounding"] if statistics else None
    if better is None:
        return []
    return [f"{better} linear layers keep the method's codes; the others are closer when rounded to nearest."]


def _is_whole(folder: Path) -> bool:
    try:
        read_card(folder)
    except DamagedArtefactError:
        return False
    return True


def _record_path(home: Home, name: str) -> Path:
    return home.state / "quantized_models" / f"{name}.json"


def _record(home: Home, report: QuantizedModelReport) -> None:
    write_record(_record_path(home, report.variant), report)


def _register(context: StageContext, tracker: Tracker, folder: Path, report: QuantizedModelReport) -> ModelVersion:
    release = Releases(context.home.releases).current()
    return log_model(
        tracker,
        LoggedModel(
            vector_space=report.vector_space,
            variant=report.variant,
            base_sha256=report.base_sha256,
            shipped_bytes=report.shipped_bytes,
            params={
                "base": report.base,
                "runtime": report.runtime,
                "scheme": json.dumps(report.scheme),
                "calibration_sha256": report.calibration_sha256 or "",
            },
            metrics={
                "ratio": report.ratio,
                "bits_per_weight": report.bits_per_weight,
                "cosine": report.cosine,
                **({"seconds": report.seconds} if report.seconds is not None else {}),
            },
            card=(folder / CARD).read_bytes(),
        ),
        tags={"dagster_run_id": context.run_id, "release": str(release.release) if release else ""},
    )
