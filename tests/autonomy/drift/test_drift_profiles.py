"""Profiles depend on the texts alone, hold none of them, and damaged files are refused with advice."""

import json
import pickle
import zipfile
from dataclasses import fields, replace

import numpy as np
import pytest

from tests.support.drift_corpora import DIMENSION, canary, corpus, joined, profile
from xnai_pipelines.autonomy.drift.canary import canary_vectors
from xnai_pipelines.autonomy.drift.files import load_profile, save_profile
from xnai_pipelines.autonomy.drift.profile import Mix, TextBlock, text_profile
from xnai_pipelines.errors import DriftError


def same(one, two):
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(two, field.name)
        if isinstance(mine, Mix):
            assert mine.names == theirs.names
            mine, theirs = mine.counts, theirs.counts
        assert np.allclose(mine, theirs), field.name


def test_a_profile_does_not_depend_on_order_or_blocks():
    whole = corpus(1, 300)
    block = whole.passages
    order = np.random.default_rng(3).permutation(len(block.owners))
    shuffled = [
        TextBlock([block.owners[n] for n in part], [block.texts[n] for n in part], block.vectors[part])
        for part in np.array_split(order, 7)
    ]
    one, two = text_profile([block], whole.documents), text_profile(shuffled, whole.documents[::-1])
    # Distances come in the order of their keys.
    same(one, two)


def test_a_profile_counts_documents_languages_and_vectors():
    both = profile(joined(corpus(1, 50), corpus(2, 20, "ru")))
    assert both.documents.number == 140
    assert both.documents.languages.total == {"en": 50, "ru": 20}
    assert both.documents.media_types.total == {"text/plain": 70}
    assert both.documents.dimension == DIMENSION
    assert len(both.documents.distances) == 140


def test_the_sample_of_distances_and_the_words_are_bounded():
    random = np.random.default_rng(0)
    owners = [f"d{number}" for number in range(5000)]
    texts = ["".join("abcdefghij"[int(digit)] for digit in str(number)) for number in range(5000)]
    blocks = [
        TextBlock(
            owners[start : start + 999],
            texts[start : start + 999],
            random.normal(size=(len(owners[start : start + 999]), 8)),
        )
        for start in range(0, 5000, 999)
    ]
    found = text_profile(blocks)
    assert found.number == 5000
    assert len(found.distances) == len(found.distance_groups) == 2000
    assert len(found.words) == 5000


def test_distances_to_another_corpus_are_larger():
    reference = profile(corpus(1)).questions
    there = corpus(2, language="ru").questions
    assert np.median(text_profile([there], reference=reference).distances) > np.median(reference.distances) + 0.1


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="1 owners, 2 texts"):
        text_profile([TextBlock(["a"], ["b", "c"], np.ones((2, 4), dtype=np.float32))])


def test_vectors_of_another_dimension_than_the_references_are_refused():
    with pytest.raises(ValueError, match="64 dimensions, the reference's 4"):
        text_profile(
            [corpus(1, 3).passages],
            reference=text_profile([TextBlock(["a"], ["b"], np.ones((1, 4), dtype=np.float32))]),
        )


@pytest.mark.parametrize("documents", [0, 1, 80])
def test_a_profile_reads_back_as_it_was_saved(tmp_path, documents):
    saved = profile(corpus(1, documents), canary=canary())
    path = tmp_path / "profiles" / "3.npz"
    save_profile(saved, path)
    read = load_profile(path)
    same(saved.documents, read.documents)
    same(saved.questions, read.questions)
    assert (read.release, read.taken_at, read.document_count) == (saved.release, saved.taken_at, documents)
    assert read.canary is not None
    assert np.array_equal(read.canary.passages, saved.canary.passages)
    assert list(path.parent.iterdir()) == [path]


def test_a_profile_holds_no_text(tmp_path):
    block = TextBlock(["a"], ["the confidential word"], np.ones((1, 4), dtype=np.float32))
    path = tmp_path / "profile.npz"
    save_profile(replace(profile(corpus(1, 2)), documents=text_profile([block])), path)
    with np.load(path, allow_pickle=False) as stored:
        assert not any(b"confidential" in stored[name].tobytes() for name in stored.files)


def cut(path):
    path.write_bytes(path.read_bytes()[:-300])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def rewritten(change):
    def damage(path):
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        change(arrays)
        np.savez_compressed(path, **arrays)

    return damage


def about(change):
    def edit(arrays):
        text = json.loads(arrays["about"].tobytes())
        change(text)
        arrays["about"] = np.frombuffer(json.dumps(text).encode(), dtype=np.uint8)

    return rewritten(edit)


def objects(path):
    np.savez(path, about=np.array([{"a": 1}], dtype=object))


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.npy", bytes(70_000_000))


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        flip,
        objects,
        bomb,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(pickle.dumps({"a": 1})),
        lambda path: path.unlink(),
        rewritten(lambda arrays: arrays.pop("questions.sums")),
        rewritten(lambda arrays: arrays.update({"documents.words": arrays["documents.words"][1:]})),
        rewritten(lambda arrays: arrays.update({"documents.sums": arrays["documents.sums"] * np.nan})),
        rewritten(lambda arrays: arrays.update({"documents.sums": arrays["documents.sums"].astype(np.float32)})),
        about(lambda text: text.update(format=2)),
        about(lambda text: text.update(documents=None)),
    ],
)
def test_a_damaged_profile_is_refused_with_advice(tmp_path, damage):
    path = tmp_path / "profile.npz"
    save_profile(profile(corpus(1, 30)), path)
    damage(path)
    with pytest.raises(
        DriftError, match=r"profile\.npz cannot be read .* Delete it: the next evaluation takes it again"
    ):
        load_profile(path)


def test_the_encoder_finds_every_answer_of_the_canary_and_repeats_its_vectors(built_encoder):
    def asked():
        return canary_vectors(
            lambda texts: built_encoder.encode_passages(texts).vectors, built_encoder.encode_query, False
        )

    one, two = asked(), asked()
    assert one.passages.shape == one.questions.shape == (24, built_encoder.dimension)
    assert one.accuracy == 1
    assert one.cosines(two).min() > 0.9999


def test_an_encoder_without_sense_finds_few_answers():
    random = np.random.default_rng(0)
    found = canary_vectors(lambda texts: random.normal(size=(len(texts), 64)), lambda _: random.normal(size=64), True)
    assert found.accuracy < 0.3
