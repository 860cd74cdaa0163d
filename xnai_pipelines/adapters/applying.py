"""A base encoder with several unmerged adapters, to try and compare them."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xnai_pipelines.adapters.adapter import Adapter, load_adapter
from xnai_pipelines.adapters.config import Task
from xnai_pipelines.adapters.encoder_objective import TextNetwork, TextTokenizer, open_text_tokenizer
from xnai_pipelines.adapters.network import open_network, put_on
from xnai_pipelines.encoders.specification import EncoderSpec
from xnai_pipelines.errors import AdaptationError


class AdaptedEncoder:
    """One network in memory; each call names the active adapter. Not thread-safe."""

    def __init__(self, base: EncoderSpec, adapted: Any, network: TextNetwork, tokenizer: TextTokenizer) -> None:
        self.base = base
        self._adapted = adapted
        self._network = network
        self._tokenizer = tokenizer

    def encode_passages(self, texts: Sequence[str], adapter: str | None) -> NDArray[np.float32]:
        """Return unit vectors, float32 [texts, dimension], by an adapter's id, or by the base alone for None."""
        return self._encode([self.base.passage_prefix + text for text in texts], adapter)

    def encode_queries(self, texts: Sequence[str], adapter: str | None) -> NDArray[np.float32]:
        """Return unit vectors, float32 [texts, dimension], by an adapter's id, or by the base alone for None."""
        return self._encode([self.base.query_prefix + text for text in texts], adapter)

    def _encode(self, texts: Sequence[str], adapter: str | None) -> NDArray[np.float32]:
        import torch

        if adapter is not None:
            if adapter not in self._adapted.peft_config:
                raise AdaptationError(
                    f"The adapter {adapter} is not open. Open adapters: {', '.join(self._adapted.peft_config)}."
                )
            self._adapted.set_adapter(adapter)
        if not texts:
            return np.empty((0, self.base.dimension), dtype=np.float32)
        ids = [self._tokenizer.encode(text, self.base.max_length) for text in texts]
        with torch.inference_mode(), self._adapted.disable_adapter() if adapter is None else nullcontext():
            vectors: NDArray[np.float32] = self._network.encode(ids).numpy()
        return vectors


def open_adapted(base: EncoderSpec, adapters: Sequence[Adapter]) -> AdaptedEncoder:
    """Return the base in float32 with adapters on it, none merged.

    Raises:
        AdaptationError: No adapters are given, or one is damaged, of another base, or of other dimensions.
    """
    if not adapters:
        raise AdaptationError("No adapters are given. Name at least one.")
    for adapter in adapters:
        load_adapter(adapter.folder, base)
    adapted = put_on(
        open_network(base.source, Task.ENCODER), [(adapter.adapter_id, adapter.folder) for adapter in adapters]
    )
    return AdaptedEncoder(base, adapted, TextNetwork(adapted, pooling=base.pooling), open_text_tokenizer(base))
