"""Whether a quantization fits into memory, known before it starts."""

from pathlib import Path

from xnai_pipelines.encoders.stored.scheme import Scheme
from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.calibration_texts import BATCH_TOKENS
from xnai_pipelines.models.quantization.model import Transformer

_LIBRARIES = 450 << 20  # torch and transformers, loaded
_HESSIANS = 6  # float64 matrices of a layer's inputs squared that exist while its Hessian is inverted
_ACTIVATIONS = 24  # float32 values per token of a batch in a block, in multiples of the widest layer's inputs


def check_quantization_memory(model: Transformer, scheme: Scheme, tokens: int) -> None:
    """Refuse a quantization that needs more memory than is free.

    Args:
        model: Model to quantize.
        scheme: Scheme of the quantization.
        tokens: Number of tokens in all calibration texts; 0 if the method needs none.

    Raises:
        QuantizationError: It exceeds the free memory of the machine or of the control group.
    """
    needed = estimate(model, scheme, tokens) - _parameters(model) * 4 - _LIBRARIES  # the weights are loaded
    free = available()
    if free is not None and needed > free:
        raise QuantizationError(
            f"Quantizing {model.folder.name} by {scheme.method} needs about {needed >> 20} MiB more memory; "
            f"{free >> 20} MiB are free. Close other programs, or use fewer calibration texts ({tokens} tokens)."
        )


def estimate(model: Transformer, scheme: Scheme, tokens: int) -> int:
    """Return the peak in bytes: weights, codes of 4 bytes, and with calibration hidden states and one block's work."""
    # weights twice: as loaded, and the largest tensors' buffers while they are rounded
    peak = _LIBRARIES + _parameters(model) * (4 + 4) + (64 << 20)
    if not scheme.method.calibrated:
        return peak
    hidden = int(model.network.config.hidden_size)
    widths = [[linear.matrix_shape[1] for linear in block.linears] for block in model.blocks]
    widest = max((max(block) for block in widths if block), default=hidden)
    hessians = max((sum(width**2 * 8 for width in block) for block in widths if block), default=0)
    states = 4 * tokens * hidden * 4  # of this block and of the next, in the quantized model and in the full one
    full = _parameters(model) * 4  # the full model, while it runs once
    return peak + states + full + hessians + _HESSIANS * widest**2 * 8 + _ACTIVATIONS * BATCH_TOKENS * widest * 4


def available() -> int | None:
    """Return the free bytes of the machine or of the control group, None if neither reports them."""
    found = [value for value in (_of_machine(), _of_group()) if value is not None]
    return min(found, default=None)


def _parameters(model: Transformer) -> int:
    return sum(tensor.numel() for _, tensor in model.tensors())


def _of_machine() -> int | None:
    path = Path("/proc/meminfo")
    lines = path.read_text(encoding="ascii").splitlines() if path.is_file() else []
    sizes = [int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")]
    return sizes[0] if sizes else None


def _of_group() -> int | None:
    root = Path("/sys/fs/cgroup")
    # version 2, as containers see their own group; then version 1
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            return int((root / limit).read_text()) - int((root / used).read_text())
        except (OSError, ValueError):  # no such group, or "max"
            continue
    return None
