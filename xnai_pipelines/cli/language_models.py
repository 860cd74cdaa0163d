"""Commands on models beside the pipeline: quantize any transformer to a file, train a causal model on conversations."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xnai_pipelines.cli.app import AsJson, app, print_json, progress, settings
from xnai_pipelines.cli.automation import training_changes
from xnai_pipelines.errors import AdaptationError, OptionError
from xnai_pipelines.extras import require

if TYPE_CHECKING:
    from xnai_pipelines.adapters.adapter import Adapter
    from xnai_pipelines.adapters.progress import TrainingStep
    from xnai_pipelines.encoders.stored.scheme import Scheme


@dataclass(frozen=True, slots=True)
class Texts:
    """Files of texts, one per line: to calibrate with, and to measure perplexity on."""

    calibration: Path | None
    held_out: Path | None


def quantize_model(
    model: Path, out: Path | None, variants: Sequence[str], ratio: float | None, texts: Texts, as_json: bool
) -> None:
    """Quantize the transformer in a folder to a file, and show its size and, with held-out texts, its perplexity.

    Raises:
        OptionError: Options do not go together, or a path cannot be used; before the model is loaded.
    """
    require("quantize", "`xnai quantize --model`")
    from xnai_pipelines.models.transformer_file import read_texts, write_transformer_file
    from xnai_pipelines.state.context import Progress

    scheme = _scheme(variants, ratio)
    if scheme.method.calibrated != (texts.calibration is not None):
        raise OptionError(
            f"{scheme.method} is calibrated: name texts with --calibration FILE, one per line."
            if scheme.method.calibrated
            else f"--calibration is not used by {scheme.method}: leave it out, or choose another --variant."
        )
    written = write_transformer_file(
        _folder("--model", model),
        scheme,
        _new_file(out),
        calibration=read_texts(texts.calibration) if texts.calibration else (),
        held_out=read_texts(texts.held_out) if texts.held_out else (),
        progress=Progress(progress),
    )
    if as_json:
        print_json(asdict(written))
        return
    rows = [
        ["stored as", written.scheme],
        ["bytes", f"{written.file_bytes:,}"],
        ["weights", f"{written.weights:,}"],
        ["bits per weight", f"{written.bits_per_weight:.2f}"],
        ["ratio to float32", f"{written.ratio:.1f}"],
        ["seconds", f"{written.seconds:.1f}"],
    ]
    if written.perplexity_before is not None and written.perplexity_after is not None:
        rows.append(["perplexity before", f"{written.perplexity_before:.2f}"])
        rows.append(["perplexity after", f"{written.perplexity_after:.2f}"])
    _show(written.file, rows, written.notes)


@app.command()
def train(
    instructions: Annotated[
        Path, typer.Option(help="Conversations to learn from, JSON Lines: instruction and output, or chat messages.")
    ],
    model: Annotated[Path, typer.Option(help="Hugging Face folder of a causal language model.")],
    out: Annotated[Path, typer.Option(help="Folder of adapters; the new one gets a folder in it, named by its id.")],
    validation: Annotated[
        Path | None, typer.Option(help="Conversations to measure on before, during and after; same format.")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="Training option as name=value, such as epochs=2 or rank=8; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a LoRA adapter of a causal language model on conversations.

    A training that was interrupted resumes when the same command is run again.
    """
    config = settings().training.changed(training_changes(change or []))
    require("train", "`xnai train`")
    from xnai_pipelines.adapters.conversations import read_conversations
    from xnai_pipelines.adapters.schedule import steps_of
    from xnai_pipelines.adapters.training import Training, train_causal
    from xnai_pipelines.state.context import Progress

    base = _folder("--model", model)
    conversations = read_conversations(instructions)
    validated = read_conversations(validation) if validation else []
    folder = _writable_folder(out)
    done: int | None = None
    with Progress(progress).work("adapter", steps_of(len(conversations), config), "steps") as advance:

        def stepped(step: "TrainingStep") -> None:
            nonlocal done
            advance(step.step - (done or 0))
            done = step.step

        try:
            training = Training(config=config, folder=folder, threads=settings().threads, progress=stepped)
            adapter = train_causal(base, conversations, training, validation=validated)
        except OSError as error:
            raise AdaptationError(f"{folder} cannot be written: {error}. The same command resumes.") from error
    _show_training(adapter, len(conversations), trained=done is not None, as_json=as_json)


