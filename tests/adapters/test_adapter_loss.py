"""The ranking loss is the one that sentence-transformers has; what may be right is not held against a question."""

import warnings
from types import SimpleNamespace

import pytest
import torch

from tests.support.adaptation_pairs import pairs_of
from xnai_pipelines.adapters import encoder_objective
from xnai_pipelines.adapters.config import AdapterConfig
from xnai_pipelines.adapters.encoder_objective import EncoderObjective, TextNetwork, grouped_by_length
from xnai_pipelines.adapters.pairs import TrainingPair
from xnai_pipelines.adapters.ranking import false_negatives, ranking_loss, right_ranks


@pytest.mark.slow
def test_the_loss_is_that_of_sentence_transformers() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.losses import MultipleNegativesRankingLoss

        theirs = MultipleNegativesRankingLoss(
            SentenceTransformer(modules=[torch.nn.Identity()], device="cpu"), scale=20
        )
    torch.manual_seed(7)
    questions, positives, negatives = torch.randn(3, 16, 24)
    expected = theirs.compute_loss_from_embeddings([questions, positives, negatives], labels=None)
    unit = torch.nn.functional.normalize
    ours = ranking_loss(
        unit(questions, dim=1), unit(torch.cat([positives, negatives]), dim=1), torch.arange(16), None, 20
    )
    assert float(ours) == pytest.approx(float(expected), rel=1e-6)


def test_passages_of_a_questions_own_document_do_not_count_as_wrong() -> None:
    ignored = false_negatives(["a", "b"], [0, 1], [frozenset("a"), frozenset("b"), frozenset("ab"), frozenset()])
    assert ignored.tolist() == [[False, False, True, False], [False, False, True, False]]
    unit = torch.eye(4)
    own = ranking_loss(unit[:2], unit, torch.tensor([0, 1]), ignored, 1)
    assert float(own) == pytest.approx(float(torch.tensor([1.0, 0, 0]).softmax(0)[0].log().neg()))
    assert right_ranks(unit[[2, 1]], unit, torch.tensor([0, 1]), ignored).tolist() == [1, 1]


def test_texts_are_grouped_by_length_within_a_bound() -> None:
    texts = [[0] * length for length in (3, 500, 7, 2000, 5, 1, 900)]
    groups = grouped_by_length(texts)
    assert sorted(number for group in groups for number in group) == list(range(7))
    assert all(max(len(texts[number]) for number in group) * len(group) <= 2048 for group in groups)
    assert max(map(len, grouped_by_length(texts, 2))) == 2


class _Letters(torch.nn.Module):
    """A network with a context: embeddings, and the mean of the text added to each."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(128, 8)
        self.dropout = torch.nn.Dropout(0.2)
        self.config = SimpleNamespace(pad_token_id=0)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> object:
        hidden = self.dropout(self.table(input_ids)) * attention_mask[..., None]
        mixed = hidden + hidden.sum(dim=1, keepdim=True) / attention_mask.sum(dim=1)[:, None, None]

        class Output:
            last_hidden_state = mixed

        return Output()


def _objective(network: _Letters, config: AdapterConfig, pairs: list[TrainingPair]) -> EncoderObjective:
    texts = TextNetwork(network, pooling="mean")
    return EncoderObjective(
        texts, lambda text, length: [ord(sign) for sign in text][:length], pairs=pairs, validation=[], config=config,
        question_prefix="", passage_prefix="",
    )  # fmt: skip


def test_the_cached_loss_has_the_gradients_of_the_whole_batch() -> None:
    torch.manual_seed(7)
    network = _Letters().eval()
    found = []
    for mini_batch in (None, 3):
        objective = _objective(network, AdapterConfig(mini_batch=mini_batch), pairs_of(range(12)))
        network.zero_grad()
        loss = objective.backward([range(8), range(8, 12)])
        found.append((loss, network.table.weight.grad.clone()))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-6)
    torch.testing.assert_close(found[0][1], found[1][1])


def test_the_cached_loss_repeats_its_dropout(monkeypatch: pytest.MonkeyPatch) -> None:
    network = _Letters().train()
    found = []
    for mini_batch in (2, None):
        if mini_batch is None:  # the whole batch, its texts in the same groups as before
            monkeypatch.setattr(
                encoder_objective, "grouped_by_length", lambda texts, most=None: grouped_by_length(texts, 2)
            )
        torch.manual_seed(7)
        network.zero_grad()
        _objective(network, AdapterConfig(mini_batch=mini_batch), pairs_of(range(6))).backward([range(6)])
        assert network.table.weight.grad is not None
        found.append(network.table.weight.grad.clone())
    torch.testing.assert_close(found[0], found[1])


def test_a_passage_that_questions_share_goes_through_the_network_once() -> None:
    objective = _objective(_Letters(), AdapterConfig(), pairs_of(range(2)))
    one, both = objective.tokens([1]), objective.tokens([1, 1])
    assert both - one == len(pairs_of([1])[0].question)
