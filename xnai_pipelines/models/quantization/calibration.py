"""The inputs of a model's layers on calibration texts, stage by stage."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xnai_pipelines.errors import QuantizationError
from xnai_pipelines.models.quantization.calibration_texts import Batch
from xnai_pipelines.models.quantization.layer_inputs import LayerInputs, Moments
from xnai_pipelines.models.quantization.model import Linear, Transformer, TransformerBlock, load_transformer

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, eq=False)
class CalibratedBlock:
    """Layers of a block to be quantized next, their inputs, and how to run the block.

    Attributes:
        block: The block.
        inputs: The layers, with their one input; layers that no token reached are never yielded.
        run: Returns the block's output for the first batch, in full precision, with the current weights.
    """

    block: TransformerBlock
    inputs: LayerInputs
    run: Callable[[], "torch.Tensor"]


class _Reached(Exception):  # noqa: N818 - not an error: the rest of the block need not run
    """The requested layers have received their inputs."""


@dataclass(slots=True, eq=False)
class _Call:
    """How a model called its blocks for one batch: the hidden states change, the rest is kept for each block."""

    mask: "torch.Tensor"
    hidden: "torch.Tensor | None" = None
    arguments: list[tuple[tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)


def calibrated_blocks(model: Transformer, batches: Sequence[Batch]) -> Iterator[CalibratedBlock]:
    """Yield the layers of each block in the order in which they run; quantize them before requesting the next.

    Each layer is calibrated on the outputs of the quantized ones before it. The full model runs beside it. Before
    layers are yielded, their weights are moved towards those that give the full layer's output on the quantized model's
    inputs (`LayerInputs.targets`). After they are quantized, their biases are set so that the mean output is the full
    layer's. On MiniLM this and the order within a block raise the mean cosine at 2 bits from .808 to .883, at 4 bits
    from .989 to .994; on another domain than the calibration's from .67 to .67-.69 and from .982 to .985.

    Memory: the hidden states of all batches twice, one block twice, and the moments of one layer's inputs.

    Raises:
        QuantizationError: The model's blocks do not run in sequence.
    """
    calls = [_record(model, batch) for batch in batches]
    full_calls = _record_full(model, batches)
    for index, block in enumerate(model.blocks):
        # its layers are replaced one by one; the copy keeps the full ones
        full = TransformerBlock(block.name, copy.deepcopy(block.module), ())

        def run(block: TransformerBlock = block, index: int = index) -> "torch.Tensor":
            return _run(block, index, calls[0])

        for linears in _stages(block, index, calls[0]):
            moments = _gather((block, full), index, linears[0], (calls, full_calls))
            inputs = LayerInputs.of(linears, moments)
            weights = [linear.matrix() for linear in linears]
            for linear, target in zip(linears, inputs.targets(weights), strict=True):
                linear.replace(target)
            yield CalibratedBlock(block, inputs, run)
            for linear, weight in zip(linears, weights, strict=True):
                inputs.correct_bias(linear, weight)
        if index + 1 < len(model.blocks):
            for each, mine in ((block, calls), (full, full_calls)):
                for call in mine:
                    with fast_forward():
                        call.hidden = _run(each, index, call)


@contextmanager
def fast_forward() -> Iterator[None]:
    """Run the body without gradients, in bfloat16 if the processor supports it (a third of the time)."""
    import torch

    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=torch.cpu._is_avx512_bf16_supported()):
        yield


def _record_full(model: Transformer, batches: Sequence[Batch]) -> list[_Call]:
    """Return how the model calls its unquantized blocks; its tables are quantized by now."""
    full = load_transformer(model.folder)
    return [_record(full, batch) for batch in batches]


def _record(model: Transformer, batch: Batch) -> _Call:
    """Run the model and record the first block's input and the other arguments of each block."""
    call = _Call(batch["attention_mask"].bool())
    last: list[Any] = [None]

    def before(_: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        hidden = arguments[0] if arguments else keywords["hidden_states"]
        if call.hidden is None:
            call.hidden = hidden
        elif hidden is not last[0]:
            raise QuantizationError(
                f"The layers of {model.network.config.model_type} do not run in sequence, so gptq, awq and rate "
                "cannot calibrate it. Use rtn."
            )
        rest = {key: value for key, value in keywords.items() if key != "hidden_states"}
        call.arguments.append((arguments[1:], rest))

    def after(_: Any, __: Any, output: Any) -> None:
        last[0] = output[0] if isinstance(output, tuple) else output

    with ExitStack() as hooks, fast_forward():
        for block in model.blocks:
            hooks.callback(block.module.register_forward_pre_hook(before, with_kwargs=True).remove)
            hooks.callback(block.module.register_forward_hook(after).remove)
        # only the body: a language model's logits would be the largest tensor of all
        model.network.base_model(**batch, **({"use_cache": False} if model.causal else {}))
    if len(call.arguments) != len(model.blocks):
        raise QuantizationError(
            f"{model.network.config.model_type} runs its {len(model.blocks)} layers {len(call.arguments)} times; gptq, "
            "awq and rate need layers that run once each. Use rtn."
        )
    return call


def _run(block: TransformerBlock, index: int, call: _Call) -> "torch.Tensor":
    import torch

    arguments, keywords = call.arguments[index]
    with torch.inference_mode():
        output = block.module(call.hidden, *arguments, **keywords)
    return output[0] if isinstance(output, tuple) else output


def _stages(block: TransformerBlock, index: int, call: _Call) -> list[tuple[Linear, ...]]:
    """Return the block's layers in the order in which they run, those with the same input together."""
    fed: list[tuple[Any, list[Linear]]] = []

    def hook(linear: Linear) -> Callable[..., None]:
        def before(_: Any, arguments: tuple[Any, ...]) -> None:
            for value, linears in fed:
                if value is arguments[0]:
                    linears.append(linear)
                    return
            fed.append((arguments[0], [linear]))

        return before

    with ExitStack() as hooks, fast_forward():
        for linear in block.linears:
            hooks.callback(linear.module.register_forward_pre_hook(hook(linear)).remove)
        _run(block, index, call)
    stages: dict[str, tuple[Linear, ...]] = {}
    for _, linears in fed:
        # a layer that runs twice is quantized once, with its first input
        new = [linear for linear in linears if not any(linear in stage for stage in stages.values())]
        if new:
            stages[new[0].name] = tuple(new)
    return list(stages.values())


def _gather(
    blocks: tuple[TransformerBlock, TransformerBlock],
    index: int,
    linear: Linear,
    calls: tuple[Sequence[_Call], Sequence[_Call]],
) -> Moments:
    """Return the moments of a layer's input in the quantized model and in the full one."""
    import torch

    block, full = blocks
    twin = full.module.get_submodule(linear.name.removeprefix(f"{block.name}.").removesuffix(".weight"))
    moments = Moments.zero(linear.matrix_shape[1])
    for call, full_call in zip(*calls, strict=True):
        rows = _fed(block, index, call, linear.module)
        full_rows = _fed(full, index, full_call, twin)
        # autocast would multiply in bfloat16, whose Hessian has no Cholesky factor
        with torch.inference_mode():
            moments.add(rows, full_rows)
    return moments


def _fed(block: TransformerBlock, index: int, call: _Call, module: "torch.nn.Module") -> "torch.Tensor | None":
    """Return a module's input for a batch: float32 [tokens, c], without padding; None if it is not run."""
    found: list[Any] = []

    def before(_: Any, arguments: tuple[Any, ...]) -> None:
        found.append(arguments[0])
        raise _Reached

    handle = module.register_forward_pre_hook(before)
    try:
        with fast_forward():
            _run(block, index, call)
    except _Reached:
        pass
    finally:
        handle.remove()
    if not found:  # an expert that received no token of this batch
        return None
    value = found[0]
    rows = value[call.mask] if value.shape[:2] == call.mask.shape else value.reshape(-1, value.shape[-1])
    return rows.float()
