"""A re-ranker reorders the best passages only, and keeps what identifiers and access rules decide."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.tiny_bert import WORDS
from tests.support.workplace import Workplace, fill
from xnai_pipelines.encoders.cache import stored_tokens, text_sha256
from xnai_pipelines.encoders.token_codes import SPACE_SUFFIX, TokenCodes, late_interaction, rotation
from xnai_pipelines.errors import ReleaseError, UnsupportedEncoderError
from xnai_pipelines.models.cross_encoder import build_cross_encoder
from xnai_pipelines.search.index import SearchIndex
from xnai_pipelines.search.query import Mode
from xnai_pipelines.search.ranking import Estimates
from xnai_pipelines.search.reranking import CANDIDATES, TOKENS, bonus, reranked
from xnai_pipelines.state.schemas import CHUNKS


class Backwards:
    """A re-ranker that likes late rows."""

    def scores(self, question: str, rows: list[int]) -> np.ndarray:
        return np.array(rows, np.float32)


def test_candidates_change_places_and_stay_before_all_others():
    scores = np.arange(50, 0, -1, dtype=np.float32) / 100
    after = reranked(Estimates(scores.copy()), "any", Backwards())
    ranking = after.best(50).tolist()
    assert ranking[:CANDIDATES] == list(range(CANDIDATES))[::-1]
    assert ranking[CANDIDATES:] == list(range(CANDIDATES, 50))


def test_estimated_scores_stay_exact_where_they_decide():
    exact = np.arange(50, 0, -1, dtype=np.float32) / 10
    estimates = Estimates(exact + 0.01, 0.02, lambda rows: exact[rows])
    after = reranked(estimates, "any", Backwards())
    best = after.best(5)
    assert after.at(best) == pytest.approx(exact[best] + bonus(np.arange(CANDIDATES, dtype=np.float32))[best])


def test_equal_scores_change_nothing():
    assert bonus(np.full(3, 0.4, np.float32)).tolist() == [0, 0, 0]
    assert bonus(np.empty(0, np.float32)).tolist() == []


def test_late_interaction_is_the_mean_of_the_best_similarities():
    vectors = np.eye(64, dtype=np.float32)[:3]
    passages = [TokenCodes.of(vectors[:2], [(0, 1), (1, 2)]), TokenCodes.of(vectors[2:], [(0, 1)])]
    empty = TokenCodes.of(vectors[:1], [(0, 0)])
    both, other, nothing = late_interaction(vectors[:2] @ rotation(64), [*passages, empty])
    assert both == pytest.approx(1.0, abs=0.25)
    assert other == pytest.approx(0.0, abs=0.3)
    assert nothing == 0


def by(work: Workplace, reranker: str | None) -> SearchIndex:
    index = work.search()
    return index.ranked_by(replace(index.policy, reranker=reranker), work.home)


def test_stored_tokens_and_computed_ones_rank_alike(ingested: Workplace):
    stored = by(ingested, TOKENS).search("whales breathe", 5)
    ingested.home.vector_cache.unlink()
    assert by(ingested, TOKENS).search("whales breathe", 5) == stored
    assert [hit.score for hit in stored] != [hit.score for hit in by(ingested, None).search("whales breathe", 5)]


def test_a_run_stores_the_tokens_that_the_cache_lacks(filled: Workplace):
    filled.ingest()
    cache, space = filled.home.vector_cache, filled.encoder.vector_space
    keys = [text_sha256(row["passage"]) for row in filled.rows(CHUNKS).values()]
    stored = stored_tokens(cache, space, keys)
    assert set(stored) == set(keys)
    with closing(sqlite3.connect(cache)) as older, older:
        older.execute("DELETE FROM vectors WHERE vector_space LIKE ?", (f"%{SPACE_SUFFIX}",))
    filled.ingest()
    again = stored_tokens(cache, space, list(stored))
    assert {key: codes.write() for key, codes in again.items()} == {key: codes.write() for key, codes in stored.items()}


def test_parts_alone_are_not_reranked(ingested: Workplace):
    for mode in (Mode.VECTOR, Mode.KEYWORD):
        assert by(ingested, TOKENS).search("rain", 3, mode) == by(ingested, None).search("rain", 3, mode)


def test_a_reader_gets_no_other_ranking_for_passages_that_may_not_be_read(work: Workplace, tmp_path: Path):
    fill(work).write("secret.md", "# Rain\n\nRain fell on the secret hills for three days.\n")
    work.ingest()
    fewer = Workplace(tmp_path / "fewer", work.encoder)
    shutil.copytree(work.documents, fewer.documents, dirs_exist_ok=True)
    (fewer.documents / "secret.md").unlink()
    fewer.ingest()
    reader = by(work, TOKENS).for_reader(lambda source: source != "secret.md")
    ranked = [(hit.source, hit.chunk_id) for hit in reader.search("rain on the hills", 5)]
    assert ranked == [(hit.source, hit.chunk_id) for hit in by(fewer, TOKENS).search("rain on the hills", 5)]


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder of one layer with random weights, as transformers saves it."""
    return write_cross_encoder(tmp_path_factory.mktemp("cross"), labels=1)


