"""An encoder with a companion: vectors side by side, whose cosine is the weighted mean of both encoders'."""

from pathlib import Path

import numpy as np
import pytest

from xnai_pipelines.encoders.encoder import Encoder
from xnai_pipelines.encoders.runtime import Runtime
from xnai_pipelines.encoders.specification import COMPANION, read_encoder_file, read_specification, shipped_bytes
from xnai_pipelines.encoders.writing import Writing, more_fluent
from xnai_pipelines.errors import DamagedArtefactError, UnsupportedEncoderError
from xnai_pipelines.models.companion import companion_like, equal_spread, with_companion
from xnai_pipelines.models.export import build_encoder
from xnai_pipelines.models.folder_card import SAMPLES
from xnai_pipelines.state.artefacts import read_card

TEXTS = SAMPLES[:4]


@pytest.fixture
def parts(tmp_path: Path, tiny_bert: Path) -> list[Path]:
    """Two encoders of one model, whose vectors differ."""
    runtimes = (Runtime.FP32, Runtime.INT8_DYNAMIC)
    return [build_encoder(read_specification(tiny_bert, runtime), tmp_path) for runtime in runtimes]


def cosines(encoder: Encoder) -> np.ndarray:
    queries = np.stack([encoder.encode_query(text) for text in TEXTS])
    return queries @ encoder.encode_passages(TEXTS).vectors.T


def test_a_cosine_is_the_weighted_mean_of_both(parts: list[Path]):
    joined = Encoder.load(with_companion(parts[0].parent, *parts, weight=0.25), threads=2)
    own, others = (cosines(Encoder.load(part, threads=1)) for part in parts)
    np.testing.assert_allclose(cosines(joined), 0.75 * own + 0.25 * others, atol=1e-6)


def test_every_way_to_encode_a_text_gives_the_same_unit_vector(parts: list[Path]):
    encoder = Encoder.load(with_companion(parts[0].parent, *parts), threads=1)
    kept: dict[int, np.ndarray] = {}
    vectors = encoder.encode_passages(TEXTS).vectors
    assert vectors.shape == (len(TEXTS), encoder.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    encoder.encode_passages(TEXTS, keep=lambda place, tokens: kept.update({place: tokens.text_vector}))
    for place, text in enumerate(TEXTS):
        for other in (kept[place], encoder.encode_passage(text), encoder.passage_tokens(text).text_vector):
            np.testing.assert_allclose(other, vectors[place], atol=1e-6)
    np.testing.assert_array_equal(encoder.query_tokens(TEXTS[0]).text_vector, encoder.encode_query(TEXTS[0]))
    assert (np.sum(encoder.encode_padded(TEXTS) * vectors, axis=1) > 0.99).all()


def test_without_a_weight_both_vary_equally_between_unlike_texts(parts: list[Path]):
    spec = read_encoder_file(with_companion(parts[0].parent, *parts))
    loaded = [Encoder.load(part, threads=1) for part in parts]
    assert spec.companion_weight == equal_spread(*loaded) == pytest.approx(1 - equal_spread(*loaded[::-1]))


def test_companion_and_weight_name_the_vector_space(parts: list[Path]):
    spaces = [with_companion(parts[0].parent, *parts, weight=weight).name for weight in (0.2, 0.8)]
    spaces += [with_companion(parts[0].parent, *parts[::-1], weight=0.8).name, *(part.name for part in parts)]
    assert len(set(spaces)) == len(spaces)


def test_a_folder_has_all_that_is_served_and_says_what_it_ships(parts: list[Path]):
    folder = with_companion(parts[0].parent, *parts)
    card = read_card(folder)
    assert card["metrics"]["shipped_bytes"] == sum(read_card(part)["metrics"]["shipped_bytes"] for part in parts)
    assert shipped_bytes(folder) > sum(map(shipped_bytes, parts)) - 4_000, "but for the cards and settings"
    (folder / COMPANION / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(DamagedArtefactError):
        Encoder.load(folder, threads=1)


def test_another_encoder_gets_the_companion_of_a_release_or_none(parts: list[Path]):
    models, (encoder, companion) = parts[0].parent, parts
    released = with_companion(models, encoder, companion, weight=0.3)
    assert companion_like(models, encoder, released) == released
    assert companion_like(models, encoder, companion) == encoder
    with pytest.raises(UnsupportedEncoderError, match="has a companion already"):
        with_companion(models, released, companion)


def test_the_more_fluent_writing_tells_what_is_known():
    english, russian = Writing(letters=40, tokens=10), Writing(letters=40, tokens=38)
    assert more_fluent(english, russian) is more_fluent(russian, english) is english
    assert more_fluent(russian, Writing(letters=40, tokens=38)) is russian
