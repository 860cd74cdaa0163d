"""The graph that people see in the UI is the one that was reviewed, in graph.json, and everything in it is described.

After a change of the graph, write the file again and read its difference: python -m tests.defs.test_defs_graph
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from tests.support.pipeline import settled, variables
from xnai_pipelines.definitions import defs
from xnai_pipelines.models.variants import VARIANTS

REVIEWED = Path(__file__).with_name("graph.json")
ASSETS = [
    "adapted_encoder",
    "adapter_evaluation",
    "answer_evaluation",
    "calibration_texts",
    "candidate_encoder",
    "challenger_index",
    "chunks",
    "communities",
    "documents",
    "drift_report",
    "embeddings",
    "encoder_onnx",
    "entities",
    "graph_evaluation",
    "language_model_evaluation",
    "lora_adapter",
    "mentions",
    "precision_card",
    "promotion_decision",
    "questions",
    "ranking_policy",
    "relations",
    "release",
    "retrieval_evaluation",
    "training_pairs",
    *(f"quantized_models/{variant.name}" for variant in VARIANTS),
]


@cache
def loaded() -> dg.Definitions:
    with settled(variables()):
        return defs()


def graph() -> dict[str, Any]:
    """Return what the UI shows of the code location, as JSON."""
    definitions = loaded()
    assets = definitions.resolve_asset_graph()
    jobs = [job for job in definitions.resolve_all_job_defs() if job.name != "__ASSET_JOB"]
    return {
        "assets": {
            node.key.to_user_string(): {
                "deps": sorted(parent.to_user_string() for parent in node.parent_keys),
                "group": node.group_name,
                "kinds": sorted(node.kinds),
                "owners": sorted(node.owners),
                "pool": sorted(node.pools or ()),
                "freshness": str(node.freshness_policy.fail_window.to_timedelta()) if node.freshness_policy else None,
                "config": sorted(_config(node.key)),
            }
            for node in sorted((assets.get(key) for key in assets.get_all_asset_keys()), key=lambda node: node.key)
        },
        "checks": {
            f"{key.asset_key.to_user_string()}/{key.name}": {"blocking": assets.get(key).blocking}
            for key in sorted(assets.asset_check_keys, key=lambda key: (key.asset_key, key.name))
        },
        "jobs": {
            job.name: sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys)
            or sorted(node.name for node in job.nodes)
            for job in sorted(jobs, key=lambda job: job.name)
        },
        "schedules": {
            schedule.name: {
                "cron": schedule.cron_schedule,
                "job": schedule.job_name,
                "default_status": schedule.default_status.value,
            }
            for schedule in sorted(definitions.schedules or (), key=lambda schedule: schedule.name)
        },
        "sensors": {
            sensor.name: {
                "every_seconds": sensor.minimum_interval_seconds,
                "jobs": sorted(target.job_name for target in sensor.targets),
                "default_status": sensor.default_status.value,
            }
            for sensor in sorted(definitions.sensors or (), key=lambda sensor: sensor.name)
        },
    }


def _config(key: dg.AssetKey) -> dict[str, Any]:
    schema = loaded().resolve_assets_def(key).op.config_schema.config_type
    return getattr(schema, "fields", {})


def test_the_graph_is_the_reviewed_one():
    assert graph() == json.loads(REVIEWED.read_text()), f"To review a change: python -m {__spec__.name}; git diff"


@pytest.mark.parametrize("asset", ASSETS)
def test_every_asset_says_what_it_is_who_owns_it_and_what_it_is_made_with(asset):
    node = loaded().resolve_asset_graph().get(dg.AssetKey.from_user_string(asset))
    assert node.description
    assert node.description.endswith(".")
    assert node.owners
    assert node.kinds
    assert node.group_name != "default"


@pytest.mark.parametrize("asset", ASSETS)
def test_every_field_of_the_launchpad_is_described(asset):
    fields = _config(dg.AssetKey.from_user_string(asset))
    assert all(field.description for field in fields.values())
    assert not any(field.is_required for field in fields.values())


def test_every_check_says_what_holds_when_it_passes():
    assets = loaded().resolve_asset_graph()
    assert all(assets.get(key).description for key in assets.asset_check_keys)


def test_jobs_schedules_and_sensors_say_what_they_do():
    definitions = loaded()
    ours = [job for job in definitions.resolve_all_job_defs() if job.name != "__ASSET_JOB"]
    assert all(one.description for one in [*ours, *(definitions.schedules or ()), *(definitions.sensors or ())])


def test_every_resource_field_is_described():
    for name, resource in (loaded().resources or {}).items():
        fields = type(resource).model_fields
        assert all(field.description for field in fields.values()), name


def test_the_definitions_can_be_loaded_by_dagster():
    dg.Definitions.validate_loadable(loaded())


def test_one_asset_at_a_time_writes_to_the_tables():
    layer = loaded().resolve_asset_graph()
    writing = {key.to_user_string() for key in layer.get_all_asset_keys() if "lancedb" in (layer.get(key).pools or ())}
    assert writing == {
        "documents", "chunks", "embeddings", "questions", "ranking_policy", "training_pairs", "challenger_index",
        "release", "mentions", "entities", "relations", "communities",
    }  # fmt: skip
    for job in ("maintain", "rollback", "forget"):
        assert {node.definition.pool for node in loaded().resolve_job_def(job).nodes} == {"lancedb"}


if __name__ == "__main__":
    REVIEWED.write_text(json.dumps(graph(), indent=2) + "\n")