def write_cross_encoder(folder: Path, labels: int) -> Path:
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    words = [*WORDS, "whales", "breathe", "air", "."]
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        num_labels=labels,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(words))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "do_lower_case": true}')
    return folder


PAIRS = ["Whales breathe air.", "The committee sits.", "air " * 200]


def test_the_exported_graph_gives_the_scores_of_transformers(cross_encoder: Path, tmp_path: Path):
    import torch
    from transformers import BertForSequenceClassification, BertTokenizerFast

    from xnai_pipelines.encoders.cross_encoder import CrossEncoder

    name = build_cross_encoder(cross_encoder, tmp_path)
    ours = CrossEncoder.load(tmp_path / name, threads=2).scores("whales", PAIRS)
    model = BertForSequenceClassification.from_pretrained(cross_encoder).eval()
    tokenizer = BertTokenizerFast.from_pretrained(cross_encoder)
    with torch.no_grad():
        theirs = [
            float(model(**tokenizer("whales", text, truncation=True, max_length=128, return_tensors="pt")).logits)
            for text in PAIRS
        ]
    assert ours == pytest.approx(theirs, abs=0.02)  # 8-bit weights


def test_a_cross_encoder_by_path_ranks_and_a_missing_one_is_named(ingested: Workplace, cross_encoder: Path):
    name = build_cross_encoder(cross_encoder, ingested.home.rerankers)
    hits = by(ingested, name).search("whales", 20)
    assert {hit.chunk_id for hit in hits} == {hit.chunk_id for hit in by(ingested, None).search("whales", 20)}
    assert [hit.score for hit in hits] != [hit.score for hit in by(ingested, None).search("whales", 20)]
    shutil.rmtree(ingested.home.rerankers)
    with pytest.raises(ReleaseError, match="xnai run"):
        by(ingested, name)


def test_a_classifier_with_two_labels_is_refused(tmp_path: Path):
    with pytest.raises(UnsupportedEncoderError, match="classifier"):
        build_cross_encoder(write_cross_encoder(tmp_path / "two", labels=2), tmp_path / "built")


def test_a_graph_in_the_folder_is_taken_as_it_is(cross_encoder: Path, tmp_path: Path):
    from xnai_pipelines.models.bert import write_bert

    source = tmp_path / "source"
    shutil.copytree(cross_encoder, source)
    (source / "onnx").mkdir()
    write_bert(source, source / "onnx/model.onnx", scores=True)
    name = build_cross_encoder(source, tmp_path / "built")
    assert (tmp_path / "built" / name / "model.onnx").read_bytes() == (source / "onnx/model.onnx").read_bytes()


def test_other_architectures_and_code_of_a_model_are_refused(cross_encoder: Path, tmp_path: Path):
    shutil.copytree(cross_encoder, source := tmp_path / "source")
    (source / "config.json").write_text('{"model_type": "deberta-v2"}')
    with pytest.raises(UnsupportedEncoderError, match="ONNX"):
        build_cross_encoder(source, tmp_path)
    (source / "config.json").write_text('{"model_type": "bert", "auto_map": {}}')
    with pytest.raises(UnsupportedEncoderError, match="never run"):
        build_cross_encoder(source, tmp_path)
