"""Commands for the variants of the encoder."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from xnai_pipelines.cli.app import AsJson, app, checked_encoders, execute, print_json, settings
from xnai_pipelines.cli.language_models import Texts, quantize_model
from xnai_pipelines.errors import OptionError
from xnai_pipelines.extras import require
from xnai_pipelines.state.layout import Home


@app.command()
def quantize(
    variant: Annotated[
        list[str] | None,
        typer.Option(help="Build only this variant, measured beside fp32 and existing ones; repeatable."),
    ] = None,
    redraw: Annotated[bool, typer.Option(help="Draw a new calibration set.")] = False,
    model: Annotated[
        Path | None,
        typer.Option(help="Quantize the transformer in this folder to a file instead, by one variant or ratio."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="With --model: the file to write, FILE.arrow.")] = None,
    ratio: Annotated[
        float | None, typer.Option(help="With --model: how many times smaller than float32, 4 to 30.")
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="With --model: texts to calibrate with, one per line.")
    ] = None,
    perplexity: Annotated[
        Path | None,
        typer.Option(help="With --model: held-out texts, one per line, to measure a causal model before and after."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build the variants of the encoder, measure them on the corpus, and choose one for the next release.

    With --model FOLDER: quantize any Hugging Face transformer to one file.
    """
    if model is not None:
        if redraw:
            raise OptionError("--redraw draws from the corpus and cannot be used with --model. Use --calibration FILE.")
        quantize_model(model, out, variant or (), ratio, Texts(calibration, perplexity), as_json)
        return
    of_model = {"--out": out, "--ratio": ratio, "--calibration": calibration, "--perplexity": perplexity}
    for name, value in of_model.items():
        if value is not None:
            raise OptionError(f"{name} needs --model FOLDER, the transformer to quantize.")
    _require_extra(variant)
    execute("quantize", {"calibration_texts": {"redraw": redraw}}, as_json, models_to_make(variant))


@app.command()
def card(as_json: AsJson = False) -> None:
    """Show the last precision card: size, accuracy and speed of every variant on this corpus."""
    from xnai_pipelines.models.card.make import last_card

    measured = last_card(Home(settings().home))
    if as_json:
        from xnai_pipelines.state.records import json_bytes

        print(json_bytes(measured).decode())
        return
    from xnai_pipelines.cli.show_models import show_card

    show_card(measured)


@app.command()
def encoders(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Folders of models, or multilingual-e5-small; +NAME compares the current one with NAME beside it. "
            "Without: XNAI_ENCODER and, if it is installed, multilingual-e5-small."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare other encoders with the current one on the questions: accuracy, speed and size. Changes nothing."""
    execute("compare_encoders", {"encoder_card": {"encoders": checked_encoders(names or [])}}, as_json)


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="A quantized model, such as .xnai/models/.../weights.arrow.")],
    as_json: AsJson = False,
) -> None:
    """Show the tensors of a quantized model file with their bytes and bits per weight."""
    from xnai_pipelines.encoders.stored.inspection import inspect as inspect_file

    if not file.is_file():
        raise OptionError(f"There is no file {file}. `xnai card` names the variants that `xnai quantize` made.")
    found = inspect_file(file)
    if as_json:
        print_json(asdict(found))
        return
    from xnai_pipelines.cli.show_models import show_inspection

    show_inspection(file, found)


def _require_extra(variants: Sequence[str] | None) -> None:
    """Fail before anything is measured if what these variants need is not installed."""
    from xnai_pipelines.models.variants import VARIANTS

    few_bits = [variant.name for variant in VARIANTS if variant.scheme is not None]
    if not variants or set(variants) & set(few_bits):
        require("quantize", "`xnai quantize`")
    require("plots", "The precision card")


def models_to_make(variants: Sequence[str] | None) -> list[list[str]] | None:
    """Return the assets that make and measure these variants, None for all there are."""
    from xnai_pipelines.models.variants import VARIANTS

    if not variants:
        return None
    names = [variant.name for variant in VARIANTS]
    for name in variants:
        if name not in names:
            raise OptionError(f"--variant {name!r} is not one of {', '.join(names)}.")
    made = [["quantized_models", name] for name in names if name in {"fp32", *variants}]
    return [["encoder_onnx"], ["calibration_texts"], *made, ["precision_card"], ["candidate_encoder"]]
