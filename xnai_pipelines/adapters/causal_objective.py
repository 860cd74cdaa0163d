"""A causal language model in training: from conversations to the loss on the assistant's words."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.conversations import Conversation
from xnai_pipelines.adapters.encoder_objective import grouped_by_length
from xnai_pipelines.adapters.progress import Validation
from xnai_pipelines.errors import AdaptationError

if TYPE_CHECKING:
    import torch

_NOT_LEARNT = -100  # ignored by torch's cross entropy
_MOST_VALIDATION_CONVERSATIONS = 256


@dataclass(frozen=True, slots=True)
class _Row:
    """Token ids, and the same with `_NOT_LEARNT` for every token that is not the assistant's."""

    ids: list[int]
    labels: list[int]

    @property
    def learnt(self) -> int:
        # the first token is predicted from nothing
        return sum(label != _NOT_LEARNT for label in self.labels[1:])


class CausalObjective:
    """Conversations, tokenized once, and the mean cross entropy of the assistant's tokens.

    A conversation without anything to learn within `max_length` is skipped and counted in `left_out`.
    """

    def __init__(
        self,
        network: Any,
        tokenizer: Any,
        conversations: Sequence[Conversation],
        validation: Sequence[Conversation],
        config: AdapterConfig,
        device: str,
    ) -> None:
        self._network = network
        self._config = config
        self._device = device
        self._padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
        rows = [_row(conversation, tokenizer, config.max_length) for conversation in conversations]
        self._rows = [row for row in rows if row.learnt]
        self.left_out = len(rows) - len(self._rows)
        if not self._rows:
            raise AdaptationError(
                f"None of the {len(rows)} conversations has words of the assistant within max_length "
                f"({config.max_length} tokens). Raise max_length."
            )
        held = [_row(one, tokenizer, config.max_length) for one in validation[:_MOST_VALIDATION_CONVERSATIONS]]
        self._validation = [row for row in held if row.learnt]

    @property
    def groups(self) -> Sequence[Sequence[int]]:
        """The numbers of all conversations with something to learn, each alone."""
        return [[number] for number in range(len(self._rows))]

    def tokens(self, numbers: Sequence[int]) -> int:
        """Return the tokens that a batch sends through the network."""
        return sum(len(self._rows[number].ids) for number in numbers)

    def backward(self, batches: Sequence[Sequence[int]]) -> float:
        """Add the gradients of the mean loss over the tokens of all batches to the parameters; return the loss."""
        rows = [self._rows[number] for numbers in batches for number in numbers]
        learnt = sum(row.learnt for row in rows)
        total = 0.0
        # The loss is a sum over texts: each group's gradients are final, so only its activations are kept.
        for group in grouped_by_length([row.ids for row in rows], self._config.mini_batch):
            loss = self._sum([rows[number] for number in group]) / learnt
            loss.backward()
            total += float(loss.detach())
        return total

    def validate(self) -> Validation | None:
        """Return the mean loss of the validation conversations, None if there are none."""
        import torch

        if not self._validation:
            return None
        with torch.inference_mode():
            total = sum(
                float(self._sum([self._validation[number] for number in group]))
                for group in grouped_by_length([row.ids for row in self._validation], self._config.mini_batch)
            )
        return Validation(loss=total / sum(row.learnt for row in self._validation))

    def _sum(self, rows: Sequence[_Row]) -> "torch.Tensor":
        """Return the summed cross entropy of the learned tokens of texts that pass the network together."""
        import torch

        longest = max(len(row.ids) for row in rows)
        ids = torch.tensor([[*row.ids, *[self._padding] * (longest - len(row.ids))] for row in rows])
        mask = torch.tensor([[1] * len(row.ids) + [0] * (longest - len(row.ids)) for row in rows])
        labels = torch.tensor([[*row.labels, *[_NOT_LEARNT] * (longest - len(row.ids))] for row in rows])
        cast = torch.autocast(self._device, torch.bfloat16) if self._config.precision == "bf16" else nullcontext()
        with cast:
            logits = self._network(
                input_ids=ids.to(self._device), attention_mask=mask.to(self._device), use_cache=False
            ).logits
        return torch.nn.functional.cross_entropy(
            logits[:, :-1].float().flatten(0, 1),
            labels[:, 1:].to(self._device).flatten(),
            ignore_index=_NOT_LEARNT,
            reduction="sum",
        )


def _row(conversation: Conversation, tokenizer: Any, max_length: int) -> _Row:
    ids: list[int] = []
    labels: list[int] = []
    for text, learnt in _pieces(conversation, tokenizer):
        piece = tokenizer.encode(text, add_special_tokens=False)
        ids += piece
        labels += piece if learnt else [_NOT_LEARNT] * len(piece)
    return _Row(ids[:max_length], labels[:max_length])


def _pieces(conversation: Conversation, tokenizer: Any) -> list[tuple[str, bool]]:
    """Return a conversation's text in pieces, each with whether it is learned: the assistant's words and their end.

    The tokenizer's chat template forms the text. Without one, a line with the role precedes each message, and the
    end-of-text token follows the assistant's.
    """
    if not tokenizer.chat_template:
        pieces = []
        for message in conversation.messages:
            learnt = message.role == "assistant"
            pieces.append((f"### {message.role.capitalize()}:\n", False))
            end = (tokenizer.eos_token or "") + "\n" if learnt else "\n\n"
            pieces.append((message.content + end, learnt))
        return pieces
    messages = [{"role": message.role, "content": message.content} for message in conversation.messages]
    pieces, done = [], ""
    for number, message in enumerate(conversation.messages):
        if message.role != "assistant":
            continue
        before = _rendered(tokenizer, messages[:number], ask=True)
        through = _rendered(tokenizer, messages[: number + 1], ask=False)
        if not before.startswith(done) or not through.startswith(before):
            raise AdaptationError(
                "The tokenizer's chat template writes earlier messages differently when later ones follow, so the "
                "assistant's tokens cannot be told apart. Use conversations with one answer of the assistant."
            )
        pieces += [(before[len(done) :], False), (through[len(before) :], True)]
        done = through
    return pieces


def _rendered(tokenizer: Any, messages: list[dict[str, str]], *, ask: bool) -> str:
    text: str = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=ask)
    return text
