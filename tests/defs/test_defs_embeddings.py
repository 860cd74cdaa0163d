"""The checks of embeddings pass on what a run left, and each fails on what it is there to find."""

import math

import dagster as dg
import pyarrow as pa
import pytest

from tests.support.defs_checked import delete, first, shown, update
from tests.support.pipeline import resource
from tests.support.workplace import Workplace
from xnai_pipelines.defs.embeddings import no_orphan_embeddings, release_follows_settings, vectors_are_sound
from xnai_pipelines.defs.resources import configured
from xnai_pipelines.settings import settings
from xnai_pipelines.state.schemas import CHUNKS


def set_vector(checked: Workplace, vector: list[float] | None) -> None:
    spec = checked.embeddings
    row = checked.rows(spec)[first(checked, spec)] | {"vector": vector}
    replacing = checked.tables.open(spec.name).merge_insert(spec.key).when_matched_update_all()
    # LanceDB itself refuses such vectors, unless it is told what to put there instead: the same
    instead = {"on_bad_vectors": "null"} if vector is None else {"on_bad_vectors": "fill", "fill_value": float("nan")}
    replacing.execute(pa.Table.from_pylist([row], schema=spec.schema), **instead)
    stored = checked.rows(spec)[row["chunk_id"]]["vector"]
    assert stored == pytest.approx(vector) or math.isnan(stored[0])


class TestVectorsAreSound:
    def test_it_passes_after_a_run(self, checked):
        result = vectors_are_sound(resource("stores"))
        assert result.passed
        assert shown(result, "vectors") == len(checked.rows(CHUNKS))
        assert shown(result, "furthest_from_unit_length") < 1e-3

    @pytest.mark.parametrize(
        "vector",
        [[0.0] * 384, [1.0] + [0.1] * 383, [float("nan")] * 384, [float("inf")] + [0.0] * 383, None],
        ids=["zero", "longer", "not a number", "infinite", "none"],
    )
    def test_a_vector_that_is_not_finite_and_of_unit_length_is_counted(self, checked, vector):
        set_vector(checked, vector)
        result = vectors_are_sound(resource("stores"))
        assert not result.passed
        assert shown(result, "unsound") == 1

    def test_a_vector_of_another_space_is_found(self, checked):
        update(checked, checked.embeddings, vector_space="another")
        result = vectors_are_sound(resource("stores"))
        assert not result.passed
        assert "another" in shown(result, "vector_spaces")


class TestNoOrphanEmbeddings:
    def test_it_passes_after_a_run(self, checked):
        assert no_orphan_embeddings(resource("stores")).passed

    def test_a_vector_whose_chunk_is_gone_is_found(self, checked):
        key = delete(checked, CHUNKS)
        result = no_orphan_embeddings(resource("stores"))
        assert not result.passed
        assert shown(result, "orphans") == [key]

    def test_a_chunk_that_search_cannot_find_is_found(self, checked):
        key = delete(checked, checked.embeddings)
        result = no_orphan_embeddings(resource("stores"))
        assert not result.passed
        assert shown(result, "missing") == [key]


class TestReleaseFollowsSettings:
    def test_it_passes_while_the_settings_name_the_releases_encoder(self, checked):
        resources = configured(settings())
        assert release_follows_settings(resource("stores"), resources["encoder"]).passed

    def test_it_warns_when_they_name_another(self, checked):
        another = configured(settings().model_copy(update={"variant": "fp32"}))["encoder"]
        result = release_follows_settings(resource("stores"), another)
        assert not result.passed
        assert result.severity is dg.AssetCheckSeverity.WARN
