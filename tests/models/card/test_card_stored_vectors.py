"""Vectors of fewer bytes: the codes are sentence-transformers', and each form finds what its size allows."""

import numpy as np
import pytest

from xnai_pipelines.models.card.stored_vectors import Int8Vectors, binary_codes, blockwise, measure_stored_vectors


def unit(rows, seed, dimension=128):
    """Vectors in clusters, as those of texts are."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((20, dimension))
    vectors = centres[random.integers(0, 20, rows)] + 0.8 * random.standard_normal((rows, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_codes_are_those_of_sentence_transformers():
    from sentence_transformers.util.quantization import quantize_embeddings as reference

    vectors = unit(300, 0)
    vectors[:, 5] = 0.25  # a dimension without a range
    np.testing.assert_array_equal(Int8Vectors.of(vectors).codes, reference(vectors, "int8"))
    ours = binary_codes(vectors).view(np.uint8)[:, : 128 // 8]
    np.testing.assert_array_equal(ours, reference(vectors, "ubinary"))


def test_an_int8_vector_is_restored_to_within_half_a_step():
    vectors = unit(300, 0)
    stored = Int8Vectors.of(vectors)
    error = np.abs(stored.restored(np.arange(300)) - vectors)
    assert (error <= 0.501 * stored.steps).all()
    query = unit(1, 1)[0]
    np.testing.assert_allclose(stored.similarities(query), stored.restored(np.arange(300)) @ query, atol=1e-5)


def test_products_block_by_block_are_the_products():
    stored = np.random.default_rng(0).integers(-128, 128, (5000, 8)).astype(np.int8)
    query = np.arange(8, dtype=np.float32)
    np.testing.assert_allclose(blockwise(stored, query), stored.astype(np.float32) @ query)


def test_bits_are_padded_where_the_dimension_is_no_multiple_of_64():
    bits = binary_codes(unit(3, 0, dimension=70))
    assert (bits.shape, bits.dtype) == ((3, 2), np.uint64)
    assert np.bitwise_count(bits).sum(axis=1).max() <= 70


def test_sizes_are_exact_and_recall_falls_with_the_bytes():
    vectors, queries = unit(3000, 0), unit(40, 1)
    rows = {stored.form: stored for stored in measure_stored_vectors(vectors, queries)}
    assert {form: stored.bytes_per_vector for form, stored in rows.items()} == {
        "fp32": 512,
        "fp16": 256,
        "int8": 128,
        "binary": 16,
        "binary, rescored by int8": 144,
        "binary, rescored by fp32": 528,
    }
    assert rows["binary, rescored by int8"].scanned_bytes == 16
    assert rows["int8"].ratio == 4
    recall = {form: stored.recall_at_10 for form, stored in rows.items()}
    assert recall["fp32"] == 1
    assert recall["fp16"] > 0.99
    assert recall["int8"] > 0.95
    assert recall["binary"] < recall["binary, rescored by int8"] <= recall["binary, rescored by fp32"] < 1
    assert all(stored.query_p50_ms > 0 for stored in rows.values())


def test_ten_vectors_are_all_found_and_fewer_are_refused():
    vectors = unit(10, 0)
    assert {stored.recall_at_10 for stored in measure_stored_vectors(vectors, vectors)} == {1.0}
    with pytest.raises(ValueError, match="9 vectors and 9 queries: at least 10 and 1 are needed"):
        measure_stored_vectors(vectors[:9], vectors[:9])