def _show_training(adapter: "Adapter", conversations: int, *, trained: bool, as_json: bool) -> None:
    """Show where the adapter is and how its training ended."""
    metrics, last = adapter.metrics, adapter.curve()["steps"][-1]
    if as_json:
        found: dict[str, Any] = {"adapter": adapter.adapter_id, "folder": str(adapter.folder), "trained": trained}
        print_json({**found, "base": adapter.base_name, "last_step": last, "metrics": dict(metrics)})
        return
    rows = [
        ["base", adapter.base_name],
        ["conversations", f"{conversations:,}"],
        ["steps", f"{metrics['steps']:,.0f}"],
        ["seconds", f"{metrics['seconds']:.1f}"],
        ["loss, last step", f"{last['loss']:.3f}"],
        ["loss, last tenth of the steps", f"{metrics['train_loss']:.3f}"],
    ]
    if "validation_loss_before" in metrics:
        rows.append(["validation loss before", f"{metrics['validation_loss_before']:.3f}"])
        rows.append(["validation loss after", f"{metrics['validation_loss_after']:.3f}"])
    _show(str(adapter.folder), rows, () if trained else ("This adapter was trained before; nothing was done.",))


def _show(title: str, rows: Sequence[Sequence[str]], notes: Sequence[str]) -> None:
    from xnai_pipelines.cli.terminal import say, table

    say(title)
    table("", ["what", "value"], rows)
    for note in notes:
        say(note, fold=True)


def _scheme(variants: Sequence[str], ratio: float | None) -> "Scheme":
    """Return how weights are to be stored: by one variant's scheme, or to a ratio.

    Raises:
        OptionError: Neither or both are given, or a variant that is not stored in few bits.
        SchemeError: The ratio is not possible.
    """
    from xnai_pipelines.encoders.stored.scheme import Method, Scheme
    from xnai_pipelines.models.variants import VARIANTS

    schemes = {variant.name: variant.scheme for variant in VARIANTS if variant.scheme is not None}
    if ratio is not None and not variants:
        return Scheme(method=Method.RATE, ratio=ratio)
    if ratio is None and len(variants) == 1 and variants[0] in schemes:
        return schemes[variants[0]]
    raise OptionError(f"--model needs --ratio NUMBER or one --variant of {', '.join(schemes)}.")


def _folder(option: str, path: Path) -> Path:
    if not path.is_dir():
        raise OptionError(f"{option}: {path} is not a folder. Name the folder that holds the model's config.json.")
    return path.resolve()


def _new_file(out: Path | None) -> Path:
    """Return the path of a file to write, checked before work that may take hours."""
    if out is None or out.suffix != ".arrow":
        raise OptionError("--model needs --out FILE.arrow, the file to write.")
    path = out.resolve()
    if path.exists():
        raise OptionError(f"--out: {path} exists. Delete it, or name another file.")
    _refuse_home(path)
    if not path.parent.is_dir():
        raise OptionError(f"--out: {path.parent} is not a folder. Make it, or name another one.")
    return _writable(path.parent) / path.name


def _writable_folder(out: Path) -> Path:
    folder = out.resolve()
    _refuse_home(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"--out: {folder} cannot be made: {error}. Name another folder.") from error
    return _writable(folder)


def _refuse_home(path: Path) -> None:
    home = settings().home
    if path.is_relative_to(home):
        raise OptionError(f"--out: {path} is in XNAI_HOME ({home}), which the pipeline manages. Name another place.")


def _writable(folder: Path) -> Path:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OptionError(f"--out: {folder} cannot be written. Name another place, or change its permissions.")
    return folder
