"""A sentence encoder in training: from batches of pairs to a loss and its gradients, without padding."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.pairs import TrainingPair
from xnai_pipelines.adapters.progress import Validation
from xnai_pipelines.adapters.ranking import false_negatives, ranking_loss, right_ranks
from xnai_pipelines.encoders.specification import EncoderSpec
from xnai_pipelines.errors import AdaptationError

if TYPE_CHECKING:
    import torch


TOKENS_AT_ONCE = 2048  # padded tokens per run of the network, whose activations then fit the cache
_MOST_VALIDATION_PAIRS = 256

Ids = Sequence[int]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Token ids of the questions and of the distinct passages, and which passage answers which question."""

    questions: list[Ids]
    passages: list[Ids]
    right: list[int]
    ignored: "torch.Tensor"


class TextNetwork:
    """The network with pooling: token ids to unit vectors."""

    def __init__(self, network: Any, *, pooling: str, precision: str = "fp32", device: str = "cpu") -> None:
        self.network = network
        self.device = device
        self._pooling = pooling
        self._padding: int = network.config.pad_token_id or 0
        self._precision = precision

    def encode(self, texts: Sequence[Ids]) -> "torch.Tensor":
        """Return unit vectors in the texts' order, float32 [texts, dimension]; sorts by length internally."""
        import torch

        groups = grouped_by_length(texts)
        vectors = torch.cat([self.run([texts[number] for number in group]) for group in groups])
        places = torch.empty(len(texts), dtype=torch.long)
        places[torch.tensor([number for group in groups for number in group])] = torch.arange(len(texts))
        return vectors[places.to(vectors.device)]

    def run(self, texts: Sequence[Ids]) -> "torch.Tensor":
        """Return the unit vectors of texts that pass the network together."""
        import torch

        longest = max(map(len, texts))
        ids = torch.tensor([[*text, *[self._padding] * (longest - len(text))] for text in texts], device=self.device)
        mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in texts], device=self.device)
        cast = torch.autocast(self.device, torch.bfloat16) if self._precision == "bf16" else nullcontext()
        with cast:
            hidden = self.network(input_ids=ids, attention_mask=mask).last_hidden_state
        hidden = hidden.float()
        if self._pooling == "cls":
            pooled = hidden[:, 0]
        else:
            pooled = (hidden * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        return torch.nn.functional.normalize(pooled, dim=1)


def grouped_by_length(texts: Sequence[Ids], most: int | None = None) -> list[list[int]]:
    """Return the numbers of texts by length, in groups small enough to pass the network together."""
    groups: list[list[int]] = []
    room = 0
    for number in sorted(range(len(texts)), key=lambda number: (-len(texts[number]), number)):
        # sorted from long to short, so the first of a group sets its width
        if room <= 0 or (most is not None and len(groups[-1]) >= most):
            groups.append([])
            room = max(1, TOKENS_AT_ONCE // max(1, len(texts[number])))
        groups[-1].append(number)
        room -= 1
    return groups


class EncoderObjective:
    """Pairs, tokenized once, and their ranking loss."""

    def __init__(
        self,
        network: TextNetwork,
        tokenize: "Callable[[str, int], Ids]",
        *,
        pairs: Sequence[TrainingPair],
        validation: Sequence[TrainingPair],
        config: AdapterConfig,
        question_prefix: str,
        passage_prefix: str,
    ) -> None:
        self._network = network
        self._config = config
        self._pairs = pairs
        self._validation = validation[:_MOST_VALIDATION_PAIRS]
        every = [*pairs, *self._validation]
        self._documents: dict[str, frozenset[str]] = {}
        for pair in every:
            known = self._documents.get(pair.positive, frozenset())
            self._documents[pair.positive] = known | {pair.document_id}
        self._question_ids = {
            text: tokenize(question_prefix + text, config.question_length)
            for text in dict.fromkeys(pair.question for pair in every)
        }
        self._passage_ids = {
            text: tokenize(passage_prefix + text, config.passage_length)
            for text in dict.fromkeys(text for pair in every for text in (pair.positive, *pair.negatives))
        }

    @property
    def groups(self) -> Sequence[Sequence[int]]:
        """The numbers of all pairs, those of one passage together."""
        found: dict[str, list[int]] = {}
        for number, pair in enumerate(self._pairs):
            found.setdefault(pair.positive, []).append(number)
        return list(found.values())

    def tokens(self, numbers: Sequence[int]) -> int:
        """Return the number of tokens that pass the network for a batch."""
        batch = self._batch([self._pairs[number] for number in numbers])
        return sum(map(len, batch.questions)) + sum(map(len, batch.passages))

    def backward(self, batches: Sequence[Sequence[int]]) -> float:
        """Add the gradients of the mean loss of batches to the parameters; return the loss."""
        total = 0.0
        for numbers in batches:
            batch = self._batch([self._pairs[number] for number in numbers])
            most = self._config.mini_batch
            cached = most is not None and most < len(batch.questions) + len(batch.passages)
            total += (self._cached if cached else self._whole)(batch, 1 / len(batches))
        return total

    def validate(self) -> Validation | None:
        """Return loss, MRR and recall@1 of the validation pairs, None if there are none."""
        import torch

        if not self._validation:
            return None
        batch = self._batch(self._validation)
        with torch.inference_mode():
            questions, passages = self._network.encode(batch.questions), self._network.encode(batch.passages)
            right = torch.tensor(batch.right, device=questions.device)
            ignored = batch.ignored.to(questions.device)
            loss = ranking_loss(questions, passages, right=right, ignored=ignored, scale=self._config.scale)
            ranks = right_ranks(questions, passages, right, ignored).double()
        return Validation(
            loss=float(loss), mrr=float((1 / ranks).mean()), recall_at_1=float((ranks == 1).double().mean())
        )

    def _batch(self, pairs: Sequence[TrainingPair]) -> _Batch:
        # a passage shared by several questions of a batch passes the network once
        texts = list(dict.fromkeys(text for pair in pairs for text in (pair.positive, *pair.negatives)))
        numbers = {text: number for number, text in enumerate(texts)}
        right = [numbers[pair.positive] for pair in pairs]
        documents = [self._documents.get(text, frozenset()) for text in texts]
        return _Batch(
            questions=[self._question_ids[pair.question] for pair in pairs],
            passages=[self._passage_ids[text] for text in texts],
            right=right,
            ignored=false_negatives([pair.document_id for pair in pairs], right, documents),
        )

    def _loss(self, batch: _Batch, vectors: "torch.Tensor") -> "torch.Tensor":
        import torch

        asked = len(batch.questions)
        return ranking_loss(
            vectors[:asked],
            vectors[asked:],
            right=torch.tensor(batch.right, device=vectors.device),
            ignored=batch.ignored.to(vectors.device),
            scale=self._config.scale,
        )

    def _whole(self, batch: _Batch, share: float) -> float:
        loss = self._loss(batch, self._network.encode([*batch.questions, *batch.passages]))
        (loss * share).backward()
        return float(loss.detach()) * share

    def _cached(self, batch: _Batch, share: float) -> float:
        """Gradient caching: first the vectors, then their gradients, then the network's, a few texts at a time.

        Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup".
        """
        import torch

        texts = [*batch.questions, *batch.passages]
        groups = grouped_by_length(texts, self._config.mini_batch)
        states, found = [], []
        with torch.no_grad():
            for group in groups:
                states.append(random_state(self._network.device))
                found.append(self._network.run([texts[number] for number in group]))
        vectors = torch.empty(len(texts), found[0].shape[1], device=found[0].device)
        for group, some in zip(groups, found, strict=True):
            vectors[group] = some
        vectors.requires_grad_()
        loss = self._loss(batch, vectors)
        (gradients,) = torch.autograd.grad(loss * share, vectors)
        for group, state in zip(groups, states, strict=True):
            # the same dropout again: the gradients belong to those vectors
            set_random_state(state, self._network.device)
            self._network.run([texts[number] for number in group]).backward(gradients[group])
        return float(loss.detach()) * share


def random_state(device: str) -> "torch.Tensor":
    """Return the state of a device's random numbers, which dropout uses, uint8."""
    import torch

    return torch.cuda.get_rng_state() if device == "cuda" else torch.get_rng_state()


def set_random_state(state: "torch.Tensor", device: str) -> None:
    """Restore a state of the random numbers."""
    import torch

    if device == "cuda":
        torch.cuda.set_rng_state(state)
    else:
        torch.set_rng_state(state)


class TextTokenizer:
    """An encoder's tokenizer: special tokens added, no padding."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._length = 0

    @property
    def whole(self) -> Any:
        """The tokenizer of `tokenizers`; it truncates nothing before `encode` is called."""
        return self._tokenizer

    def encode(self, text: str, length: int) -> list[int]:
        """Return a text's token ids, at most `length`, special tokens included."""
        if length != self._length:
            self._tokenizer.enable_truncation(length)
            self._length = length
        ids: list[int] = self._tokenizer.encode_batch_fast([text])[0].ids
        return ids


def open_text_tokenizer(base: EncoderSpec) -> TextTokenizer:
    """Return the tokenizer of a base model, the same that its export gets.

    Raises:
        AdaptationError: The folder has no tokenizer that can be loaded.
    """
    from tokenizers import Tokenizer

    from xnai_pipelines.models.tokenizer import write_tokenizer

    with TemporaryDirectory() as temporary:
        path = Path(temporary) / "tokenizer.json"
        try:
            write_tokenizer(base.source, path)
        except (OSError, ValueError) as error:
            raise AdaptationError(f"The tokenizer in {base.source} cannot be loaded: {error}") from error
        return TextTokenizer(Tokenizer.from_file(str(path)))
