"""A text's vector is the model's own, of unit length, and depends on nothing but the text."""

import shutil
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from tests.support.processors import report_processor
from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.source import default_encoder_folder
from xnai_pipelines.encoders.specification import read_specification
from xnai_pipelines.encoders.writing import writing
from xnai_pipelines.errors import DamagedArtefactError
from xnai_pipelines.models.export import build_encoder

TEXTS = [
    "How do I split a path into folder and file name?",
    "Die Lieferung verzögert sich.",
    "",
    "Перезапустите службу \N{ROCKET}",
    "word " * 120,
    "a",
    "Two cats sleep on the warm roof while the rain waits for the evening.",
]


@pytest.fixture(scope="module")
def torch_vectors() -> np.ndarray:
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = default_encoder_folder()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, use_safetensors=True).eval()
    batch = tokenizer(TEXTS, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    pooled = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
    return torch.nn.functional.normalize(pooled).numpy()


def test_fp32_vectors_equal_torch(fp32_encoder: Encoder, torch_vectors: np.ndarray) -> None:
    np.testing.assert_allclose(fp32_encoder.encode_passages(TEXTS).vectors, torch_vectors, atol=1e-4)


def test_int8_vectors_stay_close_to_torch(built_encoder: Encoder, torch_vectors: np.ndarray) -> None:
    cosine = np.sum(built_encoder.encode_passages(TEXTS).vectors * torch_vectors, axis=1)
    assert cosine.min() > 0.97


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Two cats sleep on the roof", True),
        ("?!", True),
        ("Перезапустите службу после изменения настроек", False),
        ("सेटिंग बदलने के बाद सेवा को पुनः आरंभ करें", False),
        # words of unknown letters are one unknown token each: few tokens, all of them unknown
        ("தமிழ்நாட்டின் தலைநகரம் சென்னை ஆகும்", False),
        ("สวัสดีครับ ประเทศไทยตั้งอยู่ในเอเชีย", False),
    ],
)
def test_an_encoder_knows_the_writing_of_its_own_languages(built_encoder: Encoder, text: str, known: bool) -> None:
    familiarity = built_encoder.writing(text).familiarity
    assert familiarity > 0.9 if known else familiarity < 0.1


@pytest.mark.parametrize("text", ["Two cats sleep [MASK] on IL-6", "Кот und 猫 தமிழ்", "?!", "cats and dogs " * 200])
def test_the_writing_of_a_query_is_that_of_any_text(built_encoder: Encoder, text: str) -> None:
    assert built_encoder.query_writing(text) == built_encoder.writing(text)


def test_an_encoder_with_a_token_for_each_chinese_character_knows_chinese() -> None:
    characters = dict.fromkeys(["[UNK]", *(chr(code) for code in range(0x4E00, 0xA000, 4)), *"怎么备份数据库"])
    vocabulary = {token: place for place, token in enumerate(characters)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    assert writing(tokenizer, "怎么备份数据库").familiarity > 0.99
    assert writing(tokenizer, "ᄀᄁ").familiarity < 0.1


@pytest.mark.parametrize("name", ["built_encoder", "fp32_encoder"])
def test_a_vector_is_bit_identical_whatever_is_encoded_beside_it(name: str, request: pytest.FixtureRequest) -> None:
    encoder: Encoder = request.getfixturevalue(name)
    together = encoder.encode_passages(TEXTS).vectors
    order = [4, 0, 6, 2, 5, 1, 3]
    shuffled = encoder.encode_passages([TEXTS[i] for i in order]).vectors
    np.testing.assert_array_equal(shuffled, together[order])
    alone = np.stack([encoder.encode_query(text) for text in TEXTS])
    np.testing.assert_array_equal(alone, together)


def test_the_vector_and_the_tokens_of_a_query_are_computed_together(built_encoder: Encoder) -> None:
    encoder = Encoder.load(built_encoder.spec.source, threads=1)
    with mock.patch.object(encoder, "_session", wraps=encoder._session) as session:
        vector = encoder.encode_query(TEXTS[0])
        tokens = encoder.query_tokens(TEXTS[0])
        assert session.run.call_count == 1
        encoder.encode_query(TEXTS[1])
        assert session.run.call_count == 2
    np.testing.assert_array_equal(vector, tokens.text_vector)
    np.testing.assert_array_equal(vector, encoder.encode_passage(TEXTS[0]))  # the prefix of both is empty
    with pytest.raises(ValueError, match="read-only"):
        vector += 1


def test_vectors_are_float32_of_unit_length(built_encoder: Encoder) -> None:
    vectors = built_encoder.encode_passages(TEXTS).vectors
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), built_encoder.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_tokens_and_truncated_texts_are_counted(built_encoder: Encoder) -> None:
    encoded = built_encoder.encode_passages(["one two three", "word " * 254, "word " * 255])
    assert encoded.tokens == 5 + 256 + 256
    assert encoded.truncated == 1


def test_no_texts_give_no_vectors(built_encoder: Encoder) -> None:
    encoded = built_encoder.encode_passages([])
    assert encoded.vectors.shape == (0, 384)
    assert (encoded.tokens, encoded.truncated) == (0, 0)


def test_progress_counts_every_text(built_encoder: Encoder) -> None:
    done: list[int] = []
    built_encoder.encode_passages(TEXTS, progress=done.append)
    assert sum(done) == len(TEXTS)


def test_a_changed_model_file_is_refused(built_encoder: Encoder, tmp_path: Path) -> None:
    folder = tmp_path / built_encoder.vector_space
    shutil.copytree(built_encoder.spec.source, folder)
    model = bytearray((folder / "model.onnx").read_bytes())
    model[len(model) // 2] ^= 1
    (folder / "model.onnx").write_bytes(model)
    with pytest.raises(DamagedArtefactError, match=r"model\.onnx does not match"):
        Encoder.load(folder, threads=1)


def test_a_thread_count_below_one_is_refused(built_encoder: Encoder) -> None:
    with pytest.raises(ValueError, match="threads is 0"):
        Encoder.load(built_encoder.spec.source, threads=0)


def test_weights_of_8_bits_are_reported_by_a_processor_whose_sums_overflow(
    tiny_bert: Path, tmp_path: Path, saturates: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = build_encoder(read_specification(tiny_bert, Runtime.INT8_DYNAMIC), tmp_path)
    Encoder.load(folder, threads=1)
    assert "saturate" not in caplog.text
    report_processor(monkeypatch, saturates=not saturates)
    Encoder.load(folder, threads=1)
    assert ("saturate" in caplog.text) is not saturates
