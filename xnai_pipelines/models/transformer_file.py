"""From a transformer's folder to one Arrow file of few bits, and what the file is worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xnai_pipelines.encoders.stored.file import load, save
from xnai_pipelines.encoders.stored.inspection import inspect
from xnai_pipelines.encoders.stored.scheme import Scheme
from xnai_pipelines.encoders.stored.tensor import QuantizedModel
from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.calibration_texts import choose_texts
from xnai_pipelines.models.quantization.perplexity import perplexity
from xnai_pipelines.models.quantization.quantize import quantize
from xnai_pipelines.state.context import Progress

_TEXTS_LIMIT = 64 << 20  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerFile:
    """A quantized transformer's file.

    Attributes:
        file: Its path.
        scheme: How the weights are stored, in words.
        file_bytes: Its size.
        weights: Numbers of the model.
        bits_per_weight: Bits of the file per weight.
        ratio: Size of the weights in float32 over that of the file.
        seconds: Time that quantizing took.
        notes: Sentences that a person should know.
        perplexity_before: Perplexity of the full model on held-out texts; None without texts.
        perplexity_after: Perplexity of the file's model on the same texts.
    """

    file: str
    scheme: str
    file_bytes: int
    weights: int
    bits_per_weight: float
    ratio: float
    seconds: float
    notes: tuple[str, ...]
    perplexity_before: float | None = None
    perplexity_after: float | None = None


def read_texts(path: Path) -> list[str]:
    """Return the lines of a text file that are not blank.

    Raises:
        QuantizationError: The file cannot be read, is larger than 64 MiB, is not UTF-8 or has no text.
    """
    try:
        if path.stat().st_size > _TEXTS_LIMIT:
            raise QuantizationError(f"{path} is larger than {_TEXTS_LIMIT >> 20} MiB. A part of it is enough.")
        texts = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise QuantizationError(f"{path} cannot be read: {error}.") from error
    if not texts:
        raise QuantizationError(f"{path} has no text. Write one text per line.")
    return texts


def write_transformer_file(
    folder: Path,
    scheme: Scheme,
    file: Path,
    *,
    calibration: Sequence[str],
    held_out: Sequence[str],
    progress: Progress,
) -> TransformerFile:
    """Quantize the transformer in a folder, write the file, and measure it.

    Args:
        folder: A Hugging Face folder of an encoder or a causal language model; nothing in it is run or changed.
        scheme: How weights are stored.
        file: Path of the file, which appears whole or not at all.
        calibration: Texts for the methods that calibrate; unused by the others.
        held_out: Texts to measure perplexity on, of causal models only; none to measure nothing.
        progress: Shows the layers done and the texts read.

    Raises:
        QuantizationError: The model or the texts cannot be used; before anything is written.
        QuantizedFileError: The file cannot be written.
    """
    if scheme.method.calibrated:
        choose_texts(calibration, seed=0)  # refuses too few texts before the work below
    before = _perplexity(folder, held_out, None, progress) if held_out else None
    model = quantize_shown(folder, scheme, calibration, label="quantize", progress=progress)
    save(model, file)
    # The model as read back: what is measured is what was written.
    after = _perplexity(folder, held_out, load(file), progress) if held_out else None
    found = inspect(file)
    return TransformerFile(
        file=str(file),
        scheme=scheme.summary,
        file_bytes=found.file_bytes,
        weights=found.weights,
        bits_per_weight=found.bits_per_weight,
        ratio=found.ratio,
        seconds=model.statistics.seconds,
        notes=model.statistics.notes,
        perplexity_before=before,
        perplexity_after=after,
    )


def quantize_shown(
    folder: Path, scheme: Scheme, texts: Sequence[str], *, label: str, progress: Progress, max_length: int = 256
) -> QuantizedModel:
    """Return the quantized model of a folder; progress is shown in percent of its layers."""
    shown = 0

    with progress.work(label, 100, "%") as advance:

        def tell(layer: str, done: int, total: int) -> None:
            nonlocal shown
            percent = round(100 * done / total) if total else 0
            advance(percent - shown)
            shown = percent

        return quantize(folder, scheme, texts, max_length=max_length, progress=tell)


def _perplexity(folder: Path, texts: Sequence[str], quantized: QuantizedModel | None, progress: Progress) -> float:
    label = "perplexity before" if quantized is None else "perplexity after"
    with progress.work(label, len(texts), "texts") as advance:
        return perplexity(folder, texts, quantized, progress=advance)
